// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an image is: an index of manifests, a manifest of one config and its layers, the config.
//
//     auto index = oci::Index::parse(bytes);
//     auto wanted = oci::choose_manifest(index, platform);
//     auto manifest = oci::Manifest::parse(source.fetch_manifest(*wanted, stop));
//
// Every parsed document keeps its raw bytes: they are its identity, and are passed on unchanged.
// Parsing is strict where a lie could do harm (types, digests, sizes, counts, a document that
// contradicts its own media type) and lenient about unknown members. Failure: invalid_argument.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "oci/descriptor.h"
#include "oci/media_type.h"

namespace oci {

struct Manifest {
  std::string raw;
  std::string media_type;
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  Annotations annotations;

  /// `media_type` is what the sender called it, "" when unknown.
  static Manifest parse(std::string raw, std::string_view media_type = "");
  Dialect dialect() const { return media_type == kDockerManifest ? Dialect::docker : Dialect::oci; }
};

struct Index {
  std::string raw;
  std::string media_type;
  std::vector<Descriptor> manifests;
  Annotations annotations;

  static Index parse(std::string raw, std::string_view media_type = "");
};

struct HistoryEntry {
  std::string created;  ///< RFC 3339 text as in the document; "" when absent
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;
  bool operator==(const HistoryEntry&) const = default;
};

/// A view of an image config: what builders and exporters ask of it. The rest is in `json`.
struct ImageConfig {
  std::string raw;
  base::Json json;
  Platform platform;
  std::string created;  ///< RFC 3339 text; "" when absent
  std::vector<base::Digest> diff_ids;
  std::vector<HistoryEntry> history;

  static ImageConfig parse(std::string raw);
  /// The member "config" (Env, Cmd, Labels …); null when absent.
  const base::Json& runtime() const { return json["config"]; }
};

/// What a document is, judged by its media type or, without one, by its members.
enum class DocumentKind : std::uint8_t { manifest, index };
/// Throws invalid_argument for anything else, with a word on Docker's old schema 1.
DocumentKind document_kind(std::string_view raw, std::string_view media_type);

/// The best manifest of the index for a platform. Attestations ("unknown/unknown") never match; an
/// entry without a platform matches only when nothing else does. Nothing when none fits.
std::optional<Descriptor> choose_manifest(const Index& index, const PlatformMatcher& matcher);

/// The platforms an index offers, formatted, for error texts.
std::vector<std::string> offered_platforms(const Index& index);

}  // namespace oci
