// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/git_ref.h"

#include <algorithm>
#include <utility>

#include "base/path.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/go_values.h"
#include "dockerfile/invalid.h"
#include "dockerfile/url.h"

namespace dockerfile {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// A remote with its options, from any of the forms.
struct Remote {
  std::string scheme;
  std::string path;
  std::string text;  ///< for git
  std::string fragment;
  UrlQuery query;
};

/// "scheme" of "scheme://…" in lower case; nothing when the text has no such beginning.
std::optional<std::string> scheme_of(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_alphanumeric);
  const auto size = static_cast<std::size_t>(end - text.begin());
  if (size == 0 || !text.substr(size).starts_with("://")) return std::nullopt;
  return base::lower(text.substr(0, size));
}

bool is_supported(std::string_view scheme) {
  return scheme == "http" || scheme == "https" || scheme == "ssh" || scheme == "git";
}

Remote remote_of_url(const Url& url) {
  Url plain = url;
  plain.raw_query.clear();
  return {.scheme = url.scheme, .path = url.path, .text = plain.text(), .fragment = url.fragment, .query = url.query()};
}

/// The pieces of user@host:path?query#fragment.
struct ScpForm {
  std::string_view user_and_host, path, query, fragment;
};

std::optional<ScpForm> split_scp(std::string_view text) {
  const auto is_user = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
  const auto is_host = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
  const auto at = std::find_if_not(text.begin(), text.end(), is_user);
  if (at == text.begin() || at == text.end() || *at != '@') return std::nullopt;
  const auto colon = std::find_if_not(at + 1, text.end(), is_host);
  if (colon == at + 1 || colon == text.end() || *colon != ':' || text.find('\n') != text.npos) return std::nullopt;
  ScpForm form;
  const auto host_end = static_cast<std::size_t>(colon - text.begin());
  form.user_and_host = text.substr(0, host_end);
  std::string_view rest = text.substr(host_end + 1);
  const auto hash = rest.find('#');
  if (hash != rest.npos) form.fragment = rest.substr(hash + 1);
  rest = rest.substr(0, hash);
  const auto question = rest.find('?');
  form.path = rest.substr(0, question);
  if (question != rest.npos) form.query = rest.substr(question + 1);
  return form;
}

std::optional<Remote> remote_of_scp(std::string_view text) {
  const auto form = split_scp(text);
  auto query = form ? parse_url_query(form->query) : std::nullopt;
  if (!query) return std::nullopt;
  return Remote{.scheme = "ssh",
                .path = std::string(form->path),
                .text = std::string(form->user_and_host) + ":" + std::string(form->path),
                .fragment = std::string(form->fragment),
                .query = std::move(*query)};
}

Remote read_remote(std::string_view text) {
  if (const auto scheme = scheme_of(text)) {
    if (!is_supported(*scheme)) invalid(*scheme + ": invalid protocol");
    return remote_of_url(Url::parse(text));
  }
  if (auto remote = remote_of_scp(text)) return std::move(*remote);
  invalid("unknown protocol");
}

bool read_bool(const std::string& key, const std::optional<std::string>& value) {
  if (!value) return true;
  const auto read = parse_bool(*value);
  if (!read) invalid(base::format("invalid {} value: {}", key, base::quote(*value)));
  return *read;
}

/// Sets `field`, unless it holds something else already.
void set_once(std::string& field, std::string_view what, const std::string& value) {
  if (!field.empty() && field != value) {
    invalid(base::format("{} conflicts: {} vs {}", what, base::quote(field), base::quote(value)));
  }
  field = value;
}

std::string with_prefix(std::string_view prefix, const std::string& name) {
  return name.starts_with(prefix) ? name : std::string(prefix) + name;
}

/// Reads a query into a reference.
class QueryReader {
 public:
  explicit QueryReader(GitRef& ref) : ref_(ref) {}

  void read(const UrlQuery& query) {
    for (const auto& [key, values] : query) {
      if (values.size() > 1) invalid(base::format("query {} has multiple values", base::quote(key)));
      std::optional<std::string> value;
      if (!values.empty() && !values[0].empty()) value = values[0];
      if (!read_switch(key, value) && !read_value(key, value)) invalid("unexpected query " + base::quote(key));
    }
    if (!tag_.empty()) set_once(ref_.ref, "ref", with_prefix("refs/tags/", tag_));
    if (!branch_.empty()) {
      if (!tag_.empty()) invalid("branch conflicts with tag");
      set_once(ref_.ref, "ref", with_prefix("refs/heads/", branch_));
    }
  }

 private:
  /// Keys that may stand alone.
  bool read_switch(const std::string& key, const std::optional<std::string>& value) {
    if (key == "keep-git-dir") {
      ref_.keep_git_dir = read_bool(key, value);
    } else if (key == "submodules") {
      ref_.submodules = read_bool(key, value);
    } else if (key == "fetch-by-commit") {
      ref_.fetch_by_commit = read_bool(key, value);
    } else {
      return false;
    }
    return true;
  }

  bool read_value(const std::string& key, const std::optional<std::string>& value) {
    if (!value) invalid(base::format("query {} has no value", base::quote(key)));
    if (key == "ref") {
      set_once(ref_.ref, key, *value);
    } else if (key == "tag") {
      tag_ = *value;
    } else if (key == "branch") {
      branch_ = *value;
    } else if (key == "subdir") {
      set_once(ref_.subdir, key, *value);
    } else if (key == "checksum" || key == "commit") {
      ref_.checksum = *value;
    } else if (key == "mtime") {
      if (*value != "checkout" && *value != "commit") {
        invalid(base::format("invalid mtime value: {} (must be \"checkout\" or \"commit\")", base::quote(*value)));
      }
      ref_.mtime = *value;
    } else {
      return false;
    }
    return true;
  }

  GitRef& ref_;
  std::string tag_, branch_;
};

void read_fragment(GitRef& ref, std::string_view fragment) {
  const auto colon = fragment.find(':');
  ref.ref = fragment.substr(0, colon);
  if (colon != fragment.npos) ref.subdir = base::join_path("/", fragment.substr(colon + 1)).substr(1);
}

Remote find_remote(std::string_view text, GitRef& ref) {
  if (text.starts_with("./") || text.starts_with("../")) invalid("invalid argument");
  if (text.starts_with("github.com/")) {
    ref.indistinguishable_from_local = true;
    Url url = Url::parse(text);
    url.scheme = "https";
    return remote_of_url(url);
  }
  Remote remote = read_remote(text);
  ref.unencrypted_tcp = remote.scheme == "http" || remote.scheme == "git";
  const bool web = remote.scheme == "http" || remote.scheme == "https";
  if (web && !remote.path.ends_with(".git")) invalid("invalid argument");
  return remote;
}

}  // namespace

GitRefResult parse_git_ref(std::string_view text) {
  GitRefResult result;
  try {
    GitRef ref;
    Remote remote = find_remote(text, ref);
    ref.remote = ref.indistinguishable_from_local ? remote.text.substr(remote.text.find("://") + 3) : remote.text;
    read_fragment(ref, remote.fragment);
    ref.short_name = ref.remote.substr(ref.remote.rfind('/') + 1);
    if (ref.short_name.ends_with(".git")) ref.short_name.resize(ref.short_name.size() - 4);
    result.is_git = true;
    QueryReader(ref).read(remote.query);
    result.ref = std::move(ref);
  } catch (base::Error& error) {
    result.error = std::move(error);
  }
  return result;
}

std::optional<std::string> git_fragment_form(std::string_view text, WithSubdir subdir) {
  const GitRefResult result = parse_git_ref(text);
  if (!result.ref) return std::nullopt;
  const GitRef& ref = *result.ref;
  const std::string directory = subdir == WithSubdir::yes ? base::join_path("/", ref.subdir).substr(1) : "";
  std::string form = ref.remote;
  if (!ref.ref.empty() || !directory.empty()) form += "#" + ref.ref;
  if (!directory.empty()) form += ":" + directory;
  return form;
}

bool is_commit_sha(std::string_view text) {
  if (text.size() != 40 && text.size() != 64) return false;
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_git_transport(std::string_view text) {
  const auto scheme = scheme_of(text);
  return scheme ? is_supported(*scheme) : split_scp(text).has_value();
}

}  // namespace dockerfile
