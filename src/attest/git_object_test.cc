// SPDX-License-Identifier: Apache-2.0
#include "attest/git_object.h"

#include <gtest/gtest.h>

namespace {

using attest::GitObject;

TEST(GitObject, ReadsACommitAndItsSignature) {
  const auto commit = GitObject::parse(
      "tree t\nparent p\nparent q\nauthor A <a@x> 1 +0000\ncommitter C <c@x> 2 -0130\ngpgsig -----BEGIN X-----\n line\n"
      " -----END X-----\nencoding utf-8\n\nsubject\n\nbody\n");
  EXPECT_EQ(commit.header("tree"), "t");
  EXPECT_EQ(commit.headers.at("parent"), (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(commit.header("encoding"), "utf-8");
  EXPECT_EQ(commit.signature, "-----BEGIN X-----\nline\n-----END X-----");
  EXPECT_EQ(commit.message, "subject\n\nbody");
  EXPECT_EQ(commit.header("missing"), "");
}

TEST(GitObject, ATagIsSignedBehindItsMessage) {
  const auto tag = GitObject::parse(
      "object o\ntype commit\ntag v1\ntagger T <t@x> 1 +0000\n\nmessage\n-----BEGIN SSH SIGNATURE-----\nx\n"
      "-----END SSH SIGNATURE-----\n");
  EXPECT_EQ(tag.message, "message");
  EXPECT_TRUE(tag.signature.starts_with("-----BEGIN SSH SIGNATURE-----"));
  EXPECT_EQ(GitObject::parse("object o\n\nno -----BEGIN SSH SIGNATURE----- here").signature, "");
}

TEST(GitObject, ActorsKeepTheirOffset) {
  const auto actor = attest::parse_git_actor("Ann <B> <ann@example.org> 1700000000 -0330");
  EXPECT_EQ(actor.name, "Ann <B>");
  EXPECT_EQ(actor.email, "ann@example.org");
  EXPECT_EQ(actor.when, "2023-11-14T18:43:20-03:30");
  EXPECT_EQ(attest::parse_git_actor("A <a> 0 +0000").when, "1970-01-01T00:00:00Z");
  for (const char* text : {"", "nobody", "A <a> never +0000", "A <a> 1 +00", "A <a> 99999999999999999 +0000"}) {
    EXPECT_EQ(attest::parse_git_actor(text).when, "") << text;
  }
}

// Bytes in the two formats' frames; nothing here verifies them.
constexpr const char* kSsh =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAAANhYmMAAAADZ2l0\n"
    "-----END SSH SIGNATURE-----\n";

TEST(GitObject, SignaturesSayWhoseTheyAre) {
  const auto ssh = attest::note_of_signature(kSsh);
  ASSERT_TRUE(ssh);
  EXPECT_TRUE(ssh->is_ssh);
  EXPECT_EQ(ssh->version, 1);
  // base64 of the SHA-256 of the key's three bytes
  EXPECT_TRUE(ssh->key.starts_with("SHA256:")) << ssh->key;
  EXPECT_EQ(ssh->key.size(), 7U + 43U);
  // A version 4 packet of 22 bytes with the issuer 0102030405060708 among its unhashed subpackets.
  const auto pgp = attest::note_of_signature(
      "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\niBYEABYIAAAACgkQAQIDBAUGBwgAAAAA\n=abcd\n"
      "-----END PGP SIGNATURE-----\n");
  ASSERT_TRUE(pgp);
  EXPECT_FALSE(pgp->is_ssh);
  EXPECT_EQ(pgp->version, 4);
  EXPECT_EQ(pgp->key, "0102030405060708");
  EXPECT_FALSE(attest::note_of_signature("no signature"));
  EXPECT_EQ(attest::note_of_signature("-----BEGIN PGP SIGNATURE-----\n\n!!!\n")->key, "");
}

}  // namespace
