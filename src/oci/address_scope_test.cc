// SPDX-License-Identifier: Apache-2.0
#include "oci/address_scope.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace oci {
namespace {

std::string inner(const std::string& text) {
  sockaddr_in v4{.sin_family = AF_INET};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    return inner_address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{.sin6_family = AF_INET6};
  EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
  return inner_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

TEST(AddressScope, WhatLeadsBackToTheMachineIsInner) {
  for (const char* text : {"127.0.0.1",
                           "127.255.0.9",
                           "0.0.0.0",
                           "0.1.2.3",
                           "169.254.169.254",
                           "224.0.0.1",
                           "255.255.255.255",
                           "240.0.0.1",
                           "::1",
                           "::",
                           "::ffff:127.0.0.1",
                           "::ffff:0:127.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "2002:7f00:1::",
                           "fe80::1",
                           "ff02::1",
                           "::ffff:169.254.1.1",
                           "fec0::1",
                           "feff::1",
                           "100.100.100.200",
                           "168.63.129.16",
                           "192.0.0.192",
                           "::ffff:100.100.100.200",
                           "fd00:ec2::254",
                           "fd20:ce::254",
                           "fd00:c1::a9fe:a9fe"}) {
    EXPECT_NE(inner(text), "") << text;
  }
}

TEST(AddressScope, OthersAreNot) {
  for (const char* text : {"8.8.8.8", "10.0.0.1", "192.168.1.1", "172.17.0.1", "198.51.100.1", "2001:db8::1", "fd00::1",
                           "::ffff:8.8.8.8", "64:ff9b::808:808", "169.253.0.1", "223.255.255.255", "100.100.100.201",
                           "168.63.129.17", "192.0.0.193", "fd00:ec2::253", "fe00::1"}) {
    EXPECT_EQ(inner(text), "") << text;
  }
}

TEST(AddressScope, OtherFamiliesAreNeverLetThrough) {
  sockaddr_un local{.sun_family = AF_UNIX};
  EXPECT_NE(inner_address(reinterpret_cast<const sockaddr*>(&local), sizeof local), "");
  sockaddr_in cut{.sin_family = AF_INET};
  EXPECT_NE(inner_address(reinterpret_cast<const sockaddr*>(&cut), 4), "");
}

}  // namespace
}  // namespace oci
