// SPDX-License-Identifier: Apache-2.0
#include "layer/handoff.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace layer {
namespace {

std::string read_all(Handoff& handoff, std::size_t piece) {
  std::string text;
  std::string buffer(piece, '\0');
  while (const auto got = handoff.read(std::as_writable_bytes(std::span(buffer)))) text.append(buffer, 0, got);
  return text;
}

TEST(Handoff, GivesEverythingInOrder) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i);
  for (const std::size_t piece : {1000U, 300'000U}) {
    Handoff handoff;
    std::thread writer([&] {
      for (std::size_t at = 0; at < text.size(); at += piece) {
        handoff.give(std::as_bytes(std::span(text).subspan(at, std::min<std::size_t>(piece, text.size() - at))));
      }
      handoff.end();
    });
    EXPECT_EQ(read_all(handoff, 7777), text);
    writer.join();
  }
}

TEST(Handoff, EndsWithoutBytes) {
  Handoff handoff;
  handoff.end();
  EXPECT_EQ(read_all(handoff, 10), "");
}

TEST(Handoff, AWriterDoesNotWaitForAReaderWhoHasGone) {
  Handoff handoff;
  handoff.close();
  const std::string text(2'000'000, 'x');
  handoff.give(std::as_bytes(std::span(text)));
  handoff.end();
}

}  // namespace
}  // namespace layer
