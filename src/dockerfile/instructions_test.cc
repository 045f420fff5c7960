// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/instructions.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace dockerfile {
namespace {

using Strings = std::vector<std::string>;

/// The one command that stands below a FROM.
template <typename T>
T command(const std::string& text) {
  const Program program = parse_instructions(parse_dockerfile("FROM a\n" + text).statements, nullptr);
  return std::get<T>(program.stages.at(0).commands.at(0));
}

/// The error's text for what stands below a FROM.
std::string failure(const std::string& text) {
  try {
    parse_instructions(parse_dockerfile("FROM a\n" + text).statements, nullptr);
  } catch (const LocatedError& error) {
    return error.text();
  }
  return "";
}

std::string shout(std::string_view word) { return base::upper(word); }

TEST(Instructions, GroupCommandsIntoStages) {
  const Program program = parse_instructions(parse_dockerfile("ARG V=1\n# app what it is\n"
                                                              "FROM --platform=$P base:$V AS App\nRUN a\n"
                                                              "from app\nRUN b\nRUN c\n")
                                                 .statements,
                                             nullptr);
  ASSERT_EQ(program.meta_args.size(), 1u);
  EXPECT_EQ(program.meta_args[0].args[0].text(), "V=1");
  ASSERT_EQ(program.stages.size(), 2u);
  const Stage& first = program.stages[0];
  EXPECT_EQ(first.name, "app");
  EXPECT_EQ(first.base_name, "base:$V");
  EXPECT_EQ(first.platform, "$P");
  EXPECT_EQ(first.doc_comment, "what it is");
  EXPECT_EQ(first.code, "FROM --platform=$P base:$V AS App");
  EXPECT_EQ(first.location, line_ranges(3, 3));
  EXPECT_EQ(program.stages[1].commands.size(), 2u);
  EXPECT_EQ(find_stage(program.stages, "APP"), 0u);
  EXPECT_EQ(find_stage(program.stages, "nope"), std::nullopt);
}

TEST(Instructions, ReadKeysAndValues) {
  const auto env = command<EnvCommand>("ENV a=1 b=\"x y\"");
  ASSERT_EQ(env.env.size(), 2u);
  EXPECT_EQ(env.env[1].text(), "b=\"x y\"");
  EXPECT_TRUE(command<LabelCommand>("LABEL a b c").labels[0].no_delimiter);
  const auto arg = command<ArgCommand>("# A first\nARG A B=");
  EXPECT_FALSE(arg.args[0].value);
  EXPECT_EQ(arg.args[0].doc_comment, "first");
  EXPECT_EQ(arg.args[1].value, "");
}

TEST(Instructions, ReadSourcesHeredocsAndFlags) {
  const auto copy =
      command<CopyCommand>("COPY --from=b --chown=1:2 --chmod=u+x --link --parents --exclude=*.o --exclude=x a b /c");
  EXPECT_EQ(copy.from, "b");
  EXPECT_EQ(copy.chown, "1:2");
  EXPECT_EQ(copy.chmod, "u+x");
  EXPECT_TRUE(copy.link && copy.parents);
  EXPECT_EQ(copy.excludes, (Strings{"*.o", "x"}));
  EXPECT_EQ(copy.sources.paths, (Strings{"a", "b"}));
  EXPECT_EQ(copy.sources.dest, "/c");
  const auto add = command<AddCommand>("ADD --keep-git-dir=false --checksum=c x <<-EOF /d\n\tbody $V\nEOF");
  EXPECT_EQ(add.keep_git_dir, false);
  EXPECT_EQ(add.unpack, std::nullopt);
  ASSERT_EQ(add.sources.contents.size(), 1u);
  EXPECT_EQ(add.sources.contents[0].path, "EOF");
  EXPECT_EQ(add.sources.contents[0].data, "body $V\n");
  EXPECT_TRUE(add.sources.contents[0].expand);
}

TEST(Instructions, ReadCommandLines) {
  const auto run = command<RunCommand>("RUN --network=none --security=insecure --mount=type=cache,target=/c <<E\nx\nE");
  EXPECT_EQ(run.flags_used, (Strings{"mount", "network", "security"}));
  EXPECT_EQ(run.network, "none");
  EXPECT_EQ(run.security, "insecure");
  EXPECT_TRUE(run.line.prepend_shell);
  EXPECT_EQ(run.line.arguments, Strings{"<<E"});
  EXPECT_EQ(run.line.files.at(0).data, "x\n");
  EXPECT_EQ(run.location, line_ranges(2, 4));
  EXPECT_FALSE(command<CmdCommand>("CMD [\"a\", \"b\"]").line.prepend_shell);
  EXPECT_TRUE(command<EntrypointCommand>("ENTRYPOINT []").line.absent);
  EXPECT_EQ(command<ShellCommand>("SHELL [\"a\", \"-c\"]").shell, (Strings{"a", "-c"}));
}

TEST(Instructions, ReadHealthchecks) {
  const auto health =
      command<HealthcheckCommand>(
          "HEALTHCHECK --interval=1s --timeout=2s --start-period=3s --start-interval=4s --retries=5 CMD a b")
          .health;
  EXPECT_EQ(health.test, (Strings{"CMD-SHELL", "a b"}));
  EXPECT_EQ(health.interval, 1000000000);
  EXPECT_EQ(health.start_interval, 4000000000);
  EXPECT_EQ(health.retries, 5);
  EXPECT_EQ(command<HealthcheckCommand>("HEALTHCHECK none").health.test, Strings{"NONE"});
  EXPECT_EQ(command<HealthcheckCommand>("HEALTHCHECK CMD [\"a\"]").health.test, (Strings{"CMD", "a"}));
}

TEST(Instructions, ReadSingleValues) {
  EXPECT_EQ(command<ExposeCommand>("EXPOSE 90 80/udp").ports, (Strings{"80/udp", "90"}));
  EXPECT_EQ(command<VolumeCommand>("VOLUME [\" /a \", \"/b\"]").volumes, (Strings{"/a", "/b"}));
  EXPECT_EQ(command<UserCommand>("USER a:b").user, "a:b");
  EXPECT_EQ(command<WorkdirCommand>("WORKDIR /a b").path, "/a b");
  EXPECT_EQ(command<StopSignalCommand>("STOPSIGNAL 9").signal, "9");
  EXPECT_THROW(command<StopSignalCommand>("STOPSIGNAL 9").check_os("windows"), base::Error);
  EXPECT_EQ(command<MaintainerCommand>("MAINTAINER me <a@b>").maintainer, "me <a@b>");
}

TEST(Instructions, KeepTheTextOfOnbuild) {
  EXPECT_EQ(command<OnbuildCommand>("onbuild  RUN a \\\n b").expression, "RUN a  b");
  EXPECT_EQ(command<OnbuildCommand>("ONBUILD RUN <<E\nx\nE").expression, "RUN <<E\nx\nE");
}

TEST(Instructions, ExpandInPlace) {
  Command env = command<EnvCommand>("ENV a=b");
  expand(env, shout);
  EXPECT_EQ(std::get<EnvCommand>(env).env[0].text(), "A=B");
  auto copy = command<CopyCommand>("COPY --chown=u --from=f a <<E <<'F' d\nx\nE\ny\nF");
  copy.expand(shout);
  copy.expand_contents(shout);
  EXPECT_EQ(copy.chown, "U");
  EXPECT_EQ(copy.from, "f");
  EXPECT_EQ(copy.sources.paths, Strings{"A"});
  EXPECT_EQ(copy.sources.dest, "D");
  EXPECT_EQ(copy.sources.contents[0].data, "X\n");
  EXPECT_EQ(copy.sources.contents[1].data, "y\n");
  auto run = command<RunCommand>("RUN --mount=type=cache,target=/c a");
  run.expand(shout);
  EXPECT_EQ(run.mounts.at(0).target, "/C");
  Command cmd = command<CmdCommand>("CMD a");
  expand(cmd, shout);
  EXPECT_EQ(std::get<CmdCommand>(cmd).line.arguments, Strings{"a"});
  auto label = make_label("k", "v");
  label.expand(shout);
  EXPECT_EQ(label.labels[0].text(), "k=v");
}

TEST(Instructions, SayWhatIsWrong) {
  const std::string where = "dockerfile parse error on line 2: ";
  EXPECT_EQ(failure("RUNN a"), where + "unknown instruction: RUNN (did you mean RUN?)");
  EXPECT_EQ(failure("BOGUS"), where + "unknown instruction: BOGUS");
  EXPECT_EQ(failure("COPY a"), where +
                                   "COPY requires at least two arguments, but only one was provided. "
                                   "Destination could not be determined");
  EXPECT_EQ(failure("COPY --parnts a b"), where + "unknown flag: --parnts (did you mean parents?)");
  EXPECT_EQ(failure("COPY a <<E\nE"), where + "COPY cannot accept a heredoc as a destination");
  EXPECT_EQ(failure("ENV =a"), where + "ENV names can not be blank");
  EXPECT_EQ(failure("ENV"), where + "ENV requires at least one argument");
  EXPECT_EQ(failure("ARG =a"), where + "ARG names can not be blank");
  EXPECT_EQ(failure("USER"), where + "USER requires exactly one argument");
  EXPECT_EQ(failure("FROM a b"), where + "FROM requires either one or three arguments");
  EXPECT_EQ(failure("FROM a AS 1x"),
            where + "invalid name for build stage: \"1x\", name can't start with a number or contain symbols");
  EXPECT_EQ(failure("SHELL a"), where + "SHELL requires the arguments to be in JSON form");
  EXPECT_EQ(failure("SHELL []"), where + "SHELL requires at least one argument");
  EXPECT_EQ(failure("VOLUME [\" \"]"), where + "VOLUME specified can not be an empty string");
  EXPECT_EQ(failure("RUN --network=x a"), where + "invalid network mode \"x\"");
  EXPECT_EQ(failure("RUN --security=x a"), where + "security \"x\" is not valid");
  EXPECT_EQ(failure("RUN --mount=from=$A a"),
            where + "'from' doesn't support variable expansion, define alias stage instead");
  EXPECT_EQ(failure("ONBUILD ONBUILD RUN a"), where + "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  EXPECT_EQ(failure("ONBUILD FROM a"), where + "FROM isn't allowed as an ONBUILD trigger");
}

TEST(Instructions, SayWhatIsWrongWithHealthchecks) {
  const std::string where = "dockerfile parse error on line 2: ";
  EXPECT_EQ(failure("HEALTHCHECK"), where + "HEALTHCHECK requires at least one argument");
  EXPECT_EQ(failure("HEALTHCHECK NONE a"), where + "HEALTHCHECK NONE takes no arguments");
  EXPECT_EQ(failure("HEALTHCHECK CMD"), where + "Missing command after HEALTHCHECK CMD");
  EXPECT_EQ(failure("HEALTHCHECK ls"), where + "Unknown type \"LS\" in HEALTHCHECK (try CMD)");
  EXPECT_EQ(failure("HEALTHCHECK --timeout=1us CMD a"), where + "Interval \"timeout\" cannot be less than 1ms");
  EXPECT_EQ(failure("HEALTHCHECK --retries=-1 CMD a"), where + "--retries cannot be negative (-1)");
  EXPECT_EQ(failure("HEALTHCHECK --retries=x CMD a"), where + "strconv.ParseInt: parsing \"x\": invalid syntax");
  EXPECT_EQ(failure("HEALTHCHECK --retries=9999999999 CMD a"),
            where + "strconv.ParseInt: parsing \"9999999999\": value out of range");
}

TEST(Instructions, NeedAStage) {
  try {
    parse_instructions(parse_dockerfile("ARG a\nRUN b").statements, nullptr);
    FAIL();
  } catch (const LocatedError& error) {
    EXPECT_EQ(error.text(), "no build stage in current context");
    EXPECT_EQ(error.locations(), std::vector<Ranges>{line_ranges(2, 2)});
  }
}

TEST(Instructions, RefuseAStageWhereACommandMustBe) {
  EXPECT_THROW(parse_command(parse_dockerfile("FROM a").statements[0]), LocatedError);
  EXPECT_EQ(base_of(parse_command(parse_dockerfile("RUN a").statements[0])).name, "RUN");
}

class Notebook : public InstructionLint {
 public:
  void found(std::string_view rule, const std::string& message, const Ranges&, const Strings&) override {
    notes.push_back(std::string(rule) + ": " + message);
  }
  Strings notes;
};

TEST(Instructions, TellTheLinterWhatTheySee) {
  Notebook lint;
  parse_instructions(parse_dockerfile("# wrong\nARG a\n# fine\nfrom x AS Fine\nMAINTAINER m\n"
                                      "# w\nARG b c\nFROM y as z\n")
                         .statements,
                     &lint);
  EXPECT_EQ(lint.notes,
            (Strings{"InvalidDefinitionDescription: Comment for ARG should follow the format: `# a <description>`",
                     "StageNameCasing: Stage name 'Fine' should be lowercase",
                     "FromAsCasing: 'AS' and 'from' keywords' casing do not match",
                     "MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label",
                     std::string("InvalidDefinitionDescription: Comment for ARG should follow the format: ") +
                         "`# <arg_key> <description>`",
                     "FromAsCasing: 'as' and 'FROM' keywords' casing do not match"}));
}

}  // namespace
}  // namespace dockerfile
