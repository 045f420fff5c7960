// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/flags.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

std::string failure(std::vector<std::string> words) {
  FlagSet flags(std::move(words));
  flags.add_bool("link");
  flags.add_text("from");
  flags.add_list("mount");
  try {
    flags.parse();
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(Flags, KeepDefaultsAndTakeValues) {
  FlagSet flags({"--from=a=b", "--mount=1", "--mount=2", "--link"});
  const Flag& link = flags.add_bool("link");
  const Flag& from = flags.add_text("from", "x");
  const Flag& chown = flags.add_text("chown", "y");
  const Flag& mount = flags.add_list("mount");
  flags.parse();
  EXPECT_TRUE(link.is_true());
  EXPECT_EQ(from.value, "a=b");
  EXPECT_EQ(chown.value, "y");
  EXPECT_FALSE(chown.used);
  EXPECT_EQ(mount.values, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(flags.used(), (std::vector<std::string>{"from", "link", "mount"}));
}

TEST(Flags, TakeBooleansInAnyCase) {
  EXPECT_EQ(failure({"--link=TRUE"}), "");
  EXPECT_EQ(failure({"--link=False"}), "");
  EXPECT_EQ(failure({"--link=maybe"}), "expecting boolean value for flag --link, not: maybe");
  EXPECT_EQ(failure({"--link="}), "missing a value on flag: --link");
}

TEST(Flags, SayWhatIsWrong) {
  EXPECT_EQ(failure({"--frm=x"}), "unknown flag: --frm (did you mean from?)");
  EXPECT_EQ(failure({"--bogus"}), "unknown flag: --bogus");
  EXPECT_EQ(failure({"--from=a", "--from=b"}), "duplicate flag specified: --from");
  EXPECT_EQ(failure({"--from"}), "missing a value on flag: --from");
  EXPECT_EQ(failure({"--mount"}), "missing a value on flag: --mount");
  EXPECT_EQ(failure({"--", "--bogus"}), "");
}

}  // namespace
}  // namespace dockerfile
