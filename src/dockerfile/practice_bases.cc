// SPDX-License-Identifier: Apache-2.0
// What final and build stages stand on: BaseImageNotPinned, BaseImageLatestTag.
#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "dockerfile/context.h"
#include "dockerfile/practice_file.h"
#include "llb/image_reference.h"

namespace dockerfile {
namespace {

/// The caller chooses the image, at least in part: a variable without a default in the file.
bool is_chosen_by_caller(const Program& program, std::string_view written) {
  if (written.find('$') == written.npos) return false;
  for (const auto& command : program.meta_args) {
    for (const auto& arg : command.args) {
      const bool named = written.find("$" + arg.key) != written.npos || written.find("${" + arg.key) != written.npos;
      if (named && (!arg.value || arg.value->empty())) return true;
    }
  }
  return false;
}

std::optional<llb::ImageReference> read_reference(const std::string& name) {
  try {
    return llb::ImageReference::parse(name);
  } catch (const base::Error&) {
    return std::nullopt;  // a mistake that the build itself reports
  }
}

/// An image, by the name it has in the file.
struct NamedImage {
  std::string name;
  std::string resolved;  ///< with digest; "" = not known
};

template <typename Where>
void check_image(const PracticeFile& file, const NamedImage& image, const Where& where) {
  const auto reference = read_reference(image.name);
  if (!reference || !reference->digest.empty()) return;
  if (reference->tag.empty() || reference->tag == "latest") {
    file.report("BaseImageLatestTag",
                reference->tag.empty()
                    ? base::format("Image {} has no tag, which means latest", image.name)
                    : base::format("Image {} is whatever is newest on the day of the build", image.name),
                base::format("Name a version: {}:VERSION", reference->familiar_name()), where);
  }
  const auto resolved = image.resolved.empty() ? std::nullopt : read_reference(image.resolved);
  file.report("BaseImageNotPinned", base::format("Image {} is not pinned by digest", image.name),
              resolved && !resolved->digest.empty()
                  ? base::format("Today it is {}: write that", resolved->familiar())
                  : base::format("Write {}@sha256:…, with the digest that the registry gives for it",
                                 reference->with_default_tag().familiar()),
              where);
}

}  // namespace

void check_base_images(const PracticeFile& file) {
  std::set<std::string> seen;
  const auto& stages = file.stages();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto& name = file.facts().bases[i];
    if (!file.is_needed(i) || file.base_stage(i) || name.empty() || name == kScratch) continue;
    if (is_chosen_by_caller(file.program(), stages[i].base_name)) continue;
    // Said once: the same change is due wherever the name stands.
    if (seen.insert(name).second) check_image(file, {name, file.facts().resolved[i]}, stages[i]);
  }
  for (const auto& use : file.uses()) {
    const bool variable = use.name.find('$') != std::string::npos;
    if (use.stage || variable || !file.is_needed(use.by.stage) || use.name == kScratch || use.name == "context")
      continue;
    // A bare word may be a named context of the command line (and a number a stage of ONBUILD triggers).
    if (use.name.find_first_of(":/.@") == std::string::npos) continue;
    if (seen.insert(use.name).second) check_image(file, {use.name, ""}, use.by.base());
  }
}

}  // namespace dockerfile
