// SPDX-License-Identifier: Apache-2.0
#include "cache/spec.h"

#include <functional>
#include <map>

#include "base/error.h"
#include "base/strings.h"

namespace cache {
namespace {

using Setter = std::function<void(const std::string& value)>;
using Setters = std::map<std::string, Setter>;

[[noreturn]] void bad_value(std::string_view key, std::string_view value, std::string_view wanted) {
  base::fail(base::Code::invalid_argument, "{}={}: want {}", key, value, wanted);
}

bool read_bool(std::string_view key, const std::string& value) {
  const std::string word = base::lower(value);
  if (word == "true" || word == "1" || word == "t") return true;
  if (word == "false" || word == "0" || word == "f") return false;
  bad_value(key, value, "true or false");
}

Type read_type(const std::string& value) {
  if (value == "registry") return Type::registry;
  if (value == "local") return Type::local;
  if (value == "inline") return Type::inlined;
  if (value == "gha" || value == "s3" || value == "azblob") {
    base::Error error(base::Code::unimplemented, base::format("a cache of type {} is not available", value));
    error.set_hint("use type=registry or type=local");
    throw error;
  }
  bad_value("type", value, "registry, local or inline");
}

Setter set_bool(std::string key, bool& target) {
  return [key = std::move(key), &target](const std::string& value) { target = read_bool(key, value); };
}

Setter set_text(std::string& target) {
  return [&target](const std::string& value) { target = value; };
}

void read_compression(ExportSpec& spec, const std::string& value) {
  const auto kind = layer::parse_compression(value);
  if (!kind) bad_value("compression", value, "gzip, zstd, estargz or uncompressed");
  spec.compression = *kind;
}

/// Reads "key=value,…" with the setters for what may be said.
void read_fields(std::string_view flag, std::string_view text, const Setters& setters) {
  std::string last;
  for (const auto& field : base::split_csv(text)) {
    const auto parts = base::cut(field, "=");
    // mounts=a,b: a list in a list.
    if (!parts && last == "mounts") {
      setters.at(last)(field);
      continue;
    }
    if (!parts) base::fail(base::Code::invalid_argument, "{} {}: \"{}\" is not key=value", flag, text, field);
    const std::string key = base::lower(base::trim(parts->first));
    last = key;
    const auto setter = setters.find(key);
    if (setter == setters.end()) {
      std::vector<std::string> known;
      for (const auto& [name, unused] : setters) known.push_back(name);
      base::Error error(base::Code::invalid_argument, base::format("{} {}: unknown attribute {}", flag, text, key));
      if (const auto near = base::nearest(key, known)) error.set_hint(base::format("did you mean {}?", *near));
      throw error;
    }
    base::with_context([&] { setter->second(std::string(parts->second)); }, "{} {}", flag, text);
  }
}

[[noreturn]] void missing(std::string_view flag, std::string_view text, std::string_view what) {
  base::fail(base::Code::invalid_argument, "{} {}: {} is missing", flag, text, what);
}

}  // namespace

ExportSpec parse_export(std::string_view text) {
  ExportSpec spec;
  if (text.find('=') == std::string_view::npos) {
    if (text == "inline") {
      spec.type = Type::inlined;
      return spec;
    }
    spec.ref = text;
    if (spec.ref.empty()) missing("--cache-to", text, "a value");
    return spec;
  }
  read_fields("--cache-to", text,
              {{"type", [&](const auto& value) { spec.type = read_type(value); }},
               {"mode",
                [&](const auto& value) {
                  if (value != "min" && value != "max") bad_value("mode", value, "min or max");
                  spec.mode = value == "max" ? Mode::max : Mode::min;
                }},
               {"ref", set_text(spec.ref)},
               {"dest", set_text(spec.dest)},
               {"tag", set_text(spec.tag)},
               {"image-manifest", set_bool("image-manifest", spec.image_manifest)},
               {"oci-mediatypes", set_bool("oci-mediatypes", spec.oci_mediatypes)},
               {"oci-media-types", set_bool("oci-media-types", spec.oci_mediatypes)},
               {"ignore-error", set_bool("ignore-error", spec.ignore_error)},
               {"registry.insecure", set_bool("registry.insecure", spec.insecure)},
               {"mounts",
                [&](const auto& value) {
                  for (const auto& id : base::split(value, ',')) {
                    if (!id.empty()) spec.mounts.push_back(id);
                  }
                }},
               {"force-compression", set_bool("force-compression", spec.force_compression)},
               {"compression", [&](const auto& value) { read_compression(spec, value); }},
               {"compression-level", [&](const auto& value) {
                  const auto level = base::parse_int(value);
                  if (!level) bad_value("compression-level", value, "a number");
                  spec.level = static_cast<int>(*level);
                }}});
  if (spec.type == Type::registry && spec.ref.empty()) missing("--cache-to", text, "ref=NAME");
  if (spec.type == Type::local && spec.dest.empty()) missing("--cache-to", text, "dest=DIRECTORY");
  if (!spec.oci_mediatypes && spec.compression == layer::Compression::estargz) {
    base::fail(base::Code::invalid_argument, "--cache-to {}: compression=estargz conflicts with oci-mediatypes=false",
               text);
  }
  if (!spec.oci_mediatypes && spec.image_manifest) spec.image_manifest = false;
  return spec;
}

ImportSpec parse_import(std::string_view text) {
  ImportSpec spec;
  if (text.find('=') == std::string_view::npos) {
    spec.ref = text;
    if (spec.ref.empty()) missing("--cache-from", text, "a value");
    return spec;
  }
  read_fields("--cache-from", text,
              {{"type", [&](const auto& value) { spec.type = read_type(value); }},
               {"ref", set_text(spec.ref)},
               {"src", set_text(spec.src)},
               {"tag", set_text(spec.tag)},
               {"digest", set_text(spec.digest)},
               {"registry.insecure", set_bool("registry.insecure", spec.insecure)}});
  if (spec.type == Type::inlined) spec.type = Type::registry;
  if (spec.type == Type::registry && spec.ref.empty()) missing("--cache-from", text, "ref=NAME");
  if (spec.type == Type::local && spec.src.empty()) missing("--cache-from", text, "src=DIRECTORY");
  return spec;
}

std::string describe(const ExportSpec& spec) {
  if (spec.type == Type::inlined) return "inline";
  return spec.type == Type::local ? spec.dest : spec.ref;
}

std::string describe(const ImportSpec& spec) { return spec.type == Type::local ? spec.src : spec.ref; }

}  // namespace cache
