// SPDX-License-Identifier: Apache-2.0
#include "attest/options.h"

#include <map>

#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

using Attributes = std::map<std::string, std::string>;

[[noreturn]] void refuse(std::string text, std::string hint) {
  base::Error error(base::Code::invalid_argument, std::move(text));
  error.set_hint(std::move(hint));
  throw error;
}

/// Attributes are known whatever their case; those of a scanner are its own business.
std::string attribute_name(std::string_view text) {
  static constexpr std::string_view kKnown[] = {
      "type",     "disabled",    "mode",   "version",   "builder-id",        "reproducible",
      "filename", "inline-only", "format", "generator", "complete-materials"};
  std::string lowered = base::lower(text);
  return base::is_one_of(lowered, kKnown) ? lowered : std::string(text);
}

Attributes parse_attributes(const std::string& text) {
  Attributes attributes;
  for (const auto& field : base::split_csv(text)) {
    const auto parts = base::cut(field, "=");
    if (!parts) refuse(base::format("invalid value {} for --attest", field), "want type=provenance|sbom,KEY=VALUE,…");
    attributes[attribute_name(parts->first)] = parts->second;
  }
  return attributes;
}

bool parse_flag(const std::string& key, const std::string& value) {
  if (value == "true" || value == "1" || value.empty()) return true;
  if (value == "false" || value == "0") return false;
  refuse(base::format("invalid value for {}: {}", key, value), "want true or false");
}

ProvenanceWish::Mode parse_mode(const std::string& value) {
  if (value == "min") return ProvenanceWish::Mode::min;
  if (value == "max" || value == "full") return ProvenanceWish::Mode::max;
  refuse(base::format("invalid mode \"{}\" of the provenance", value), "want min or max");
}

ProvenanceWish::Version parse_version(const std::string& value) {
  if (value == "v1") return ProvenanceWish::Version::v1;
  if (value == "v0.2") return ProvenanceWish::Version::v02;
  refuse(base::format("invalid provenance SLSA version: {}", value), "want v1 or v0.2");
}

ProvenanceWish parse_provenance(const Attributes& attributes) {
  ProvenanceWish wish;
  for (const auto& [key, value] : attributes) {
    if (key == "mode") {
      wish.mode = parse_mode(value);
    } else if (key == "version") {
      wish.version = parse_version(value);
    } else if (key == "builder-id") {
      wish.builder_id = value;
    } else if (key == "reproducible") {
      wish.reproducible = parse_flag(key, value);
    } else if (key == "complete-materials") {
      wish.complete_materials = parse_flag(key, value);
    } else if (key == "filename") {
      wish.file_name = value;
    } else if (key == "inline-only") {
      wish.inline_only = parse_flag(key, value);
    } else if (key != "disabled" && key != "type") {
      refuse(base::format("unknown attribute \"{}\" of --attest type=provenance", key),
             "want mode, version, builder-id, reproducible, complete-materials, filename or inline-only");
    }
  }
  if (wish.file_name.empty() || wish.file_name.find('/') != std::string::npos || wish.file_name.starts_with('.')) {
    refuse(base::format("\"{}\" is no name for the provenance's file", wish.file_name), "give a plain file name");
  }
  return wish;
}

SbomWish parse_sbom(const Attributes& attributes) {
  SbomWish wish;
  for (const auto& [key, value] : attributes) {
    if (key == "format") {
      if (value != "spdx" && value != "cyclonedx") {
        refuse(base::format("unknown format \"{}\" of the sbom", value), "want spdx or cyclonedx");
      }
      wish.format = value == "spdx" ? SbomWish::Format::spdx : SbomWish::Format::cyclonedx;
    } else if (key == "generator") {
      wish.generator = value;
    } else if (key != "disabled" && key != "type") {
      wish.parameters[key] = value;
    }
  }
  if (wish.generator.empty() && !wish.parameters.empty()) {
    refuse(base::format("unknown attribute \"{}\" of --attest type=sbom", wish.parameters.begin()->first),
           "want format=spdx|cyclonedx, or generator=IMAGE with the attributes that its scanner knows");
  }
  if (!wish.generator.empty() && attributes.contains("format")) {
    refuse("format and generator exclude each other in --attest type=sbom", "a scanner writes SPDX");
  }
  return wish;
}

void apply(Wanted& wanted, const std::string& type, const Attributes& attributes) {
  const auto disabled = attributes.find("disabled");
  const bool off = disabled != attributes.end() && parse_flag("disabled", disabled->second);
  if (type == "provenance") {
    const ProvenanceWish wish = parse_provenance(attributes);
    wanted.provenance = off ? std::nullopt : std::optional(wish);
  } else if (type == "sbom") {
    const SbomWish wish = parse_sbom(attributes);
    wanted.sbom = off ? std::nullopt : std::optional(wish);
  } else {
    refuse(base::format("unknown attestation type \"{}\"", type), "want type=provenance or type=sbom");
  }
}

/// --provenance[=true|false|min|max|attributes], --sbom[=…].
void apply_short(Wanted& wanted, const std::string& type, const std::string& value) {
  if (value.empty()) return;
  if (value == "true" || value == "1") return apply(wanted, type, {});
  if (value == "false" || value == "0") return apply(wanted, type, {{"disabled", "true"}});
  if (type == "provenance" && (value == "min" || value == "max")) return apply(wanted, type, {{"mode", value}});
  apply(wanted, type, parse_attributes(value));
}

}  // namespace

Wanted parse_wanted(const std::vector<std::string>& attests, const std::string& provenance, const std::string& sbom) {
  Wanted wanted;
  for (const auto& text : attests) {
    const Attributes attributes = parse_attributes(text);
    const auto type = attributes.find("type");
    if (type == attributes.end())
      refuse(base::format("--attest {} has no type", text), "want type=provenance or type=sbom");
    apply(wanted, base::lower(type->second), attributes);
  }
  apply_short(wanted, "provenance", provenance);
  apply_short(wanted, "sbom", sbom);
  return wanted;
}

}  // namespace attest
