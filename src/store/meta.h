// SPDX-License-Identifier: Apache-2.0
#pragma once
// meta.db and its safe copy.
//
// Everything in meta.db can be made again by building again, so its commits do not wait for the
// disk. A crash of a process cannot hurt it (SQLite's journal is in the kernel's memory by then). A
// crash of the *machine* can leave any mixture of old and new pages, and records of layers whose
// files are gone. So it is believed only during the boot that wrote it. The first process of
// another boot empties it and takes over `meta.saved`: a copy that save_meta() made, and that
// speaks only of what had reached the disk when it was put in place. A damaged meta.db is emptied and
// filled from the copy in the same way.
//
// The copy must never speak of a layer that was removed later: forget_saved_meta() comes first.
#include <memory>
#include <string>
#include <string_view>

#include "store/database.h"

namespace store {

/// Opens `root`/meta.db, makes or restores it where needed. `boot` names the machine's present boot.
std::unique_ptr<Database> open_meta(const std::string& root, std::string_view boot);

/// Copies meta.db, flushes the file systems of the store, puts the copy in place.
void save_meta(Database& meta, const std::string& root);

/// Afterwards there is no copy, not even after a crash of the machine.
void forget_saved_meta(const std::string& root);

/// True when meta.db has records that the copy lacks and all of them are older than `age_seconds`.
bool is_saving_due(const std::string& root, std::int64_t age_seconds);

}  // namespace store
