// SPDX-License-Identifier: Apache-2.0
#include "attest/image_policy.h"

#include <algorithm>
#include <array>

#include "attest/policy_json.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/strings.h"

namespace attest {
namespace {

constexpr std::size_t kMaxKeyFile = 1U << 20;

[[noreturn]] void malformed(std::string_view what) { base::fail(base::Code::invalid_argument, "{}", what); }

std::string text_of(const base::Json& json, std::string_view field) {
  if (!json[field].is_string()) malformed(base::format("\"{}\" is missing, or no text", field));
  return json[field].as_string();
}

/// The directories, namespaces and host above a name, nearest first, itself included.
std::vector<std::string> upwards(std::string name) {
  std::vector<std::string> names;
  while (!name.empty()) {
    names.push_back(name);
    const auto slash = name.rfind('/');
    name.resize(slash == name.npos ? 0 : slash);
  }
  return names;
}

std::vector<std::string> scopes_of(const oci::Reference& image) {
  std::vector<std::string> scopes;
  if (!image.digest.empty()) scopes.push_back(image.name() + "@" + image.digest.str());
  if (!image.tag.empty()) scopes.push_back(image.name() + ":" + image.tag);
  for (auto& name : upwards(image.name())) scopes.push_back(std::move(name));
  std::string_view host = image.domain;
  for (auto dot = host.find('.'); dot != host.npos; dot = host.find('.')) {
    host.remove_prefix(dot + 1);
    scopes.push_back("*." + std::string(host));
  }
  return scopes;
}

[[noreturn]] void other_name(std::string_view signed_name, std::string_view wanted) {
  base::fail(base::Code::permission_denied, "not verified: the signature is for {}, not for {}", signed_name, wanted);
}

/// A prefix ends where a part of the name does.
bool has_name_prefix(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) &&
         (name.size() == prefix.size() || std::string_view("/:@").find(name[prefix.size()]) != std::string_view::npos);
}

void check_digest_or_exact(const oci::Reference& signed_as, const oci::Reference& image) {
  // A digest says which bytes are meant; then the repository alone is to agree.
  if (!image.digest.empty() && signed_as.name() == image.name()) return;
  if (image.digest.empty() && signed_as == image) return;
  other_name(signed_as.str(), image.str());
}

}  // namespace

void SignedIdentity::check(std::string_view signed_name, const oci::Reference& image) const {
  const auto signed_as = oci::Reference::parse_if_valid(signed_name);
  if (!signed_as) base::fail(base::Code::permission_denied, "not verified: the signature names no image");
  switch (match) {
    case Match::repo_digest_or_exact: return check_digest_or_exact(*signed_as, image);
    case Match::exact:
      if (image.tag.empty() || signed_as->name() != image.name() || signed_as->tag != image.tag) {
        other_name(signed_name, image.str());
      }
      return;
    case Match::repository:
      if (signed_as->name() != image.name()) other_name(signed_name, image.name());
      return;
    case Match::exact_reference:
      if (*signed_as != oci::Reference::parse(name)) other_name(signed_name, name);
      return;
    case Match::exact_repository:
      if (signed_as->name() != oci::Reference::parse(name).name()) other_name(signed_name, name);
      return;
    case Match::remap:
      std::string wanted = image.str();
      if (has_name_prefix(wanted, name)) wanted = signed_prefix + wanted.substr(name.size());
      return check_digest_or_exact(*signed_as, oci::Reference::parse(wanted));
  }
}

/// From JSON; what it throws has no place yet.
class ImagePolicy::Reader {
 public:
  explicit Reader(std::string path) : directory_(base::dir_name(path)), file_(base::base_name(path)) {}

  Requirements requirements(const base::Json& json, const std::string& scope) const {
    if (!json.is_array() || json.items().empty()) {
      malformed(base::format("{}, {}: a list with at least one requirement is wanted", file_, scope));
    }
    Requirements all;
    for (const auto& entry : json.items()) {
      const std::string place = base::format("{}, {}, requirement {}", file_, scope, all.size() + 1);
      all.push_back(base::with_context([&] { return requirement(entry); }, "{}", place));
      all.back().place = base::format("{} ({})", place, entry["type"].string_or(""));
    }
    return all;
  }

 private:
  ImageRequirement requirement(const base::Json& json) const {
    const std::string type = json["type"].string_or("");
    ImageRequirement requirement;
    if (type == "sigstoreSigned") return sigstore(json);
    if (type == "signedBy") {
      requirement.kind = ImageRequirement::Kind::gpg;
      return requirement;
    }
    want_fields(json, "the requirement", {"type"});
    if (type == "insecureAcceptAnything") {
      requirement.kind = ImageRequirement::Kind::accept;
    } else if (type != "reject") {
      malformed(
          base::format("the type {} is not known; there are insecureAcceptAnything, reject, sigstoreSigned and "
                       "signedBy",
                       json["type"].dump()));
    }
    return requirement;
  }

  ImageRequirement sigstore(const base::Json& json) const {
    want_fields(json, "the requirement",
                {"type", "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki", "rekorPublicKeyPath",
                 "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas", "signedIdentity"});
    std::vector<PublicKey> keys = public_keys(json, "key");
    const bool has_keys = !keys.empty();
    if (int{has_keys} + int{json.contains("fulcio")} + int{json.contains("pki")} != 1) {
      malformed("exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio and pki is wanted");
    }
    Trust trust = has_keys ? Trust::in_keys(std::move(keys)) : Trust::in_authority(authority(json));
    std::vector<PublicKey> log_keys = public_keys(json, "rekorPublicKey");
    // Fulcio's certificates hold for minutes: without the log nobody knows that the signature is from then.
    if (json.contains("fulcio") && log_keys.empty()) malformed("fulcio wants a rekorPublicKeyPath or …Data");
    trust.want_log(std::move(log_keys));
    ImageRequirement requirement;
    requirement.kind = ImageRequirement::Kind::sigstore;
    requirement.trust = std::make_shared<const Trust>(std::move(trust));
    if (json.contains("signedIdentity")) requirement.identity = identity(json["signedIdentity"]);
    return requirement;
  }

  Authority authority(const base::Json& json) const {
    Authority authority;
    if (json.contains("fulcio")) {
      const base::Json& fulcio = json["fulcio"];
      want_fields(fulcio, "fulcio", {"caPath", "caData", "oidcIssuer", "subjectEmail"});
      authority.roots = certificates(fulcio, "ca");
      authority.issuer = text_of(fulcio, "oidcIssuer");
      authority.identity = text_of(fulcio, "subjectEmail");
      if (authority.issuer.empty()) malformed("an empty oidcIssuer vouches for nobody");
    } else {
      const base::Json& pki = json["pki"];
      want_fields(pki, "pki",
                  {"caRootsPath", "caRootsData", "caIntermediatesPath", "caIntermediatesData", "subjectEmail",
                   "subjectHostname"});
      authority.roots = certificates(pki, "caRoots");
      if (pki.contains("caIntermediatesPath") || pki.contains("caIntermediatesData")) {
        authority.intermediates = certificates(pki, "caIntermediates");
      }
      if (pki.contains("subjectEmail") == pki.contains("subjectHostname")) {
        malformed("pki wants one of subjectEmail and subjectHostname");
      }
      authority.identity = text_of(pki, pki.contains("subjectEmail") ? "subjectEmail" : "subjectHostname");
    }
    if (authority.identity.empty()) malformed("an empty subject is nobody");
    return authority;
  }

  std::string read_beside(const std::string& path) const {
    return base::read_file(path.starts_with('/') ? path : base::join_path(directory_, path), kMaxKeyFile);
  }

  static std::string inline_data(const base::Json& value, std::string_view field) {
    const auto data = base::base64_decode(value.string_or(""));
    if (!data || data->empty()) malformed(base::format("{} is no base64", field));
    return *data;
  }

  std::string certificates(const base::Json& json, const std::string& stem) const {
    if (json.contains(stem + "Path") == json.contains(stem + "Data")) {
      malformed(base::format("one of {}Path and {}Data is wanted", stem, stem));
    }
    std::string pem = json.contains(stem + "Path") ? read_beside(text_of(json, stem + "Path"))
                                                   : inline_data(json[stem + "Data"], stem + "Data");
    if (certificates_in(pem).empty()) malformed(base::format("{} has no certificate", stem));
    return pem;
  }

  /// Of at most one of STEMPath, STEMPaths, STEMData and STEMDatas.
  std::vector<PublicKey> public_keys(const base::Json& json, const std::string& stem) const {
    std::vector<std::string> texts;
    int fields = 0;
    for (const std::string kind : {"Path", "Paths", "Data", "Datas"}) {
      const std::string field = stem + kind;
      if (!json.contains(field)) continue;
      ++fields;
      const base::Json list = kind.ends_with('s') ? json[field] : base::Json::array().push(json[field]);
      if (list.items().empty()) malformed(base::format("{} is empty, or no list", field));
      for (const auto& value : list.items()) {
        if (!value.is_string()) malformed(base::format("{} is no text", field));
        texts.push_back(kind.starts_with("Path") ? read_beside(value.as_string()) : inline_data(value, field));
      }
    }
    if (fields > 1)
      malformed(base::format("more than one of {}Path, {}Paths, {}Data, {}Datas", stem, stem, stem, stem));
    std::vector<PublicKey> keys;
    for (const auto& text : texts) keys.push_back(PublicKey::parse(text));
    return keys;
  }

  static SignedIdentity identity(const base::Json& json) {
    static constexpr std::array<std::pair<std::string_view, SignedIdentity::Match>, 6> kTypes{{
        {"matchRepoDigestOrExact", SignedIdentity::Match::repo_digest_or_exact},
        {"matchExact", SignedIdentity::Match::exact},
        {"matchRepository", SignedIdentity::Match::repository},
        {"exactReference", SignedIdentity::Match::exact_reference},
        {"exactRepository", SignedIdentity::Match::exact_repository},
        {"remapIdentity", SignedIdentity::Match::remap},
    }};
    const std::string type = json["type"].string_or("");
    const auto* found =
        std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& known) { return known.first == type; });
    if (found == kTypes.end()) malformed(base::format("signedIdentity: the type {} is not known", json["type"].dump()));
    SignedIdentity identity{.match = found->second, .name = "", .signed_prefix = ""};
    switch (identity.match) {
      case SignedIdentity::Match::exact_reference:
        want_fields(json, "signedIdentity", {"type", "dockerReference"});
        identity.name = text_of(json, "dockerReference");
        if (const auto reference = oci::Reference::parse(identity.name);
            reference.tag.empty() && reference.digest.empty()) {
          malformed("exactReference wants a tag or a digest");
        }
        break;
      case SignedIdentity::Match::exact_repository:
        want_fields(json, "signedIdentity", {"type", "dockerRepository"});
        identity.name = text_of(json, "dockerRepository");
        oci::Reference::parse(identity.name);
        break;
      case SignedIdentity::Match::remap:
        want_fields(json, "signedIdentity", {"type", "prefix", "signedPrefix"});
        identity.name = text_of(json, "prefix");
        identity.signed_prefix = text_of(json, "signedPrefix");
        if (identity.name.empty() || identity.signed_prefix.empty()) malformed("remapIdentity wants two names");
        break;
      default: want_fields(json, "signedIdentity", {"type"});
    }
    return identity;
  }

  std::string directory_;
  std::string file_;
};

ImagePolicy ImagePolicy::parse(std::string_view text, const std::string& path) {
  const Reader reader(path);
  ImagePolicy policy;
  policy.digest_ = base::sha256(text).str();
  base::with_context(
      [&] {
        const base::Json json = base::Json::parse(text);
        want_fields(json, "the policy", {"default", "transports"});
        policy.default_ = reader.requirements(json["default"], "default");
        if (json.contains("transports") && !json["transports"].is_object()) malformed("transports is no object");
        for (const auto& [transport, scopes] : json["transports"].members()) {
          if (!scopes.is_object()) malformed(base::format("transport {} is no object", transport));
          for (const auto& [scope, requirements] : scopes.members()) {
            policy.transports_[transport][scope] = reader.requirements(
                requirements, scope.empty() ? "transport " + transport : base::format("scope {}", scope));
          }
        }
      },
      "{}", path);
  return policy;
}

const ImagePolicy::Requirements& ImagePolicy::for_image(const oci::Reference& image) const {
  return most_specific("docker", scopes_of(image));
}

const ImagePolicy::Requirements& ImagePolicy::for_layout(std::string_view directory, std::string_view tag) const {
  std::vector<std::string> scopes{base::format("{}:{}", directory, tag)};
  for (auto& name : upwards(std::string(directory))) scopes.push_back(std::move(name));
  return most_specific("oci", scopes);
}

const ImagePolicy::Requirements& ImagePolicy::most_specific(std::string_view transport,
                                                            const std::vector<std::string>& scopes) const {
  const auto known = transports_.find(transport);
  if (known == transports_.end()) return default_;
  for (const auto& scope : scopes) {
    if (const auto found = known->second.find(scope); found != known->second.end()) return found->second;
  }
  const auto whole = known->second.find("");
  return whole == known->second.end() ? default_ : whole->second;
}

}  // namespace attest
