// SPDX-License-Identifier: Apache-2.0
#include "attest/sbom.h"

#include <algorithm>
#include <set>

#include "attest/licenses.h"
#include "attest/purl.h"
#include "base/digest.h"
#include "base/format.h"
#include "base/strings.h"

namespace attest {
namespace {

using base::Json;

constexpr std::string_view kNoAssertion = "NOASSERTION";

std::string image_name(const BilledImage& image) { return image.name.empty() ? "image" : image.name; }

std::string id_of(const Component& component) { return base::sha256(component.key()).hex().substr(0, 16); }

std::vector<Component> in_order(std::vector<Component> components) {
  std::sort(components.begin(), components.end(),
            [](const Component& a, const Component& b) { return a.key() < b.key(); });
  return components;
}

/// Names the document by what it says.
std::string document_hash(const BilledImage& image, const std::vector<Component>& components) {
  base::Sha256 hash;
  hash.update(image.name + "\n" + image.digest + "\n");
  for (const auto& component : components) hash.update(to_json(component).dump() + "\n");
  return hash.finish().hex();
}

/// A UUID (version 8: made of other data) of a hash.
std::string uuid_of(const std::string& hex) {
  return base::format("{}-{}-8{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3), hex.substr(17, 3),
                      hex.substr(20, 12));
}

/// Whole seconds, as both formats want it.
std::string time_of(const BilledImage& image) {
  return base::format_rfc3339(image.created / base::kSecond * base::kSecond);
}

std::string origin_of(const Component& component) {
  std::string text;
  if (component.scope == Scope::build) {
    text = component.stage == kContextStage ? "in the build context only"
                                            : base::format("in stage {} only", component.stage);
  }
  if (!component.copied.empty()) {
    text = base::format("copied from stage {}: {}", component.stage, base::join(component.copied, ", "));
  }
  if (!component.step.empty()) text += (text.empty() ? "" : "; ") + ("by " + component.step);
  return text;
}

// ---- SPDX ----

std::string spdx_id(const Component& component) {
  std::string name;
  for (const char c : component.name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    name += fits ? c : '-';
  }
  return base::format("SPDXRef-Package-{}-{}-{}", component.type, name, id_of(component));
}

Json spdx_package(const Component& component) {
  Json json = Json::object();
  json.set("name",
           component.name_space.empty() || component.type == "deb" || component.type == "apk" || component.type == "rpm"
               ? component.name
               : component.name_space + "/" + component.name);
  json.set("SPDXID", spdx_id(component)).set_nonempty("versionInfo", component.version);
  json.set("supplier", component.supplier.empty() ? std::string(kNoAssertion) : "Organization: " + component.supplier);
  json.set("downloadLocation", kNoAssertion).set("filesAnalyzed", false);
  json.set_nonempty("sourceInfo", component.source.empty() ? "" : "built from " + component.source);
  json.set("licenseConcluded", kNoAssertion);
  json.set("licenseDeclared", component.license.empty() ? std::string(kNoAssertion) : component.license);
  json.set("copyrightText", kNoAssertion).set_nonempty("comment", origin_of(component));
  Json reference = Json::object();
  reference.set("referenceCategory", "PACKAGE-MANAGER").set("referenceType", "purl");
  reference.set("referenceLocator", component.purl());
  return json.set("externalRefs", Json::array().push(std::move(reference)));
}

Json spdx_relationship(std::string_view from, std::string_view type, std::string_view to) {
  return Json::object().set("spdxElementId", from).set("relationshipType", type).set("relatedSpdxElement", to);
}

/// Every LicenseRef of a document is explained in it.
Json extracted_licenses(const std::vector<Component>& components) {
  std::set<std::string> refs;
  for (const auto& component : components) {
    for (auto& ref : license_refs(component.license)) refs.insert(std::move(ref));
  }
  Json list = Json::array();
  for (const auto& ref : refs) {
    const std::string name = base::replace_all(ref.substr(11), "-", " ");
    list.push(Json::object()
                  .set("licenseId", ref)
                  .set("name", name)
                  .set("extractedText", "declared by the package under the name \"" + name + "\""));
  }
  return list;
}

// ---- CycloneDX ----

Json cyclonedx_licenses(const std::string& license) {
  if (license.empty()) return {};
  const bool expression = license.find(' ') != std::string::npos;
  if (expression) return Json::array().push(Json::object().set("expression", license));
  const bool listed = !license.starts_with("LicenseRef-");
  Json choice = Json::object().set(listed ? "id" : "name", listed ? license : license.substr(11));
  return Json::array().push(Json::object().set("license", std::move(choice)));
}

Json property(std::string_view name, std::string_view value) {
  return Json::object().set("name", name).set("value", value);
}

Json cyclonedx_component(const Component& component) {
  Json json = Json::object();
  json.set("type", "library").set("bom-ref", component.purl() + "#" + id_of(component));
  json.set_nonempty("supplier", component.supplier.empty() ? Json() : Json::object().set("name", component.supplier));
  json.set_nonempty("group", component.name_space)
      .set("name", component.name)
      .set_nonempty("version", component.version);
  json.set("scope", component.scope == Scope::build ? "excluded" : "required");
  json.set_nonempty("licenses", cyclonedx_licenses(component.license)).set("purl", component.purl());
  Json properties = Json::array();
  if (component.layer >= 0) properties.push(property("slipway:layer", std::to_string(component.layer)));
  if (!component.step.empty()) properties.push(property("slipway:step", component.step));
  if (!component.stage.empty()) properties.push(property("slipway:stage", component.stage));
  if (!component.source.empty()) properties.push(property("slipway:source", component.source));
  if (!component.found_in.empty()) properties.push(property("slipway:found-in", component.found_in));
  for (const auto& file : component.copied) properties.push(property("slipway:copied-file", file));
  return json.set_nonempty("properties", std::move(properties));
}

/// The name that a package keeps from version to version.
std::string lasting_name(const Component& component) {
  return component.type + " " +
         (component.name_space.empty() || component.type == "deb" ? "" : component.name_space + "/") + component.name;
}

std::map<std::string, std::string> versions_of(const std::vector<Component>& components) {
  std::map<std::string, std::set<std::string>> all;
  for (const auto& component : components) {
    if (component.scope == Scope::runtime) all[lasting_name(component)].insert(component.version);
  }
  std::map<std::string, std::string> versions;
  for (const auto& [name, each] : all) versions[name] = base::join(std::vector(each.begin(), each.end()), ", ");
  return versions;
}

}  // namespace

base::Json spdx_document(const BilledImage& image, const std::vector<Component>& given) {
  const auto components = in_order(given);
  constexpr std::string_view kRoot = "SPDXRef-Image";
  Json packages = Json::array();
  Json root = Json::object();
  root.set("name", image_name(image)).set("SPDXID", kRoot).set_nonempty("versionInfo", image.digest);
  root.set("downloadLocation", kNoAssertion).set("filesAnalyzed", false).set("primaryPackagePurpose", "CONTAINER");
  packages.push(std::move(root));
  Json relationships = Json::array();
  relationships.push(spdx_relationship("SPDXRef-DOCUMENT", "DESCRIBES", kRoot));
  for (const auto& component : components) {
    packages.push(spdx_package(component));
    relationships.push(component.scope == Scope::build
                           ? spdx_relationship(spdx_id(component), "BUILD_DEPENDENCY_OF", kRoot)
                           : spdx_relationship(kRoot, "CONTAINS", spdx_id(component)));
  }
  Json creation = Json::object();
  creation.set("created", time_of(image)).set("creators", Json::strings({"Tool: slipway-" + image.tool_version}));
  Json json = Json::object();
  json.set("spdxVersion", "SPDX-2.3").set("dataLicense", "CC0-1.0").set("SPDXID", "SPDXRef-DOCUMENT");
  json.set("name", image_name(image));
  json.set("documentNamespace", "urn:uuid:" + uuid_of(document_hash(image, components)));
  json.set("creationInfo", std::move(creation)).set("packages", std::move(packages));
  json.set_nonempty("hasExtractedLicensingInfos", extracted_licenses(components));
  return json.set("relationships", std::move(relationships));
}

base::Json cyclonedx_document(const BilledImage& image, const std::vector<Component>& given) {
  const auto components = in_order(given);
  Json tool = Json::object();
  tool.set("type", "application").set("name", "slipway").set("version", image.tool_version);
  Json subject = Json::object();
  subject.set("type", "container").set("bom-ref", "image").set("name", image_name(image));
  subject.set_nonempty("version", image.digest);
  Json metadata = Json::object();
  metadata.set("timestamp", time_of(image));
  metadata.set("tools", Json::object().set("components", Json::array().push(std::move(tool))));
  metadata.set("component", std::move(subject));
  Json list = Json::array();
  for (const auto& component : components) list.push(cyclonedx_component(component));
  Json json = Json::object();
  json.set("bomFormat", "CycloneDX").set("specVersion", "1.5");
  json.set("serialNumber", "urn:uuid:" + uuid_of(document_hash(image, components))).set("version", 1);
  return json.set("metadata", std::move(metadata)).set("components", std::move(list));
}

std::optional<Components> components_of_bill(const base::Json& document) {
  Components found;
  const auto add = [&](const std::string& url) {
    const auto parsed = parse_purl(url);
    if (!parsed || parsed->type == "docker" || parsed->type == "oci") return;
    Component component;
    component.type = parsed->type;
    component.name_space = parsed->name_space;
    component.name = parsed->name;
    component.version = parsed->version;
    component.qualifiers = parsed->qualifiers;
    found.push_back(std::move(component));
  };
  if (document["spdxVersion"].string_or("").starts_with("SPDX-2")) {
    std::set<std::string> built_with;
    for (const auto& relation : document["relationships"].items()) {
      if (relation["relationshipType"].string_or("") == "BUILD_DEPENDENCY_OF") {
        built_with.insert(relation["spdxElementId"].string_or(""));
      }
    }
    for (const auto& package : document["packages"].items()) {
      if (built_with.contains(package["SPDXID"].string_or(""))) continue;
      for (const auto& reference : package["externalRefs"].items()) {
        if (reference["referenceType"].string_or("") == "purl") add(reference["referenceLocator"].string_or(""));
      }
    }
    return found;
  }
  if (document["bomFormat"].string_or("") != "CycloneDX") return std::nullopt;
  for (const auto& component : document["components"].items()) {
    if (component["scope"].string_or("") != "excluded") add(component["purl"].string_or(""));
  }
  return found;
}

std::string format_change(const BillChange& change) {
  switch (change.kind) {
    case BillChange::Kind::added: return "+ " + change.name + " " + change.now;
    case BillChange::Kind::removed: return "- " + change.name + " " + change.before;
    case BillChange::Kind::changed: return "~ " + change.name + " " + change.before + " -> " + change.now;
  }
  return "";
}

std::vector<BillChange> compare_bills(const std::vector<Component>& before, const std::vector<Component>& now) {
  const auto old_versions = versions_of(before);
  const auto new_versions = versions_of(now);
  std::vector<BillChange> changes;
  for (const auto& [name, version] : new_versions) {
    const auto old = old_versions.find(name);
    if (old == old_versions.end()) {
      changes.push_back({BillChange::Kind::added, name, "", version});
    } else if (old->second != version) {
      changes.push_back({BillChange::Kind::changed, name, old->second, version});
    }
  }
  for (const auto& [name, version] : old_versions) {
    if (!new_versions.contains(name)) changes.push_back({BillChange::Kind::removed, name, version, ""});
  }
  return changes;
}

}  // namespace attest
