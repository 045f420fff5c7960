// SPDX-License-Identifier: Apache-2.0
#include "oci/referrers.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "oci/media_type.h"

namespace oci {
namespace {

std::vector<Descriptor> entries_of(const std::string& index) {
  std::vector<Descriptor> entries;
  const base::Json json = base::Json::parse(index);
  for (const auto& entry : json["manifests"].items()) entries.push_back(descriptor_from_json(entry));
  return entries;
}

/// The index under the tag; empty when there is none.
std::vector<Descriptor> tagged_entries(Repository& repository, const std::string& tag, const std::stop_token& stop) {
  try {
    return entries_of(repository.fetch_manifest(repository.resolve(tag, stop), stop));
  } catch (const base::Error& error) {
    if (error.code() == base::Code::not_found) return {};
    throw;
  }
}

}  // namespace

std::string referrers_tag(const base::Digest& subject) { return "sha256-" + subject.hex(); }

std::vector<Descriptor> referrers_of(Repository& repository, const base::Digest& subject, const std::stop_token& stop) {
  if (const auto listed = repository.referrers(subject, stop)) return entries_of(*listed);
  return tagged_entries(repository, referrers_tag(subject), stop);
}

void list_referrer(Repository& repository, const base::Digest& subject, const Descriptor& referrer,
                   const std::stop_token& stop) {
  if (repository.referrers(subject, stop)) return;
  const std::string tag = referrers_tag(subject);
  auto entries = tagged_entries(repository, tag, stop);
  const bool known =
      std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.digest == referrer.digest; });
  if (known) return;
  entries.push_back(referrer);
  base::Json manifests = base::Json::array();
  for (const auto& entry : entries) manifests.push(to_json(entry));
  base::Json index = base::Json::object();
  index.set("schemaVersion", 2).set("mediaType", kOciIndex).set("manifests", std::move(manifests));
  const std::string bytes = index.dump();
  Descriptor descriptor;
  descriptor.media_type = std::string(kOciIndex);
  descriptor.digest = base::sha256(bytes);
  descriptor.size = bytes.size();
  repository.push_manifest(descriptor, bytes, tag, stop);
}

}  // namespace oci
