// SPDX-License-Identifier: Apache-2.0
#include "oci/http_fetch.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "oci/testing/fake_registry.h"

namespace oci {
namespace {

using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

class HttpFetchTest : public ::testing::Test {
 protected:
  HttpFetchResult fetch(HttpFetchRequest request) {
    if (request.url.empty()) request.url = server_.url() + "/file.txt";
    return http_fetch(client_, request, *content_, {}, {});
  }
  base::Code code_of(const HttpFetchRequest& request) {
    try {
      fetch(request);
    } catch (const base::Error& error) {
      text_ = error.text();
      return error.code();
    }
    return base::Code::unknown;
  }
  void serve(const FakeReply& reply) {
    server_.intercept([reply](const FakeRequest&) -> std::optional<FakeReply> { return reply; });
  }

  FakeRegistry server_;
  base::TemporaryDirectory dir_;
  std::unique_ptr<store::ContentStore> content_ = store::make_disk_content_store(dir_.path());
  std::unique_ptr<HttpTransport> transport_ = make_curl_transport({});
  HttpClient client_{*transport_, {.attempts = 2, .sleep = [](std::chrono::milliseconds, const std::stop_token&) {}}};
  std::string text_;
};

TEST_F(HttpFetchTest, StoresTheBodyAndTellsTheHeaders) {
  serve({.headers = {{"ETag", "\"v1\""}, {"Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT"}}, .body = "content"});
  const auto result = fetch({});
  EXPECT_EQ(content_->read(result.blob.digest, 100), "content");
  EXPECT_EQ(result.etag, "\"v1\"");
  EXPECT_EQ(result.last_modified, "Mon, 02 Jan 2006 15:04:05 GMT");
  EXPECT_FALSE(result.not_modified);
}

TEST_F(HttpFetchTest, AsksConditionally) {
  server_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    return FakeReply{.status = request.header("if-none-match") == "\"v1\"" ? 304 : 500};
  });
  HttpFetchRequest request;
  request.etag = "\"v1\"";
  EXPECT_TRUE(fetch(request).not_modified);
}

TEST_F(HttpFetchTest, FollowsRedirectsWithoutTheSecretHeader) {
  FakeRegistry other;
  other.intercept([](const FakeRequest&) -> std::optional<FakeReply> { return FakeReply{.body = "there"}; });
  serve({.status = 302, .headers = {{"Location", other.url() + "/real"}}});
  HttpFetchRequest request;
  request.headers = {{"Authorization", "Bearer secret"}, {"X-Plain", "1"}};
  const auto result = fetch(request);
  EXPECT_EQ(content_->read(result.blob.digest, 100), "there");
  EXPECT_EQ(result.final_url, other.url() + "/real");
  EXPECT_EQ(other.requests().at(0).header("authorization"), "");
  EXPECT_EQ(other.requests().at(0).header("x-plain"), "1");
}

TEST_F(HttpFetchTest, RefusesLongBodiesAnnouncedOrNot) {
  serve({.body = std::string(1000, 'x')});
  HttpFetchRequest request;
  request.max_size = 999;
  EXPECT_EQ(code_of(request), base::Code::out_of_range);
  FakeRegistry endless;
  endless.intercept([](const FakeRequest&) -> std::optional<FakeReply> {
    return FakeReply{.body = std::string(1000, 'x'), .framing = FakeReply::Framing::endless};
  });
  request.url = endless.url() + "/";
  EXPECT_EQ(code_of(request), base::Code::out_of_range);
}

TEST_F(HttpFetchTest, RefusesAnotherDigest) {
  serve({.body = "content"});
  HttpFetchRequest request;
  request.expect = base::sha256("other");
  EXPECT_EQ(code_of(request), base::Code::data_loss);
  EXPECT_TRUE(content_->list().empty());
}

TEST_F(HttpFetchTest, DoesNotTakeATruncatedBody) {
  serve({.body = "0123456789", .cut_after = 4});
  EXPECT_EQ(code_of({}), base::Code::unavailable);
  EXPECT_TRUE(content_->list().empty());
}

TEST_F(HttpFetchTest, SaysWhatFailedWithoutThePasswordOfTheUrl) {
  HttpFetchRequest request;
  request.url = "http://user:secret@" + server_.domain() + "/gone";
  EXPECT_EQ(code_of(request), base::Code::not_found);
  EXPECT_NE(text_.find(server_.domain() + "/gone"), std::string::npos) << text_;
  EXPECT_EQ(text_.find("secret"), std::string::npos);
  request.url = "ftp://example.org/";
  EXPECT_EQ(code_of(request), base::Code::invalid_argument);
}

TEST_F(HttpFetchTest, HeadTellsTheValidators) {
  serve({.headers = {{"ETag", "\"v2\""}}, .body = "content"});
  HttpFetchRequest request;
  request.url = server_.url() + "/x";
  EXPECT_EQ(http_head(client_, request, {})->etag, "\"v2\"");
}

}  // namespace
}  // namespace oci
