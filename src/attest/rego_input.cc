// SPDX-License-Identifier: Apache-2.0
#include "attest/rego_input.h"

#include <algorithm>

#include "attest/git_object.h"
#include "attest/rego_fields.h"
#include "attest/rego_provenance.h"
#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "llb/attr.h"
#include "oci/reference.h"

namespace attest {
namespace {

using rego::Value;

Value environment_value(const RegoEnvironment& environment, bool asks_capabilities) {
  RegoFields env;
  env.texts("args", environment.args).texts("labels", environment.labels);
  env.text("filename", environment.filename).text("target", environment.target);
  env.flag("capsRequest", asks_capabilities).put("depth", Value(0));
  return env.take();
}

/// scheme://[user@]host/path?query in its parts; nothing of it is decoded but path and query.
struct Url {
  std::string scheme;
  std::string host;
  std::string path;
  std::string query;
};

Url parse_url(std::string_view text) {
  Url url;
  if (const auto parts = base::cut(text, "://")) {
    url.scheme = parts->first;
    text = parts->second;
  }
  text = text.substr(0, text.find('#'));
  if (const auto parts = base::cut(text, "?")) {
    url.query = parts->second;
    text = parts->first;
  }
  const auto slash = std::min(text.find('/'), text.size());
  url.path = text.substr(slash);
  std::string_view host = text.substr(0, slash);
  if (const auto at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
  url.host = host;
  return url;
}

/// %41 is A; a percent sign that means nothing stays as it is.
std::string unescaped(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '%' && i + 2 < text.size() ? base::parse_int(text.substr(i + 1, 2), 16) : std::nullopt;
    if (code && *code >= 0) {
      result += static_cast<char>(*code);
      i += 2;
    } else {
      result += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

Value query_value(const std::string& query) {
  std::map<std::string, Value::Array> values;
  for (const auto& part : base::split(query, '&')) {
    if (part.empty()) continue;
    const auto pair = base::cut(part, "=").value_or(std::pair<std::string_view, std::string_view>{part, ""});
    values[unescaped(pair.first, true)].emplace_back(unescaped(pair.second, true));
  }
  Value::Object members;
  for (auto& [name, list] : values) members.emplace(Value(name), Value(std::move(list)));
  return Value(std::move(members));
}

Value http_value(const llb::SourceOp& source, const KnownSource& known) {
  const Url url = parse_url(source.identifier);
  RegoFields http;
  http.text("url", source.identifier).text("schema", url.scheme).text("host", url.host);
  http.text("path", unescaped(url.path, false));
  if (!url.query.empty()) http.put("query", query_value(url.query));
  http.flag("hasAuth", !source.attr(llb::attr::kHttpAuthHeaderSecret).empty());
  // The one that the Dockerfile gives is held to when the file is fetched.
  const std::string pinned = source.attr(llb::attr::kHttpChecksum);
  if (known.http_digest || !pinned.empty()) {
    http.text("checksum", known.http_digest.value_or(pinned));
  } else {
    http.unknown("checksum", "http.checksum");
  }
  return http.take();
}

Value actor_value(std::string_view text) {
  const GitActor actor = parse_git_actor(text);
  return RegoFields().text("name", actor.name).text("email", actor.email).text("when", actor.when).take();
}

void add_signature(RegoFields& object, const std::string& armored) {
  const auto note = note_of_signature(armored);
  if (!note) return;
  RegoFields signature;
  if (note->version != 0) signature.put("version", Value(note->version));
  signature.text(note->is_ssh ? "pubKey" : "keyID", note->key);
  object.put(note->is_ssh ? "sshSignature" : "pgpSignature", signature.take());
}

Value commit_value(const std::string& raw) {
  const GitObject object = GitObject::parse(raw);
  RegoFields commit;
  commit.text("tree", object.header("tree"));
  if (const auto parents = object.headers.find("parent"); parents != object.headers.end()) {
    commit.texts("parents", parents->second);
  }
  commit.put("author", actor_value(object.header("author")));
  commit.put("committer", actor_value(object.header("committer")));
  commit.text("message", object.message);
  add_signature(commit, object.signature);
  return commit.take();
}

Value tag_value(const std::string& raw) {
  const GitObject object = GitObject::parse(raw);
  RegoFields tag;
  tag.text("object", object.header("object")).text("type", object.header("type")).text("tag", object.header("tag"));
  tag.put("tagger", actor_value(object.header("tagger"))).text("message", object.message);
  add_signature(tag, object.signature);
  return tag.take();
}

void add_ref_names(RegoFields& git, std::string_view ref) {
  if (ref.starts_with("refs/tags/")) git.text("tagName", ref.substr(10));
  if (ref.starts_with("refs/heads/")) git.text("branch", ref.substr(11));
}

void add_revision(RegoFields& git, const GitFacts& facts) {
  const auto& revision = facts.revision;
  git.text("ref", revision.ref);
  add_ref_names(git, revision.ref);
  git.text("checksum", revision.checksum).text("commitChecksum", revision.commit);
  git.flag("isAnnotatedTag", revision.checksum != revision.commit).flag("isSHA256", revision.checksum.size() == 64);
  if (facts.commit.empty()) {
    git.unknown("commit", "git.commit").unknown("tag", "git.tag");
    return;
  }
  git.put("commit", commit_value(facts.commit));
  if (!facts.tag.empty()) git.put("tag", tag_value(facts.tag));
}

/// What the ref itself says before the remote was asked.
void add_unasked(RegoFields& git, const std::string& ref) {
  const bool is_commit = ops::is_commit_id(ref);
  if (is_commit || ref.starts_with("refs/tags/") || ref.starts_with("refs/heads/")) {
    git.text("ref", ref);
    add_ref_names(git, ref);
  } else {
    for (const char* name : {"ref", "tagName", "branch"}) git.unknown(name, base::format("git.{}", name));
  }
  if (is_commit) {
    git.text("checksum", ref).text("commitChecksum", ref).flag("isSHA256", ref.size() == 64);
  } else {
    for (const char* name : {"checksum", "commitChecksum", "isAnnotatedTag", "isSHA256"}) {
      git.unknown(name, base::format("git.{}", name));
    }
  }
  git.unknown("commit", "git.commit").unknown("tag", "git.tag");
}

Value git_value(const llb::SourceOp& source, const KnownSource& known) {
  const ops::GitSource asked = ops::GitSource::of(source);
  Url url = parse_url(asked.url);
  if (url.scheme.empty()) {  // user@host:path
    url.scheme = "ssh";
    const std::string_view text = asked.url;
    const auto at = text.find('@') == text.npos ? 0 : text.find('@') + 1;
    url.host = text.substr(at, text.find(':', at) - at);
  }
  RegoFields git;
  git.text("schema", url.scheme).text("host", url.host).text("remote", asked.url);
  git.text("fullURL", source.attr(llb::attr::kGitFullUrl));
  const std::string subdir = base::clean_path("/" + asked.subdir);
  if (subdir != "/") git.text("subDir", asked.subdir);
  git.flag("isCommitRef", ops::is_commit_id(asked.ref));
  if (known.git) {
    add_revision(git, *known.git);
  } else {
    add_unasked(git, asked.ref);
  }
  return git.take();
}

void add_config(RegoFields& image, const std::string& text) {
  const base::Json json = base::Json::parse(text);
  const base::Json& config = json["config"];
  image.text("createdTime", json["created"].string_or(""));
  image.texts("labels", config["Labels"].string_members()).texts("env", config["Env"].string_items());
  image.text("user", config["User"].string_or("")).text("workingDir", config["WorkingDir"].string_or(""));
  std::vector<std::string> volumes;
  for (const auto& [name, nothing] : config["Volumes"].members()) volumes.push_back(name);
  std::sort(volumes.begin(), volumes.end());
  image.texts("volumes", volumes);
}

void unknown_fields(RegoFields& image, std::initializer_list<std::string_view> names) {
  for (const auto name : names) image.unknown(name, base::format("image.{}", name));
}

Value image_value(const llb::SourceOp& source, const llb::Platform& platform, const KnownSource& known) {
  const auto reference = oci::Reference::parse(source_name(source));
  RegoFields image;
  image.text("ref", reference.str()).text("host", reference.domain).text("repo", reference.familiar_name());
  image.text("fullRepo", reference.name()).text("tag", reference.tag);
  image.text("platform", llb::format_platform(platform)).text("os", platform.os);
  image.text("arch", platform.architecture).text("variant", platform.variant);
  const bool is_canonical = !reference.digest.empty();
  image.flag("isCanonical", is_canonical);
  if (is_canonical || known.image) {
    image.text("checksum", is_canonical ? reference.digest.str() : known.image->digest);
  } else {
    unknown_fields(image, {"checksum"});
  }
  if (known.image) {
    add_config(image, known.image->config);
  } else {
    unknown_fields(image, {"createdTime", "labels", "env", "user", "volumes", "workingDir"});
  }
  if (known.statements) {
    add_provenance(image, *known.statements);
  } else {
    unknown_fields(image, {"hasProvenance", "provenance"});
  }
  unknown_fields(image, {"signatures"});
  return image.take();
}

}  // namespace

std::string_view source_name(const llb::SourceOp& source) {
  const std::string_view text = source.identifier;
  const auto parts = base::cut(text, "://");
  return parts ? parts->second : text;
}

Value policy_input(const llb::SourceOp& source, const llb::Platform& platform, const RegoEnvironment& environment,
                   const KnownSource& known) {
  RegoFields input;
  input.put("env", environment_value(environment, false));
  const std::string_view scheme = source.scheme();
  if (scheme == "docker-image") {
    input.put("image", image_value(source, platform, known));
  } else if (scheme == "http" || scheme == "https") {
    input.put("http", http_value(source, known));
  } else if (scheme == "git") {
    input.put("git", git_value(source, known));
  } else if (scheme == "local") {
    input.put("local", RegoFields().text("name", source_name(source)).take());
  } else {
    base::fail(base::Code::failed_precondition, "policies in Rego cannot be asked about {}", source.identifier);
  }
  return input.take();
}

Value known_part(const Value& input, std::vector<std::string>& unknown) {
  if (!input.is_object()) return input;
  Value::Object members;
  for (const auto& [key, member] : input.object()) {
    if (member.kind() == Value::Kind::unknown) {
      try {
        member.require_known();
      } catch (const rego::UnknownRead& read) {
        unknown.push_back(read.path);
      }
    } else {
      members.emplace(key, known_part(member, unknown));
    }
  }
  return Value(std::move(members));
}

Value capabilities_input(const RegoEnvironment& environment) {
  return RegoFields().put("env", environment_value(environment, true)).take();
}

}  // namespace attest
