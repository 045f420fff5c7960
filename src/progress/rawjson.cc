// SPDX-License-Identifier: Apache-2.0
#include "progress/rawjson.h"

#include <cstdint>
#include <utility>

#include "base/base64.h"
#include "base/json.h"

namespace progress {
namespace {

using base::Json;

void set_time(Json& out, std::string_view name, const std::optional<base::Nanos>& time) {
  if (time) out.set(name, base::format_rfc3339(*time));
}

Json json_of(const Vertex& vertex) {
  auto out = Json::object();
  out.set_nonempty("digest", vertex.digest.str());
  auto inputs = Json::array();
  for (const auto& input : vertex.inputs) inputs.push(input.str());
  out.set_nonempty("inputs", std::move(inputs)).set_nonempty("name", vertex.name);
  set_time(out, "started", vertex.started);
  set_time(out, "completed", vertex.completed);
  out.set_nonempty("cached", vertex.cached).set_nonempty("error", vertex.error).set_nonempty("note", vertex.note);
  if (vertex.group) {
    auto group = Json::object();
    group.set_nonempty("id", vertex.group->id).set_nonempty("name", vertex.group->name);
    group.set_nonempty("weak", vertex.group->weak);
    out.set("progressGroup", std::move(group));
  }
  return out;
}

Json json_of(const VertexStatus& status) {
  auto out = Json::object();
  out.set("id", status.id).set_nonempty("vertex", status.vertex.str()).set_nonempty("name", status.name);
  out.set_nonempty("total", status.total).set("current", status.current);
  out.set("timestamp", base::format_rfc3339(status.timestamp));
  set_time(out, "started", status.started);
  set_time(out, "completed", status.completed);
  return out;
}

Json json_of(const VertexLog& log) {
  auto out = Json::object();
  out.set_nonempty("vertex", log.vertex.str()).set_nonempty("stream", log.stream);
  out.set("data", base::base64_encode(log.data)).set("timestamp", base::format_rfc3339(log.timestamp));
  return out;
}

Json json_of(const base::SourcePoint& point) {
  auto out = Json::object();
  out.set_nonempty("line", point.line).set_nonempty("character", point.character);
  return out;
}

Json json_of(const VertexWarning& warning) {
  auto out = Json::object();
  out.set_nonempty("vertex", warning.vertex.str()).set_nonempty("level", warning.level);
  out.set_nonempty("short", base::base64_encode(warning.short_text));
  auto detail = Json::array();
  for (const auto& line : warning.detail) detail.push(base::base64_encode(line));
  out.set_nonempty("detail", std::move(detail)).set_nonempty("url", warning.url);
  if (!warning.source) return out;
  auto info = Json::object();
  info.set_nonempty("filename", warning.source->filename);
  if (warning.source->data) info.set_nonempty("data", base::base64_encode(*warning.source->data));
  out.set("sourceInfo", std::move(info));
  auto ranges = Json::array();
  for (const auto& span : warning.source->spans) {
    auto range = Json::object();
    range.set("start", json_of(span.start)).set("end", json_of(span.end));
    ranges.push(std::move(range));
  }
  out.set_nonempty("range", std::move(ranges));
  return out;
}

}  // namespace

std::string to_json(const std::vector<Event>& events) {
  auto vertexes = Json::array();
  auto statuses = Json::array();
  auto logs = Json::array();
  auto warnings = Json::array();
  for (const auto& event : events) {
    if (const auto* vertex = std::get_if<Vertex>(&event)) vertexes.push(json_of(*vertex));
    if (const auto* status = std::get_if<VertexStatus>(&event)) statuses.push(json_of(*status));
    if (const auto* log = std::get_if<VertexLog>(&event)) logs.push(json_of(*log));
    if (const auto* warning = std::get_if<VertexWarning>(&event)) warnings.push(json_of(*warning));
  }
  auto out = Json::object();
  out.set_nonempty("vertexes", std::move(vertexes)).set_nonempty("statuses", std::move(statuses));
  out.set_nonempty("logs", std::move(logs)).set_nonempty("warnings", std::move(warnings));
  return out.dump();
}

RawJsonRenderer::RawJsonRenderer(Writer writer) : writer_(std::move(writer)) {}

void RawJsonRenderer::changed(const Event& event, const Change& /*change*/) { out_ += to_json({event}) + '\n'; }

void RawJsonRenderer::refresh(Model& /*model*/, base::Nanos /*now*/) {
  if (!out_.empty()) writer_(std::exchange(out_, {}));
}

void RawJsonRenderer::finish(Model& model, base::Nanos now) { refresh(model, now); }

}  // namespace progress
