// SPDX-License-Identifier: Apache-2.0
#pragma once
// Between our values and the generated protobuf classes. For this room's .cc files only.
#include <string>
#include <string_view>

#include "llb/definition.h"
#include "llb/op.h"

namespace google::protobuf {
class MessageLite;
}
namespace pb {
class Definition;
class Op;
}  // namespace pb

namespace llb {

/// `value`, once it is known to be UTF-8; throws invalid_argument otherwise.
const std::string& utf8(const std::string& value);

Op from_proto(const pb::Op& op);
void to_proto(const Definition& definition, pb::Definition& out);
Definition from_proto(const pb::Definition& definition);

/// Deterministic bytes: fields by number, map keys sorted.
std::string serialize(const google::protobuf::MessageLite& message);
/// Throws invalid_argument ("parsing WHAT: …").
void parse_bytes(std::string_view bytes, std::string_view what, google::protobuf::MessageLite& out);

}  // namespace llb
