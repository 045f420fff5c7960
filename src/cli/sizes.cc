// SPDX-License-Identifier: Apache-2.0
#include "cli/sizes.h"

#include <cstdio>
#include <numeric>

#include "attest/noted_files.h"
#include "base/strings.h"
#include "cli/attestations.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/only_image.h"
#include "cli/print_line.h"
#include "progress/display.h"

namespace cli {
namespace {

std::string line(std::uint64_t size, const std::string& text) {
  return base::format("  {:>10}  {}\n", base::human_size(size), text);
}

std::string one_line(const std::string& step) {
  constexpr std::size_t kWidth = 96;
  std::string text = base::replace_all(step, "\n", " ");
  return text.size() > kWidth ? text.substr(0, kWidth - 3) + "..." : text;
}

std::string files_text(const std::string& title, const std::vector<attest::SizedFile>& files) {
  if (files.empty()) return "";
  std::string text = title + "\n";
  for (const auto& file : files) {
    text += line(file.size, "/" + file.path + (file.other.empty() ? "" : " (as /" + file.other + ")"));
  }
  return text;
}

}  // namespace

ImageSizes sizes_of_image(const BuiltImage& built, BuildSession& session, const std::stop_token& stop) {
  const ops::Services& services = session.services();
  ImageSizes sizes{attest::measure_chain(built.chain, services, stop), steps_of(built), {}};
  for (const auto& stage : built.stages) {
    const auto each = attest::layer_sizes(services.snapshots.layer_directories(stage.chain), services, stop);
    sizes.left_behind.emplace_back(stage.name, std::accumulate(each.begin(), each.end(), std::uint64_t{0}));
  }
  return sizes;
}

std::string sizes_text(const ImageSizes& sizes) {
  const auto& report = sizes.report;
  std::string text = base::format("the image: {} in {} layer{}\n", base::human_size(report.total()),
                                  report.layers.size(), report.layers.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const std::string step = i < sizes.steps.size() ? sizes.steps[i] : "";
    text += line(report.layers[i], step.empty() ? "(base image)" : one_line(step));
  }
  if (!sizes.left_behind.empty()) text += "left behind\n";
  for (const auto& [stage, size] : sizes.left_behind) text += line(size, "stage " + stage);
  text += files_text("largest files", report.largest);
  text += files_text(base::format("wasted: {} replaced or removed by later layers", base::human_size(report.wasted)),
                     report.wasted_files);
  text += files_text(base::format("twice: {} in equal files", base::human_size(report.twice)), report.twice_files);
  return text;
}

base::Json sizes_json(const ImageSizes& sizes) {
  base::Json json = attest::to_json(sizes.report);
  json.set("steps", base::Json::strings(sizes.steps));
  base::Json left = base::Json::array();
  for (const auto& [stage, size] : sizes.left_behind) {
    left.push(base::Json::object().set("stage", stage).set("size", size));
  }
  return json.set("left_behind", std::move(left));
}

int run_sizes(const std::string& root, const SizesOptions& options) {
  const Interrupt interrupt;
  BuildOptions build;
  build.context = ".";
  build.offline = options.offline;
  const auto display = progress::start_display({});
  ImageSizes sizes;
  try {
    BuildSession session(root, build, *display);
    auto built = session.build({only_image(options.image, options.platform)}, BuildSession::Need::filesystems,
                               interrupt.token());
    built.front().image.config = session.config_of(options.image, options.platform, interrupt.token());
    built.front().own_layers = built.front().chain.size();
    sizes = sizes_of_image(built.front(), session, interrupt.token());
    display->finish();
  } catch (...) {
    display->finish();
    throw;
  }
  if (options.json) {
    std::printf("%s\n", sizes_json(sizes).dump(2).c_str());
  } else {
    std::fputs(safe_lines(sizes_text(sizes)).c_str(), stdout);
  }
  return 0;
}

}  // namespace cli
