// SPDX-License-Identifier: Apache-2.0
#include "sandbox/emulator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "base/path.h"
#include "sandbox/container.h"

namespace sandbox {
namespace {

class EmulatorTest : public ::testing::Test {
 protected:
  void handler(const std::string& name, const std::string& state, const std::string& flags,
               const std::string& machine) {
    base::write_file_atomic(room_.path() + "/" + name, state + "\ninterpreter /usr/bin/" + name + "\nflags: " + flags +
                                                           "\noffset 0\nmagic 7f454c460201010000000000000000000200" +
                                                           machine + "\n");
  }
  const std::string& place() const { return room_.path(); }

 private:
  base::TemporaryDirectory room_;
};

TEST_F(EmulatorTest, AreForTheMachineOfTheirMagic) {
  base::write_file_atomic(place() + "/status", "enabled\n");
  handler("a-name", "enabled", "POCF", "b700");
  handler("b-riscv", "enabled", "OC", "f300");
  handler("c-off", "disabled", "F", "1500");
  handler("d-unknown", "enabled", "F", "ffff");
  auto found = read_emulators(place());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.architecture < b.architecture; });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].architecture, "arm64");
  EXPECT_EQ(found[0].interpreter, "/usr/bin/a-name");
  EXPECT_TRUE(found[0].held_open);
  EXPECT_EQ(found[1].architecture, "riscv64");
  EXPECT_FALSE(found[1].held_open);
  EXPECT_TRUE(read_emulators(place() + "/missing").empty());
}

TEST_F(EmulatorTest, ProgramsAreLookedUpAsTheKernelWould) {
  const auto program = [&](const std::string& path, const std::string& bytes) {
    base::make_directories(place() + "/" + std::string(base::dir_name(path)));
    base::write_file_atomic(place() + "/" + path, bytes);
  };
  const auto elf = [](char machine) {
    return std::string(
               "\x7f"
               "ELF\x02\x01\x01",
               7) +
           std::string(9, '\0') + std::string("\x02\0", 2) + machine + '\0';
  };
  program("bin/arm", elf(static_cast<char>(0xb7)));
  program("bin/own", elf(0x3e));
  program("bin/script", "#! /bin/arm -e\necho\n");
  program("work/text", "just text");
  const base::Fd root = base::open_directory(place());
  const auto foreign = [&](const std::string& name) {
    ContainerSpec spec;
    spec.argv = {name};
    spec.env = {"PATH=/usr/bin:/bin"};
    spec.cwd = "/work";
    return foreign_architecture(root.get(), spec);
  };
#if defined(__x86_64__)
  EXPECT_EQ(foreign("/bin/arm"), "arm64");
  EXPECT_EQ(foreign("arm"), "arm64");
  EXPECT_EQ(foreign("script"), "arm64");
  EXPECT_EQ(foreign("own"), "");
#endif
  EXPECT_EQ(foreign("./text"), "");
  EXPECT_EQ(foreign("missing"), "");
  EXPECT_EQ(foreign(""), "");
}

TEST(Emulator, TheHintSaysWhatIsMissing) {
  EXPECT_NE(emulator_hint("arm64").find("qemu-user-static"), std::string::npos);
}

}  // namespace
}  // namespace sandbox
