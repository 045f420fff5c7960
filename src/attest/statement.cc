// SPDX-License-Identifier: Apache-2.0
#include "attest/statement.h"

namespace attest {

std::string statement(const Attestation& attestation, const std::vector<Subject>& subjects) {
  base::Json list = base::Json::array();
  for (const auto& subject : subjects) {
    base::Json entry = base::Json::object();
    entry.set("name", subject.name).set("digest", base::Json::object().set("sha256", subject.digest.hex()));
    list.push(std::move(entry));
  }
  base::Json json = base::Json::object();
  json.set("_type", kStatementType).set("predicateType", attestation.predicate_type).set("subject", std::move(list));
  return json.set("predicate", attestation.predicate).dump();
}

}  // namespace attest
