// SPDX-License-Identifier: Apache-2.0
#include "attest/component.h"

#include "attest/purl.h"

namespace attest {

std::string Component::purl() const {
  return attest::purl(
      {.type = type, .name_space = name_space, .name = name, .version = version, .qualifiers = qualifiers});
}

base::Json to_json(const Component& component) {
  base::Json json = base::Json::object();
  json.set("type", component.type).set_nonempty("namespace", component.name_space).set("name", component.name);
  json.set_nonempty("version", component.version);
  json.set_nonempty("qualifiers", base::Json::string_map(component.qualifiers));
  json.set_nonempty("license", component.license).set_nonempty("supplier", component.supplier);
  json.set_nonempty("source", component.source).set_nonempty("found_in", component.found_in);
  if (component.scope == Scope::build) json.set("scope", "build");
  json.set_nonempty("stage", component.stage).set_nonempty("step", component.step).set("layer", component.layer);
  return json.set_nonempty("copied", base::Json::strings(component.copied));
}

Component component_from_json(const base::Json& json) {
  Component component;
  component.type = json["type"].as_string();
  component.name_space = json["namespace"].string_or("");
  component.name = json["name"].as_string();
  component.version = json["version"].string_or("");
  for (const auto& [key, value] : json["qualifiers"].members()) component.qualifiers[key] = value.string_or("");
  component.license = json["license"].string_or("");
  component.supplier = json["supplier"].string_or("");
  component.source = json["source"].string_or("");
  component.found_in = json["found_in"].string_or("");
  component.scope = json["scope"].string_or("") == "build" ? Scope::build : Scope::runtime;
  component.stage = json["stage"].string_or("");
  component.step = json["step"].string_or("");
  component.layer = json["layer"].int_or(-1);
  component.copied = json["copied"].string_items();
  return component;
}

}  // namespace attest
