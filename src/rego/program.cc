// SPDX-License-Identifier: Apache-2.0
#include "rego/program.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "rego/lexer.h"
#include "rego/parser.h"
#include "rego/resolve.h"

namespace rego {
namespace {

constexpr std::size_t kMaxText = 1U << 20;
constexpr std::size_t kMaxModules = 64;
constexpr std::size_t kMaxRules = 10'000;
constexpr std::size_t kMaxReads = 1'000'000;

Module read_module(const ModuleText& text) {
  if (text.text.size() > kMaxText) {
    base::fail(base::Code::invalid_argument, "{}: a policy of more than {} bytes is not read", text.name, kMaxText);
  }
  return parse_module(text.text, text.name);
}

/// Which rules need which, to find those that need themselves.
class Dependencies {
 public:
  void add(const RuleNode& from, const RuleNode& root, const ReadPath& path) {
    const RuleNode* node = &root;
    for (const auto& name : path) {
      if (node->has_rules()) edges_[&from].insert(node);
      node = node->child(name);
      if (!node) return;
    }
    add_below(from, *node);
  }

  /// What a node's value is made of is all that is below it.
  void add_own(const RuleNode& node) {
    edges_[&node];
    for (const auto& [name, child] : node.children()) add_below(node, *child);
  }

  /// Throws where a rule needs its own value.
  void check() {
    std::map<const RuleNode*, std::size_t> waiting;
    std::map<const RuleNode*, std::vector<const RuleNode*>> needed_by;
    std::vector<const RuleNode*> ready;
    for (const auto& [node, needs] : edges_) {
      waiting[node] = needs.size();
      if (needs.empty()) ready.push_back(node);
      for (const RuleNode* other : needs) needed_by[other].push_back(node);
    }
    std::size_t done = 0;
    while (!ready.empty()) {
      const RuleNode* node = ready.back();
      ready.pop_back();
      ++done;
      for (const RuleNode* other : needed_by[node]) {
        if (--waiting[other] == 0) ready.push_back(other);
      }
    }
    if (done == edges_.size()) return;
    const auto left = std::find_if(waiting.begin(), waiting.end(), [](const auto& entry) { return entry.second > 0; });
    report(left->first, waiting);
  }

 private:
  void add_below(const RuleNode& from, const RuleNode& node) {
    if (node.has_rules() && edges_[&from].insert(&node).second && ++reads_ > kMaxReads) {
      const Rule& rule = from.rules().empty() ? *from.fallback() : *from.rules().front();
      fail_at(*rule.file, rule.place, "the rules read too much of each other");
    }
    for (const auto& [name, child] : node.children()) add_below(from, *child);
  }

  [[noreturn]] void report(const RuleNode* node, const std::map<const RuleNode*, std::size_t>& waiting) {
    std::vector<const RuleNode*> way;
    while (std::find(way.begin(), way.end(), node) == way.end()) {
      way.push_back(node);
      node = *std::find_if(edges_[node].begin(), edges_[node].end(),
                           [&](const RuleNode* other) { return waiting.at(other) > 0; });
    }
    way.erase(way.begin(), std::find(way.begin(), way.end(), node));
    std::vector<std::string> names;
    for (const RuleNode* step : way) names.push_back(step->path());
    names.push_back(node->path());
    const Rule& rule = node->rules().empty() ? *node->fallback() : *node->rules().front();
    fail_at(*rule.file, rule.place, base::format("the rule needs its own value: {}", base::join(names, " needs ")));
  }

  std::map<const RuleNode*, std::set<const RuleNode*>> edges_;
  std::size_t reads_ = 0;
};

void add_owns(Dependencies& dependencies, const RuleNode& node) {
  if (node.has_rules()) dependencies.add_own(node);
  for (const auto& [name, child] : node.children()) add_owns(dependencies, *child);
}

}  // namespace

bool Program::has_package(const std::vector<std::string>& path) const {
  return std::any_of(modules_.begin(), modules_.end(), [&](const Module& module) {
    const std::size_t length = std::min(path.size(), module.package.size());
    if (!std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(length), module.package.begin())) {
      return false;
    }
    if (module.package.size() >= path.size()) return true;
    // A rule of the package.
    return std::any_of(module.rules.begin(), module.rules.end(),
                       [&](const auto& rule) { return rule->head[0]->value == Value(path[module.package.size()]); });
  });
}

void Program::load_imports(const CompileOptions& options) {
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    for (std::size_t j = 0; j < modules_[i].imports.size(); ++j) {
      const Import import = modules_[i].imports[j];
      if (import.path[0] != "data") continue;
      const std::vector<std::string> path(import.path.begin() + 1, import.path.end());
      if (has_package(path)) continue;
      for (const auto& name : path) {
        if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos) {
          fail_at(*modules_[i].file, import.place, "what is imported is no file's name");
        }
      }
      const std::string file = base::join(path, "/") + ".rego";
      const auto text = options.load ? options.load(file) : std::nullopt;
      if (!text) {
        fail_at(*modules_[i].file, import.place,
                base::format("nothing defines {}, and there is no {}", base::join(import.path, "."), file));
      }
      if (modules_.size() == kMaxModules) {
        fail_at(*modules_[i].file, import.place, base::format("more than {} modules", kMaxModules));
      }
      modules_.push_back(read_module({file, *text}));
      modules_.back().package = path;  // the file's place says what it is called, as with docker buildx
    }
  }
}

std::shared_ptr<const Program> Program::compile(const std::vector<ModuleText>& texts, CompileOptions options) {
  const std::shared_ptr<Program> program(new Program);
  for (const auto& text : texts) program->modules_.push_back(read_module(text));
  program->load_imports(options);
  program->functions_ = std::move(options.functions);
  std::size_t rules = 0;
  std::map<std::vector<std::string>, std::set<std::string, std::less<>>> names_of;
  for (auto& module : program->modules_) {
    rules += module.rules.size();
    if (rules > kMaxRules) fail_at(*module.file, {1, 1}, base::format("more than {} rules", kMaxRules));
    // A package without rules is there, and empty.
    RuleNode* node = &program->root_;
    for (const auto& name : module.package) node = &node->make_child(name);
    for (auto& rule : module.rules) {
      names_of[module.package].insert(rule->head[0]->value.string());
      add_rule(program->root_, module.package, *rule);
    }
  }
  program->root_.check();
  Dependencies dependencies;
  add_owns(dependencies, program->root_);
  for (auto& module : program->modules_) {
    const Names names{.root = &program->root_,
                      .package = module.package,
                      .rules = names_of[module.package],
                      .imports = &module.imports,
                      .functions = &program->functions_};
    for (auto& rule : module.rules) {
      const auto reads = resolve_rule(*rule, names);
      const RuleNode* node = program->root_.find(rule->path);
      for (const auto& path : reads) dependencies.add(*node, program->root_, path);
    }
  }
  dependencies.check();
  return program;
}

}  // namespace rego
