// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tables of the store's databases, and the format number that says so.
#include <cstdint>

#include "store/database.h"

namespace store {

/// Written into every database (user_version). docs/formats/store.md says what changed when.
inline constexpr std::int64_t kFormat = 2;

extern const char* const kMetaSchema;
extern const char* const kNamesSchema;

/// Throws failed_precondition when the database has another format; false when it is new.
bool has_format(Database& database);

/// Makes the tables when they are absent.
void ensure_schema(Database& database, const char* schema);

}  // namespace store
