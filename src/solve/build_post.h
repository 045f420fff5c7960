// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a build hands work to a worker and hears of its end. Included by build*.cc only.
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/task.h"
#include "solve/build.h"

namespace solve {

/// Runs `work(stop)` on `pool`; its value comes back to the owner thread as `done(build, value, at)`.
/// Neither may refer to the build: work outlives it when a test drops a build half-way.
template <typename T, typename Work, typename Done>
void Build::post(Pool pool, std::size_t v, Work work, Done done) {
  ++outstanding_;
  auto task = [inbox = inbox_, stop = stop_.get_token(), &clock = services_.clock, v, work = std::move(work),
               done = std::move(done)]() mutable {
    auto attempt = std::make_shared<Attempt<T>>();
    try {
      base::throw_if_stopped(stop);
      attempt->value.emplace(work(stop));
    } catch (const base::Cancelled&) {
    } catch (const base::Error& error) {
      attempt->error = error;
    } catch (const std::exception& error) {
      attempt->error = base::Error(base::Code::internal, error.what());
    }
    inbox->push([attempt, v, at = clock.now(), done = std::move(done)](Build& build) {
      build.ended<T>(v, *attempt, at, done);
    });
  };
  if (pool == Pool::engine) return task();
  services_.executor.post(pool, std::move(task));
}

template <typename T, typename Done>
void Build::ended(std::size_t v, Attempt<T>& attempt, base::Nanos at, const Done& done) {
  --outstanding_;
  if (attempt.error) return fail(v, std::move(*attempt.error));
  if (!attempt.value) {
    report_cancelled(v);
    return cancel();
  }
  if (over()) return report_cancelled(v);
  try {
    done(*this, std::move(*attempt.value), at);
  } catch (const base::Error& error) {
    fail(v, error);
  }
}

}  // namespace solve
