// SPDX-License-Identifier: Apache-2.0
#include "output/spec.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "oci/platform.h"

namespace output {
namespace {

struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array<TypeName, 7> kTypes = {
    TypeName{"image", Type::image}, {"registry", Type::image}, {"oci", Type::oci},
    {"docker", Type::docker},       {"tar", Type::tar},        {"local", Type::local},
    {"cacheonly", Type::cacheonly}};

struct LevelName {
  std::string_view name;
  AnnotationLevel level;
};
constexpr std::array<LevelName, 4> kLevels = {LevelName{"manifest", AnnotationLevel::manifest},
                                              {"manifest-descriptor", AnnotationLevel::manifest_descriptor},
                                              {"index", AnnotationLevel::index},
                                              {"index-descriptor", AnnotationLevel::index_descriptor}};

template <typename... Args>
[[noreturn]] void invalid(base::format_string<Args...> text, Args&&... args) {
  base::fail(base::Code::invalid_argument, text, std::forward<Args>(args)...);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto near = base::nearest(word, known);
  return near ? base::format(" (did you mean \"{}\"?)", *near) : "";
}

bool parse_flag(std::string_view key, std::string_view value) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return false;
  }
  invalid("non-bool value specified for {}: \"{}\"", key, value);
}

// For keys that may be given as "key=".
bool parse_flag_or_empty(std::string_view key, std::string_view value) {
  return value.empty() || parse_flag(key, value);
}

base::Nanos parse_epoch(std::string_view value) {
  const auto seconds = base::parse_int(value);
  constexpr std::int64_t kMax = INT64_MAX / base::kSecond;
  if (!seconds || *seconds > kMax || *seconds < -kMax) invalid("invalid source-date-epoch: \"{}\"", value);
  return *seconds * base::kSecond;
}

void parse_compression(std::string_view value, CompressionChoice& choice) {
  const auto kind = layer::parse_compression(value);
  if (!kind) {
    invalid("unsupported compression type \"{}\"{}", value,
            did_you_mean(value, {"uncompressed", "gzip", "zstd", "estargz"}));
  }
  choice.kind = *kind;
}

AnnotationLevel parse_level(std::string_view name) {
  std::vector<std::string> known;
  for (const LevelName& level : kLevels) {
    if (level.name == name) return level.level;
    known.emplace_back(level.name);
  }
  invalid("unrecognized annotation type \"{}\"{}", name, did_you_mean(name, known));
}

// "manifest", "manifest-descriptor[linux/amd64]"; "" is the manifest.
void parse_level_and_platform(std::string_view text, AnnotationValue& annotation) {
  std::string_view level = text;
  if (const std::size_t open = text.find('['); open != std::string_view::npos) {
    if (!text.ends_with(']')) invalid("invalid annotation type \"{}\": expected a platform in square brackets", text);
    level = text.substr(0, open);
    annotation.platform = oci::format_platform_all(oci::parse_platform(text.substr(open + 1, text.size() - open - 2)));
  }
  annotation.level = level.empty() ? AnnotationLevel::manifest : parse_level(level);
}

bool is_annotation_key(std::string_view key) {
  return key.starts_with("annotation.") || key.starts_with("annotation-") || key.starts_with("annotation[");
}

// "annotation-index.key", "annotation-manifest[linux/amd64].key".
AnnotationValue parse_annotation_attribute(std::string_view key, std::string_view value) {
  constexpr std::size_t kPrefix = std::string_view("annotation").size();
  std::string_view rest = key.substr(kPrefix);
  // A dot cannot be part of the platform between the brackets that are allowed here.
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos || dot + 1 == rest.size()) invalid("annotation \"{}\" has no name", key);
  AnnotationValue annotation;
  annotation.key = std::string(rest.substr(dot + 1));
  annotation.value = std::string(value);
  std::string_view where = rest.substr(0, dot);
  if (where.starts_with('-')) where.remove_prefix(1);
  parse_level_and_platform(where, annotation);
  return annotation;
}

using Setter = std::function<void(Spec&, const std::string& key, const std::string& value)>;

struct Attribute {
  std::string_view key;
  std::vector<Type> types;
  Setter set;
};

Setter flag(bool Spec::* member) {
  return [member](Spec& spec, const std::string& key, const std::string& value) {
    spec.*member = parse_flag_or_empty(key, value);
  };
}

// Every attribute, the types that take it, and what it does.
const std::vector<Attribute>& attributes() {
  using enum Type;
  static const std::vector<Attribute> table = {
      {"dest", {oci, docker, tar, local}, [](Spec& s, const auto&, const auto& v) { s.dest = v; }},
      {"name",
       {image, oci, docker},
       [](Spec& s, const auto&, const auto& v) {
         s.names.clear();
         for (const std::string& name : base::split(v, ',')) {
           if (!name.empty()) s.names.push_back(name);
         }
       }},
      {"compression",
       {image, oci, docker},
       [](Spec& s, const auto&, const auto& v) { parse_compression(v, s.compression); }},
      {"compression-level",
       {image, oci, docker},
       [](Spec& s, const auto& k, const auto& v) {
         const auto level = base::parse_int(v);
         if (!level || *level < -1 || *level > 22) invalid("invalid value \"{}\" specified for {}", v, k);
         s.compression.level = static_cast<int>(*level);
       }},
      {"force-compression",
       {image, oci, docker},
       [](Spec& s, const auto& k, const auto& v) { s.compression.force = parse_flag_or_empty(k, v); }},
      {"oci-mediatypes",
       {image, oci, docker},
       [](Spec& s, const auto& k, const auto& v) { s.oci_mediatypes = parse_flag(k, v); }},
      {"oci-artifact",
       {image, oci, docker},
       [](Spec& s, const auto& k, const auto& v) { s.oci_artifact = parse_flag(k, v); }},
      {"attestations",
       {image, oci},
       [](Spec& s, const auto&, const auto& v) {
         if (v != "index" && v != "referrers") invalid("attestations={}: want index or referrers", v);
         s.attestations_as_referrers = v == "referrers";
       }},
      {"attestation-inline",
       {image, oci, docker},
       [](Spec& s, const auto& k, const auto& v) { s.inline_attestations = parse_flag_or_empty(k, v); }},
      {"prefer-nondist-layers", {image, oci, docker}, flag(&Spec::prefer_nondistributable_layers)},
      {"rewrite-timestamp", {image, oci, docker}, flag(&Spec::rewrite_timestamp)},
      {"squash",
       {image, oci, docker},
       [](Spec& s, const auto&, const auto& v) { s.grouping.squash = v.empty() ? Squash::final : parse_squash(v); }},
      {"layers",
       {image, oci, docker},
       [](Spec& s, const auto&, const auto& v) { s.grouping.max_layers = parse_max_layers(v); }},
      {"source-date-epoch",
       {image, oci, docker, tar, local},
       [](Spec& s, const auto&, const auto& v) {
         if (!v.empty()) s.source_date_epoch = parse_epoch(v);
       }},
      {"tar", {oci, docker}, flag(&Spec::tar)},
      {"push", {image}, flag(&Spec::push)},
      {"push-by-digest", {image}, flag(&Spec::push_by_digest)},
      {"registry.insecure", {image}, flag(&Spec::insecure)},
      {"store", {image}, flag(&Spec::store)},
      {"unpack", {image}, flag(&Spec::unpack)},
      {"name-canonical", {image}, flag(&Spec::name_canonical)},
      {"dangling-name-prefix", {image}, [](Spec& s, const auto&, const auto& v) { s.dangling_name_prefix = v; }},
      // Spelt as BuildKit spells it, and right.
      {"danging-name-empty-only", {image}, flag(&Spec::dangling_only_without_name)},
      {"dangling-name-empty-only", {image}, flag(&Spec::dangling_only_without_name)},
      {"platform-split",
       {tar, local},
       [](Spec& s, const auto& k, const auto& v) { s.platform_split = parse_flag(k, v); }},
      {"attestation-prefix", {tar, local}, [](Spec& s, const auto&, const auto& v) { s.attestation_prefix = v; }},
      {"mode",
       {local},
       [](Spec& s, const auto&, const auto& v) {
         if (v != "copy" && v != "delete") invalid("invalid local exporter mode \"{}\": want copy or delete", v);
         s.mode = v == "copy" ? Spec::Mode::copy : Spec::Mode::remove;
       }},
  };
  return table;
}

void set_attribute(Spec& spec, std::string_view type, const std::string& key, const std::string& value) {
  if (is_annotation_key(key)) {
    if (spec.type != Type::image && spec.type != Type::oci && spec.type != Type::docker) {
      invalid("type={} takes no annotations", type);
    }
    spec.annotations.push_back(parse_annotation_attribute(key, value));
    return;
  }
  std::vector<std::string> known;
  bool elsewhere = false;
  for (const Attribute& attribute : attributes()) {
    const bool ours = std::find(attribute.types.begin(), attribute.types.end(), spec.type) != attribute.types.end();
    if (attribute.key == key && ours) {
      attribute.set(spec, key, value);
      return;
    }
    elsewhere = elsewhere || attribute.key == key;
    if (ours) known.emplace_back(attribute.key);
  }
  if (elsewhere) invalid("attribute \"{}\" does not apply to type={}", key, type);
  invalid("unknown attribute \"{}\" for type={}{}", key, type, did_you_mean(key, known));
}

Type parse_type(const std::string& name) {
  std::vector<std::string> known;
  for (const TypeName& type : kTypes) {
    if (type.name == name) return type.type;
    known.emplace_back(type.name);
  }
  const std::string hint = did_you_mean(name, known);
  invalid("unknown output type \"{}\"{}", name, hint.empty() ? ": want " + base::join(known, ", ") : hint);
}

std::string normalize_key(std::string_view key) {
  key = base::trim(key);
  std::string lower = base::lower(key);
  if (!is_annotation_key(lower)) return lower;
  const std::size_t dot = key.find('.');
  return base::lower(key.substr(0, dot)) + std::string(dot == std::string_view::npos ? "" : key.substr(dot));
}

void check_destination_rules(Spec& spec, std::string_view type) {
  if (spec.is_directory()) {
    if (spec.dest.empty()) invalid("dest is required for the {} exporter", type);
    if (spec.dest == "-") invalid("dest cannot be stdout for the {} exporter", type);
  }
  // `docker` without a destination is handed to a container engine; that is the caller's business.
  if (spec.dest.empty() && (spec.type == Type::oci || spec.type == Type::tar)) spec.dest = "-";
}

void check_referrers(const Spec& spec) {
  if (!spec.attestations_as_referrers) return;
  if (!spec.oci_artifact.value_or(true) || !spec.oci_mediatypes.value_or(true)) {
    invalid("attestations=referrers conflicts with oci-artifact=false and oci-mediatypes=false");
  }
}

void check_level(const CompressionChoice& choice) {
  if (!choice.level) return;
  const int most = choice.kind == layer::Compression::zstd ? 22 : 9;
  if (*choice.level > most) invalid("compression-level={} is out of range (at most {})", *choice.level, most);
}

Spec parse_fields(const std::vector<std::string>& fields) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string type;
  for (const std::string& field : fields) {
    const auto parts = base::cut(field, "=");
    if (!parts) invalid("invalid value \"{}\": want key=value", field);
    const std::string key = normalize_key(parts->first);
    if (key == "type") {
      type = std::string(parts->second);
    } else {
      pairs.emplace_back(key, parts->second);
    }
  }
  if (type.empty()) invalid("type is required for output");
  Spec spec;
  spec.type = parse_type(type);
  spec.push = type == "registry";
  for (const auto& [key, value] : pairs) set_attribute(spec, type, key, value);
  check_destination_rules(spec, type);
  check_media_types(spec);
  check_referrers(spec);
  check_level(spec.compression);
  return spec;
}

}  // namespace

std::string_view type_name(Type type) {
  for (const TypeName& name : kTypes) {
    if (name.type == type) return name.name;
  }
  return "?";
}

std::vector<AnnotationValue> parse_annotation(std::string_view text) {
  const auto parts = base::cut(text, "=");
  if (!parts || parts->first.empty()) invalid("invalid annotation \"{}\": expected key=value", text);
  const auto typed = base::cut(parts->first, ":");
  std::vector<AnnotationValue> result;
  for (const std::string& where : base::split(typed ? typed->first : std::string_view(), ',')) {
    if (typed && where.empty()) invalid("invalid annotation \"{}\": empty type", text);
    AnnotationValue annotation;
    annotation.key = std::string(typed ? typed->second : parts->first);
    annotation.value = std::string(parts->second);
    if (annotation.key.empty()) invalid("invalid annotation \"{}\": expected key=value", text);
    parse_level_and_platform(where, annotation);
    result.push_back(std::move(annotation));
  }
  return result;
}

void check_media_types(const Spec& spec) {
  if (spec.oci_mediatypes.value_or(true)) return;
  if (spec.compression.kind == layer::Compression::zstd || spec.compression.kind == layer::Compression::estargz) {
    invalid("exporter option \"compression={}\" conflicts with \"oci-mediatypes=false\"",
            layer::compression_name(spec.compression.kind));
  }
  if (spec.oci_artifact.value_or(false)) {
    invalid("exporter option \"oci-artifact=true\" conflicts with \"oci-mediatypes=false\"");
  }
}

Spec parse_spec(std::string_view text) {
  return base::with_context(
      [&] {
        const auto fields = base::split_csv(text);
        if (fields.empty() || (fields.size() == 1 && fields[0].empty())) invalid("the value is empty");
        const bool shorthand = fields.size() == 1 && fields[0] == text && !text.starts_with("type=");
        if (!shorthand) return parse_fields(fields);
        Spec spec;
        spec.type = text == "-" ? Type::tar : Type::local;
        spec.dest = std::string(text);
        return spec;
      },
      "invalid output \"{}\"", text);
}

void validate(const std::vector<Spec>& specs) {
  const auto count = std::count_if(specs.begin(), specs.end(), [](const Spec& spec) { return spec.to_stdout(); });
  if (count > 1) invalid("{} outputs go to standard output, only one can", count);
}

}  // namespace output
