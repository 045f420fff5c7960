// SPDX-License-Identifier: Apache-2.0
#include "ops/secrets.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace ops {
namespace {

std::vector<Needle> needles_of(const std::string& value) {
  ::setenv("SLIPWAY_TEST_SECRET", value.c_str(), 1);
  const std::map<std::string, SecretSource> sources = {{"s", {"", "SLIPWAY_TEST_SECRET"}}};
  Secrets secrets(sources);
  return secrets.needles();
}

/// The log that comes out when `text` comes in pieces of `piece` bytes.
std::string masked(const std::vector<Needle>& needles, const std::string& text, std::size_t piece) {
  std::string out;
  MaskedLog log(needles, [&](std::string_view part) { out += part; });
  for (std::size_t at = 0; at < text.size(); at += piece) log.write(std::string_view(text).substr(at, piece));
  log.finish();
  return out;
}

TEST(MaskedLog, HidesASecretWhereverItsPiecesAreCut) {
  const auto needles = needles_of("hunter22");
  const std::string text = "a hunter22 b hunter2 hunter22hunter22 hunter";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(masked(needles, text, piece), "a *** b hunter2 ****** hunter") << piece;
  }
}

TEST(MaskedLog, HidesEveryForm) {
  const auto needles = needles_of("p@ss word!");
  EXPECT_EQ(masked(needles, "70407373 20776f7264", 3), "70407373 20776f7264") << "a part is no secret";
  for (const char* form : {"p@ss word!",
                           "704073732077\x36\x66"
                           "726421",
                           "704073732077"
                           "6F726421",
                           "p%40ss%20word%21"}) {
    EXPECT_EQ(masked(needles, form, 4), "***") << form;
  }
  EXPECT_TRUE(masked(needles, "cEBzcyB3b3JkIQ==", 5).starts_with("***"));
  EXPECT_TRUE(masked(needles, "cEBzcyB3b3JkIQo=", 5).starts_with("***")) << "with the newline of a file";
}

TEST(SecretsInUrls, AreHiddenInEverySpelling) {
  const auto hidden = [](const std::string& secret, const std::string& text) {
    return without_secrets_in_urls(text, needles_of(secret));
  };
  const std::string secret = "Pa$$w0rd^12!xyz";
  for (const char* spelling :
       {"Pa$$w0rd^12!xyz", "Pa$$w0rd%5E12!xyz", "Pa%24%24w0rd%5e12%21xyz", "pa$$w0rd%5e12!xyz", "%50a$%24w0rd^12!xyz",
        "5061242477307264"
        "5E313221"
        "78797A"}) {
    EXPECT_EQ(hidden(secret, base::format("http://a/{}/b?q={}", spelling, spelling)), "http://a/***/b?q=***");
  }
  EXPECT_EQ(hidden("MySecretToken42", "CONNECT mysecrettoken42.example.org:443"), "CONNECT ***.example.org:443");
  EXPECT_EQ(hidden("two words", "http://a/?q=two+words&r=two%20words"), "http://a/?q=***&r=***");
  EXPECT_EQ(hidden("50%more", "http://a/50%25more/50%more"), "http://a/***/***");
  EXPECT_EQ(hidden("t%41ken%2f1", "http://a/tAken%2F1/t%2541ken%252f1"), "http://a/***/***");
  EXPECT_EQ(hidden("before#after", "http://a/before"), "http://a/***");
  EXPECT_EQ(hidden(secret, "http://a/Pa$$w0rd%5E12!xy"), "http://a/Pa$$w0rd%5E12!xy") << "a part is no secret";
  EXPECT_EQ(hidden("", "http://a/%"), "http://a/%");
}

TEST(MaskedLog, HoldsNothingBackThatCannotBeASecret) {
  const auto needles = needles_of("hunter22");
  std::string out;
  MaskedLog log(needles, [&](std::string_view part) { out += part; });
  log.write("progress 10%");
  EXPECT_EQ(out, "progress 10%");
  log.write("\rhunt");
  EXPECT_EQ(out, "progress 10%\r");
  log.write("ing");
  EXPECT_EQ(out, "progress 10%\rhunting");
}

TEST(MaskedLog, PassesEverythingOnWithoutSecrets) { EXPECT_EQ(masked({}, "text", 2), "text"); }

TEST(Needles, ShortValuesAreNone) {
  EXPECT_TRUE(needles_of("abc").empty());
  EXPECT_TRUE(needles_of("\n\n").empty());
  EXPECT_FALSE(needles_of("abcd\n").empty());
}

TEST(Needles, TheLongerLinesOfAValueCountByThemselves) {
  const auto needles = needles_of("-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG\nshort\n-----END KEY-----\n");
  EXPECT_EQ(masked(needles, "key: MIIEvgIBADANBgkqhkiG.", 7), "key: ***.");
  EXPECT_EQ(masked(needles, "short -----BEGIN KEY-----", 7), "short -----BEGIN KEY-----");
}

TEST(Secrets, SaysHowToGiveOneThatIsMissing) {
  const std::map<std::string, SecretSource> none;
  Secrets secrets(none);
  EXPECT_FALSE(secrets.value("x", true));
  try {
    secrets.value("x", false);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.hint(), "pass it with --secret id=x,src=FILE or --secret id=x,env=NAME");
  }
}

TEST(Secrets, AFileThatIsNotThereMattersOnlyToWhoeverMountsIt) {
  const std::map<std::string, SecretSource> sources = {{"gone", {"/does/not/exist", ""}}};
  Secrets secrets(sources);
  EXPECT_TRUE(secrets.needles().empty());
  EXPECT_THROW(secrets.value("gone", true), base::Error);
}

TEST(Secrets, ValuesHaveNamesThatOnlyTheStoreCanMake) {
  char pattern[] = "/tmp/slipway-secret-key.XXXXXX";
  ASSERT_NE(::mkdtemp(pattern), nullptr);
  const std::string directory = pattern;
  const auto name = [&](const std::string& value, const std::string& key) {
    ::setenv("SLIPWAY_TEST_SECRET", value.c_str(), 1);
    const std::map<std::string, SecretSource> sources = {{"s", {"", "SLIPWAY_TEST_SECRET"}}};
    return Secrets(sources, directory + "/" + key).name_of_value("s");
  };
  EXPECT_EQ(name("one", "a"), name("one", "a"));
  EXPECT_NE(name("one", "a"), name("two", "a"));
  EXPECT_NE(name("one", "a"), name("one", "b"));
  EXPECT_EQ(base::stat_if_exists(directory + "/a")->st_mode & 0777U, 0600U);
  const std::map<std::string, SecretSource> none;
  EXPECT_EQ(Secrets(none, directory + "/a").name_of_value("s"), "");
  base::remove_tree(directory);
}

TEST(FindSecrets, LooksIntoBytesNamesAndLinks) {
  const auto needles = needles_of("hunter22");
  base::TemporaryDirectory directory;
  const std::string root = directory.path();
  base::make_directories(root + "/d");
  base::write_file_atomic(root + "/d/harmless", "hunter2 2");
  EXPECT_TRUE(find_secrets(root, needles, {}).empty());
  // Across the border of the pieces in which files are read.
  base::write_file_atomic(root + "/d/large", std::string((1 << 20) - 4, 'x') + "hunter22");
  base::write_file_atomic(root + "/hunter22.txt", "");
  ASSERT_EQ(::symlink("/hunter22", (root + "/link").c_str()), 0);
  const auto found = find_secrets(root, needles, {});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].path, "d/large");
  EXPECT_EQ(found[1].path, "hunter22.txt");
  EXPECT_EQ(found[2].path, "link");
  EXPECT_EQ(found[0].id, "s");
}

TEST(Needles, TravelToTheHelper) {
  const auto needles = needles_of(std::string("\xff\x01\n bytes", 9));
  const auto back = needles_from_json(base::Json::parse(to_json(needles).dump()));
  ASSERT_EQ(back.size(), needles.size());
  EXPECT_EQ(back[0].bytes, needles[0].bytes);
}

}  // namespace
}  // namespace ops
