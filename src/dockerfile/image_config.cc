// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/image_config.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace dockerfile {

namespace {

constexpr std::string_view kHistoryComment = "buildkit.dockerfile.v0";

/// Writes JSON members in the order of the calls; empty values are left out.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_ += '{'; }
  void end() { out_ += '}'; }

  void name(std::string_view member) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += member;
    out_ += "\":";
  }
  void text(std::string_view member, std::string_view value) {
    if (value.empty()) return;
    name(member);
    out_ += base::json_quote(value);
  }
  void number(std::string_view member, std::int64_t value) {
    if (value == 0) return;
    name(member);
    out_ += std::to_string(value);
  }
  void flag(std::string_view member, bool value) {
    if (!value) return;
    name(member);
    out_ += "true";
  }
  void list(std::string_view member, const std::vector<std::string>& values) {
    if (values.empty()) return;
    name(member);
    array(values);
  }
  void array(const std::vector<std::string>& values) {
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      out_ += base::json_quote(values[i]);
    }
    out_ += ']';
  }
  void keys(std::string_view member, const std::set<std::string>& values) {
    if (values.empty()) return;
    name(member);
    char separator = '{';
    for (const auto& value : values) {
      out_ += separator;
      out_ += base::json_quote(value) + ":{}";
      separator = ',';
    }
    out_ += '}';
  }
  void map(std::string_view member, const std::map<std::string, std::string>& values) {
    if (values.empty()) return;
    name(member);
    char separator = '{';
    for (const auto& [key, value] : values) {
      out_ += separator;
      out_ += base::json_quote(key) + ":" + base::json_quote(value);
      separator = ',';
    }
    out_ += '}';
  }

 private:
  std::string& out_;
  bool first_ = true;
};

/// Go reads and writes a time again: zeros at the end of the fraction go, "+00:00" becomes "Z".
std::string normal_time(const std::string& text) {
  if (text.empty()) return text;
  if (!base::parse_rfc3339(text)) base::fail(base::Code::invalid_argument, "parsing time \"{}\"", text);
  const auto dot = text.find('.');
  auto zone = text.find_first_of("Zz+-", 11);
  if (zone == std::string::npos) return text;
  std::string out = text.substr(0, std::min(dot, zone));
  if (dot != std::string::npos && dot < zone) {
    auto fraction = text.substr(dot, zone - dot);
    while (fraction.ends_with('0')) fraction.pop_back();
    if (fraction != ".") out += fraction;
  }
  const auto offset = text.substr(zone);
  return out + (offset == "+00:00" || offset == "-00:00" ? "Z" : offset);
}

std::set<std::string> names(const base::Json& object) {
  std::set<std::string> out;
  for (const auto& [key, value] : object.members()) out.insert(key);
  return out;
}

HistoryEntry parse_history(const base::Json& json) {
  return {normal_time(json["created"].string_or("")), json["created_by"].string_or(""), json["author"].string_or(""),
          json["comment"].string_or(""), json["empty_layer"].bool_or(false)};
}

void write_history(const History& history, std::string& out) {
  char separator = '[';
  for (const auto& entry : history) {
    out += separator;
    separator = ',';
    Writer writer(out);
    writer.text("created", entry.created);
    writer.text("created_by", entry.created_by);
    writer.text("author", entry.author);
    writer.text("comment", entry.comment);
    writer.flag("empty_layer", entry.empty_layer);
    writer.end();
  }
  out += ']';
}

void write_health(const HealthConfig& health, std::string& out) {
  Writer writer(out);
  writer.list("Test", health.test);
  writer.number("Interval", health.interval);
  writer.number("Timeout", health.timeout);
  writer.number("StartPeriod", health.start_period);
  writer.number("StartInterval", health.start_interval);
  writer.number("Retries", health.retries);
  writer.end();
}

void write_config(const ImageConfig& image, std::string& out) {
  Writer writer(out);
  writer.text("User", image.user);
  writer.keys("ExposedPorts", image.exposed_ports);
  writer.list("Env", image.env.entries());
  writer.list("Entrypoint", image.entrypoint);
  writer.list("Cmd", image.cmd);
  writer.keys("Volumes", image.volumes);
  writer.text("WorkingDir", image.working_dir);
  writer.map("Labels", image.labels);
  writer.text("StopSignal", image.stop_signal);
  writer.flag("ArgsEscaped", image.args_escaped);
  if (image.healthcheck) {
    writer.name("Healthcheck");
    write_health(*image.healthcheck, out);
  }
  writer.list("OnBuild", image.onbuild);
  writer.list("Shell", image.shell);
  writer.end();
}

}  // namespace

ImageConfig ImageConfig::parse(std::string_view bytes) {
  const auto json = base::Json::parse(bytes);
  if (!json.is_object()) base::fail(base::Code::invalid_argument, "image config is not a JSON object");
  ImageConfig image;
  image.created = normal_time(json["created"].string_or(""));
  image.author = json["author"].string_or("");
  image.platform.architecture = json["architecture"].string_or("");
  image.platform.os = json["os"].string_or("");
  image.platform.os_version = json["os.version"].string_or("");
  image.platform.os_features = json["os.features"].string_items();
  image.platform.variant = json["variant"].string_or("");
  image.rootfs_type = json["rootfs"]["type"].string_or("");
  if (json["rootfs"]["diff_ids"].is_array()) image.diff_ids = json["rootfs"]["diff_ids"].string_items();
  for (const auto& entry : json["history"].items()) image.history.push_back(parse_history(entry));

  const auto& config = json["config"];
  image.user = config["User"].string_or("");
  image.exposed_ports = names(config["ExposedPorts"]);
  image.env = ImageEnv(config["Env"].string_items());
  image.entrypoint = config["Entrypoint"].string_items();
  image.cmd = config["Cmd"].string_items();
  image.volumes = names(config["Volumes"]);
  image.working_dir = config["WorkingDir"].string_or("");
  image.labels = config["Labels"].string_members();
  image.stop_signal = config["StopSignal"].string_or("");
  image.args_escaped = config["ArgsEscaped"].bool_or(false);
  if (const auto& health = config["Healthcheck"]; health.is_object()) {
    image.healthcheck =
        HealthConfig{health["Test"].string_items(),   health["Interval"].int_or(0),      health["Timeout"].int_or(0),
                     health["StartPeriod"].int_or(0), health["StartInterval"].int_or(0), health["Retries"].int_or(0)};
  }
  image.onbuild = config["OnBuild"].string_items();
  image.shell = config["Shell"].string_items();
  return image;
}

ImageConfig ImageConfig::empty(const llb::Platform& platform) {
  ImageConfig image;
  image.platform = platform;
  image.rootfs_type = "layers";
  image.working_dir = "/";
  if (platform.os != "windows") image.env.set("PATH", std::string(default_path_env(platform.os)));
  return image;
}

void ImageConfig::add_history(std::string created_by, LayerKind kind, const std::string& when) {
  history.push_back({when, std::move(created_by), "", std::string(kHistoryComment), kind == LayerKind::empty});
}

std::string ImageConfig::json() const {
  std::string out;
  Writer writer(out);
  writer.text("created", created);
  writer.text("author", author);
  // These two are always there.
  writer.name("architecture");
  out += base::json_quote(platform.architecture);
  writer.name("os");
  out += base::json_quote(platform.os);
  writer.text("os.version", platform.os_version);
  writer.list("os.features", platform.os_features);
  writer.text("variant", platform.variant);
  writer.name("rootfs");
  out += "{\"type\":" + base::json_quote(rootfs_type) + ",\"diff_ids\":";
  if (diff_ids) {
    writer.array(*diff_ids);
  } else {
    out += "null";
  }
  out += '}';
  if (!history.empty()) {
    writer.name("history");
    write_history(history, out);
  }
  writer.name("config");
  write_config(*this, out);
  writer.end();
  return out;
}

std::string_view default_path_env(std::string_view os) {
  if (os == "windows") return "c:\\Windows\\System32;c:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0";
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

}  // namespace dockerfile
