// SPDX-License-Identifier: Apache-2.0
// What is signed by whom is tested with real repositories in tests/e2e/cases/git_signatures.sh; here is what a rule may
// say.
#include "ops/git_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ops/git_program.h"

namespace ops {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKZkEvHMoTnZmOhyFvGCDc9JpFYYeXAqUzHmFLpxmLFG me\n";

std::optional<GitSignatureRule> rule_of(std::map<std::string, std::string> attrs) {
  llb::SourceOp source;
  source.identifier = "git://example.org/repo";
  for (auto& [key, value] : attrs) source.attrs[key] = value;
  return GitSignatureRule::of(source);
}

template <typename Call>
std::string error_of(Call call, base::Code code) {
  try {
    call();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

std::string keys_error(std::string keys) {
  const base::TemporaryDirectory room;
  const GitSignatureRule rule{.keys = std::move(keys)};
  return error_of([&] { GitSignatures(rule, room.path(), room.path(), {}); }, base::Code::invalid_argument);
}

TEST(GitSignatureRule, IsNoneForSourcesWithoutOne) { EXPECT_FALSE(rule_of({{"git.keepgitdir", "true"}})); }

TEST(GitSignatureRule, TakesTheAttributes) {
  const auto rule =
      rule_of({{"git.sig.pubkey", "k"}, {"git.sig.rejectexpired", "true"}, {"git.sig.ignoresignedtag", ""}});
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->keys, "k");
  EXPECT_TRUE(rule->reject_expired);
  EXPECT_FALSE(rule->require_signed_tag);
  EXPECT_FALSE(rule->ignore_signed_tag);
}

TEST(GitSignatureRule, NeverGuessesAtATruthValue) {
  for (const char* value : {"True", "1", "yes", " true"}) {
    EXPECT_THAT(error_of([&] { rule_of({{"git.sig.pubkey", "k"}, {"git.sig.requiresignedtag", value}}); },
                         base::Code::invalid_argument),
                HasSubstr("takes true or false"));
  }
}

TEST(GitSignatureRule, NeedsAKeyForConditions) {
  for (const char* name : {"git.sig.requiresignedtag", "git.sig.rejectexpired"}) {
    EXPECT_THAT(error_of([&] { rule_of({{name, "true"}}); }, base::Code::invalid_argument), HasSubstr("names no key"));
  }
  EXPECT_THAT(error_of([&] { rule_of({{"git.sig.pubkey", ""}}); }, base::Code::invalid_argument),
              HasSubstr("names no key"));
}

TEST(GitSignatures, TakeNothingButKeys) {
  EXPECT_THAT(keys_error("\n# release keys\n"), HasSubstr("holds no key"));
  // Each of these would be a line of allowed signers that lets others sign.
  for (const std::string before : {"* ", "cert-authority ", "a@b ", "namespaces=\"file\" "}) {
    EXPECT_THAT(keys_error(before + std::string(kKey)), HasSubstr("nor an SSH public key"));
  }
  EXPECT_THAT(keys_error(std::string(kKey) + "ssh-ed25519\n"), HasSubstr("nor an SSH public key"));
  EXPECT_THAT(keys_error("ssh-ed25519 AAAA\n"), HasSubstr("SSH public key that cannot be read"));
  EXPECT_THAT(keys_error("-----BEGIN PGP PUBLIC KEY BLOCK-----\n" + std::string(kKey)), HasSubstr("without an end"));
}

TEST(GitSignatures, RefuseWhatIsNotThere) {
  const base::TemporaryDirectory room;
  const std::string bare = room.path() + "/bare";
  git({"-c", "init.defaultBranch=master", "init", "--bare", "--quiet", bare}, {});
  const GitSignatureRule rule{.keys = "# ours\n" + std::string(kKey)};
  const GitSignatures signatures(rule, bare, room.path(), {});
  const std::string id(40, '1');
  EXPECT_NE(error_of([&] { signatures.check({"refs/heads/main", id, id}); }, base::Code::permission_denied),
            "no error");
  EXPECT_NE(
      error_of([&] { signatures.check({"refs/tags/v1", std::string(40, '2'), id}); }, base::Code::permission_denied),
      "no error");
}

}  // namespace
}  // namespace ops
