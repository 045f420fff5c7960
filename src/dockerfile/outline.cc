// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/outline.h"

#include "base/base64.h"
#include "base/format.h"
#include "base/json.h"
#include "dockerfile/location_json.h"
#include "dockerfile/text_table.h"

namespace dockerfile {
namespace {

constexpr std::size_t kNarrow = 1;
constexpr std::size_t kWide = 3;

base::Json sources_json(const std::string& dockerfile) {
  return base::Json::strings({base::base64_encode(dockerfile)});
}

base::Json args_json(const std::vector<OutlineArg>& args) {
  auto list = base::Json::array();
  for (const auto& arg : args) {
    auto item = base::Json::object();
    item.set("name", arg.name);
    item.set_nonempty("description", arg.description).set_nonempty("value", arg.value);
    item.set_nonempty("location", location_json(arg.location));
    list.push(std::move(item));
  }
  return list;
}

base::Json mounts_json(const std::vector<OutlineMount>& mounts) {
  auto list = base::Json::array();
  for (const auto& mount : mounts) {
    auto item = base::Json::object();
    item.set("name", mount.id);
    item.set_nonempty("required", mount.required).set_nonempty("location", location_json(mount.location));
    list.push(std::move(item));
  }
  return list;
}

std::string mounts_text(std::string_view title, const std::vector<OutlineMount>& mounts) {
  if (mounts.empty()) return "";
  auto rows = base::format("{}\tREQUIRED\n", title);
  for (const auto& mount : mounts) rows += mount.id + "\t" + (mount.required ? "true" : "") + "\n";
  return align_columns(rows, kWide) + "\n";
}

base::Json stage_json(const Stage& stage, bool is_last) {
  auto json = base::Json::object();
  json.set_nonempty("name", stage.name).set_nonempty("default", is_last);
  json.set_nonempty("description", stage.doc_comment).set_nonempty("base", stage.base_name);
  json.set_nonempty("platform", stage.platform).set_nonempty("location", location_json(stage.location));
  return json;
}

}  // namespace

std::string Outline::json(const std::string& dockerfile) const {
  auto json = base::Json::object();
  json.set_nonempty("name", name).set_nonempty("description", description);
  json.set_nonempty("args", args_json(args)).set_nonempty("secrets", mounts_json(secrets));
  json.set_nonempty("ssh", mounts_json(ssh)).set("sources", sources_json(dockerfile));
  return json.dump(2);
}

std::string Outline::text() const {
  std::string out;
  if (!name.empty() || !description.empty()) {
    auto rows = base::format("TARGET:\t{}\n", name.empty() ? "(default)" : name);
    if (!description.empty()) rows += base::format("DESCRIPTION:\t{}\n", description);
    out += align_columns(rows, kNarrow) + "\n";
  }
  if (!args.empty()) {
    std::string rows = "BUILD ARG\tVALUE\tDESCRIPTION\n";
    for (const auto& arg : args) rows += base::format("{}\t{}\t{}\n", arg.name, arg.value, arg.description);
    out += align_columns(rows, kWide) + "\n";
  }
  return out + mounts_text("SECRET", secrets) + mounts_text("SSH", ssh);
}

std::string TargetList::json(const std::string& dockerfile) const {
  base::Json targets;
  if (!stages.empty()) targets = base::Json::array();
  for (const auto& stage : stages) targets.push(stage_json(stage, &stage == &stages.back()));
  return base::Json::object().set("targets", std::move(targets)).set("sources", sources_json(dockerfile)).dump(2);
}

std::string TargetList::text() const {
  std::string rows = "TARGET\tDESCRIPTION\n";
  for (const auto& stage : stages) {
    auto name = stage.name;
    if (&stage == &stages.back()) name += name.empty() ? "(default)" : " (default)";
    rows += base::format("{}\t{}\n", name, stage.doc_comment);
  }
  return align_columns(rows, kNarrow);
}

}  // namespace dockerfile
