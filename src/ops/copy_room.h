// SPDX-License-Identifier: Apache-2.0
#pragma once
// Back pressure: how many tasks, with the directories they hold open, may wait for a thread.
#include <cstddef>
#include <memory>
#include <semaphore>

namespace ops {

class WorkRoom {
 public:
  explicit WorkRoom(std::ptrdiff_t places) : places_(places) {}

  /// Waits for a place. It is given back when the last copy goes: keep it in the task, which may be
  /// dropped without having run.
  std::shared_ptr<void> take() {
    places_.acquire();
    return std::shared_ptr<void>(this, [](void* room) { static_cast<WorkRoom*>(room)->places_.release(); });
  }

 private:
  std::counting_semaphore<> places_;
};

}  // namespace ops
