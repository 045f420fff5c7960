// SPDX-License-Identifier: Apache-2.0
#include "oci/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "oci/testing/fake_registry.h"

namespace oci {
namespace {

using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

class FixedCredentials final : public CredentialSource {
 public:
  std::optional<Credential> credential;
  std::optional<Credential> find(std::string_view, std::string_view, const std::stop_token&) override {
    return credential;
  }
};

bool is_blob(const FakeRequest& request) {
  return request.method == "GET" && request.target.find("/blobs/") != std::string::npos;
}

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    options_.transport = transport_.get();
    options_.credentials = &credentials_;
    options_.certificate_directories = {};
    options_.retry.attempts = 3;
    options_.retry.sleep = [this](std::chrono::milliseconds time, const std::stop_token&) { slept_.push_back(time); };
  }

  std::unique_ptr<Repository> open(const std::string& name = "app") {
    registry_ = std::make_unique<Registry>(options_);
    return registry_->repository(Reference::parse(fake_.domain() + "/" + name));
  }

  base::Error error_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const base::Error& error) {
      return error;
    }
    return base::Error(base::Code::unknown, "nothing was thrown");
  }
  base::Error fetch_error(const Descriptor& blob) {
    return error_of([&] { open()->fetch_blob(blob, *content_, {}, {}); });
  }

  base::TemporaryDirectory dir_;
  std::unique_ptr<store::ContentStore> content_ = store::make_disk_content_store(dir_.path());
  FakeRegistry fake_;
  FixedCredentials credentials_;
  std::unique_ptr<HttpTransport> transport_ = make_curl_transport({});
  RegistryOptions options_;
  std::unique_ptr<Registry> registry_;
  std::vector<std::chrono::milliseconds> slept_;
};

TEST_F(RegistryTest, PullsAnImageOverOneConnection) {
  const auto image = fake_.add_image("app", "1", {"layer one", "layer two"});
  auto repository = open();
  const Descriptor root = repository->resolve("1", {});
  EXPECT_EQ(root.digest, image.manifest.digest);
  EXPECT_EQ(root.size, image.manifest.size);
  const auto resolved = resolve_image(*repository, root, PlatformMatcher::runs_on(parse_platform("linux/amd64")), {});
  fetch_layers(*repository, resolved.manifest.layers, *content_, {.parallel = 1, .progress = {}}, {});
  for (const Descriptor& layer : image.layers) EXPECT_EQ(content_->find(layer.digest)->size, layer.size);
  EXPECT_EQ(fake_.connections(), 1);
  EXPECT_EQ(fake_.count("HEAD", "/manifests/1"), 1U);
}

TEST_F(RegistryTest, ResolvesByGetWhereHeadSaysTooLittle) {
  const auto image = fake_.add_image("app", "1", {});
  fake_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.method != "HEAD") return std::nullopt;
    return FakeReply{.status = 405};
  });
  EXPECT_EQ(open()->resolve("1", {}).digest, image.manifest.digest);
}

TEST_F(RegistryTest, SaysWhichImageIsMissing) {
  const auto error = error_of([&] { open("ns/app")->resolve("none", {}); });
  EXPECT_EQ(error.code(), base::Code::not_found);
  EXPECT_NE(error.text().find(fake_.domain() + "/ns/app:none: 404"), std::string::npos) << error.text();
}

TEST_F(RegistryTest, RefusesAnotherManifestThanTheDigestAskedFor) {
  const auto one = fake_.add_image("app", "1", {"a"});
  const auto two = fake_.add_image("app", "2", {"b"});
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target.find("/manifests/sha256:") == std::string::npos) return std::nullopt;
    return FakeReply{
        .headers = {{"Content-Type", std::string(kOciManifest)}, {"Docker-Content-Digest", two.manifest.digest.str()}},
        .body = two.manifest_bytes};
  });
  auto repository = open();
  EXPECT_EQ(error_of([&] { repository->resolve(one.manifest.digest.str(), {}); }).code(), base::Code::data_loss);
  EXPECT_EQ(error_of([&] { repository->fetch_manifest(one.manifest, {}); }).code(), base::Code::data_loss);
}

TEST_F(RegistryTest, RefusesABlobWithWrongBytes) {
  const Descriptor blob = fake_.add_blob("honest bytes");
  fake_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    return FakeReply{.body = "h0nest bytes"};
  });
  EXPECT_EQ(fetch_error(blob).code(), base::Code::data_loss);
  EXPECT_FALSE(content_->find(blob.digest));
}

TEST_F(RegistryTest, RefusesABlobOfAnotherLength) {
  Descriptor blob = fake_.add_blob("twelve bytes");
  for (const std::uint64_t size : {11, 13}) {
    blob.size = size;
    EXPECT_EQ(fetch_error(blob).code(), base::Code::data_loss);
    EXPECT_FALSE(content_->find(blob.digest));
  }
}

TEST_F(RegistryTest, StopsAnEndlessBodyAtTheDescriptorsSize) {
  const Descriptor blob = fake_.add_blob(std::string(100'000, 'x'));
  fake_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    return FakeReply{.body = std::string(65'536, 'x'), .framing = FakeReply::Framing::endless};
  });
  EXPECT_EQ(fetch_error(blob).code(), base::Code::data_loss);
  Descriptor manifest = blob;
  manifest.media_type = kOciManifest;
  EXPECT_NE(error_of([&] { open()->fetch_config(manifest, {}); }).code(), base::Code::unknown);
}

TEST_F(RegistryTest, ResumesWhereTheConnectionDied) {
  const std::string bytes(300'000, 'r');
  const Descriptor blob = fake_.add_blob(bytes);
  std::atomic<int> calls = 0;
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request) || ++calls > 1) return std::nullopt;
    return FakeReply{.body = bytes, .cut_after = 100'000};
  });
  auto repository = open();
  repository->fetch_blob(blob, *content_, {}, {});
  EXPECT_EQ(content_->find(blob.digest)->size, bytes.size());
  const auto requests = fake_.requests();
  EXPECT_EQ(requests.back().header("range"), "bytes=100000-");
}

TEST_F(RegistryTest, ResumesFromAServerThatIgnoresRanges) {
  const std::string bytes = std::string(1000, 'a') + std::string(1000, 'b');
  const Descriptor blob = fake_.add_blob(bytes);
  std::atomic<int> calls = 0;
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    if (++calls == 1) return FakeReply{.body = bytes, .cut_after = 700};
    return FakeReply{.body = bytes};
  });
  open()->fetch_blob(blob, *content_, {}, {});
  EXPECT_TRUE(content_->find(blob.digest));
}

TEST_F(RegistryTest, TriesPlainHttpForAnInsecureHost) {
  const auto image = fake_.add_image("app", "1", {"layer"});
  options_.settings.allow_insecure(fake_.domain());
  EXPECT_EQ(open()->resolve("1", {}).digest, image.manifest.digest);
}

TEST_F(RegistryTest, GivesUpWhenNothingMoreArrives) {
  const Descriptor blob = fake_.add_blob(std::string(1000, 'a'));
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    return FakeReply{.connection = FakeReply::Connection::reset};
  });
  EXPECT_EQ(fetch_error(blob).code(), base::Code::unavailable);
  EXPECT_EQ(slept_.size(), 2U);  // three attempts
}

TEST_F(RegistryTest, StartsAgainWhenLeftOverBytesWereWrong) {
  const Descriptor blob = fake_.add_blob("0123456789");
  {
    auto ingest = content_->ingest("blob-" + blob.digest.hex(), {.expect = blob.digest, .expect_size = blob.size});
    ingest->write(std::as_bytes(std::span(std::string_view("wrong"))));
  }
  open()->fetch_blob(blob, *content_, {}, {});
  EXPECT_TRUE(content_->find(blob.digest));
}

TEST_F(RegistryTest, RetriesServerErrorsAndObeysRetryAfter) {
  const auto image = fake_.add_image("app", "1", {"layer"});
  std::atomic<int> calls = 0;
  fake_.intercept([&](const FakeRequest&) -> std::optional<FakeReply> {
    switch (++calls) {
      case 1: return FakeReply{.status = 503, .headers = {{"Retry-After", "7"}}};
      case 2: return FakeReply{.status = 500};
      default: return std::nullopt;
    }
  });
  EXPECT_EQ(open()->resolve("1", {}).digest, image.manifest.digest);
  ASSERT_EQ(slept_.size(), 2U);
  EXPECT_EQ(slept_[0], std::chrono::seconds(7));
  EXPECT_EQ(slept_[1], std::chrono::milliseconds(600));
}

TEST_F(RegistryTest, DoesNotRetryWhatWillNotChange) {
  EXPECT_EQ(error_of([&] { open()->resolve("none", {}); }).code(), base::Code::not_found);
  EXPECT_TRUE(slept_.empty());
}

TEST_F(RegistryTest, LogsInWithBasicAuthentication) {
  const auto image = fake_.add_image("app", "1", {"layer"});
  fake_.require_basic("me", "secret");
  EXPECT_EQ(error_of([&] { open()->resolve("1", {}); }).code(), base::Code::unauthenticated);
  credentials_.credential =
      Credential{.username = "me", .password = "secret", .identity_token = "", .registry_token = ""};
  auto repository = open();
  EXPECT_EQ(repository->resolve("1", {}).digest, image.manifest.digest);
  const auto before = fake_.requests().size();
  repository->fetch_blob(image.layers[0], *content_, {}, {});
  EXPECT_EQ(fake_.requests().size(), before + 1);  // no second challenge
  credentials_.credential->password = "wrong";
  const auto error = error_of([&] { open()->resolve("1", {}); });
  EXPECT_EQ(error.code(), base::Code::unauthenticated);
  EXPECT_EQ(error.text().find("wrong"), std::string::npos);
}

TEST_F(RegistryTest, GetsAnAnonymousTokenAndKeepsIt) {
  const auto image = fake_.add_image("ns/app", "1", {"layer"});
  fake_.require_bearer("", "");
  auto repository = open("ns/app");
  repository->resolve("1", {});
  repository->fetch_blob(image.layers[0], *content_, {}, {});
  EXPECT_EQ(fake_.count("GET", "/token"), 1U);
  EXPECT_EQ(fake_.count("GET", "scope=repository%3Ans%2Fapp%3Apull"), 1U);
}

TEST_F(RegistryTest, GetsATokenWithPassword) {
  fake_.add_image("app", "1", {});
  fake_.require_bearer("me", "secret");
  const auto anonymous = error_of([&] { open()->resolve("1", {}); });
  EXPECT_EQ(anonymous.code(), base::Code::unauthenticated);
  EXPECT_NE(anonymous.hint().find("log in"), std::string::npos) << anonymous.hint();
  credentials_.credential =
      Credential{.username = "me", .password = "secret", .identity_token = "", .registry_token = ""};
  EXPECT_NO_THROW(open()->resolve("1", {}));
}

TEST_F(RegistryTest, SendsARefreshTokenInTheBody) {
  fake_.add_image("app", "1", {});
  fake_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!request.target.starts_with("/token")) return std::nullopt;
    const bool right = request.method == "POST" && request.body.find("refresh_token=r%2Fs") != std::string::npos;
    return right ? FakeReply{.body = R"({"access_token":"fake-token"})"} : FakeReply{.status = 401};
  });
  fake_.require_bearer("", "");
  credentials_.credential = Credential{.username = "", .password = "", .identity_token = "r/s", .registry_token = ""};
  EXPECT_NO_THROW(open()->resolve("1", {}));
}

TEST_F(RegistryTest, GivesUpWhenTheTokenDoesNotHelp) {
  fake_.add_image("app", "1", {});
  const std::string realm = fake_.url() + "/token";
  fake_.intercept([realm](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target.starts_with("/token")) return FakeReply{.body = R"({"token":"useless"})"};
    return FakeReply{.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + realm + "\""}}};
  });
  EXPECT_EQ(error_of([&] { open()->resolve("1", {}); }).code(), base::Code::unauthenticated);
  EXPECT_EQ(fake_.count("GET", "/token"), 1U);
}

TEST_F(RegistryTest, CarriesNoCredentialsToTheHostOfARedirect) {
  FakeRegistry storage;
  const auto image = fake_.add_image("app", "1", {"layer"});
  fake_.require_basic("me", "secret");
  credentials_.credential =
      Credential{.username = "me", .password = "secret", .identity_token = "", .registry_token = ""};
  storage.intercept([](const FakeRequest&) -> std::optional<FakeReply> { return FakeReply{.body = "layer"}; });
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    return FakeReply{.status = 307, .headers = {{"Location", storage.url() + "/bucket?signature=1"}}, .body = "moved"};
  });
  open()->fetch_blob(image.layers[0], *content_, {}, {});
  ASSERT_EQ(storage.requests().size(), 1U);
  EXPECT_EQ(storage.requests()[0].header("authorization"), "");
  EXPECT_EQ(storage.requests()[0].target, "/bucket?signature=1");
}

TEST_F(RegistryTest, EndsARedirectLoop) {
  const Descriptor blob = fake_.add_blob("layer");
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    return FakeReply{.status = 302, .headers = {{"Location", request.target}}};
  });
  EXPECT_NE(fetch_error(blob).text().find("too many redirects"), std::string::npos);
}

TEST_F(RegistryTest, SaysHowToTrustAServerAndWhatIsUnreachable) {
  options_.transport = transport_.get();
  Registry registry(options_);
  auto repository = registry.repository(Reference::parse("127.0.0.1:1/app"));
  const auto error = error_of([&] { repository->resolve("1", {}); });
  EXPECT_EQ(error.code(), base::Code::unavailable);
  EXPECT_NE(error.text().find("127.0.0.1:1/app:1"), std::string::npos) << error.text();
  EXPECT_TRUE(slept_.empty());
}

TEST_F(RegistryTest, IsCancelledInTheMiddleOfABlob) {
  const Descriptor blob = fake_.add_blob(std::string(1000, 'x'));
  std::stop_source stop;
  fake_.intercept([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!is_blob(request)) return std::nullopt;
    stop.request_stop();  // the client is waiting for this answer
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return std::nullopt;
  });
  EXPECT_THROW(open()->fetch_blob(blob, *content_, {}, stop.get_token()), base::Cancelled);
}

TEST_F(RegistryTest, FetchesOneBlobOnceForManyThreads) {
  const Descriptor blob = fake_.add_blob(std::string(200'000, 'x'));
  auto repository = open();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { repository->fetch_blob(blob, *content_, {}, {}); });
  }
  threads.clear();
  EXPECT_EQ(fake_.count("GET", "/blobs/"), 1U);
}

TEST_F(RegistryTest, PushesBlobsAndManifest) {
  auto repository = open("ns/app");
  const auto info = content_->put(std::string(300'000, 'p'));
  Descriptor blob;
  blob.digest = info.digest;
  blob.size = info.size;
  repository->push_blob(blob, *content_, "", {}, {});
  EXPECT_TRUE(fake_.has_blob(blob.digest));
  repository->push_blob(blob, *content_, "", {}, {});
  EXPECT_EQ(fake_.count("PUT", "/blobs/uploads/"), 1U);
  const std::string manifest = R"({"schemaVersion":2})";
  Descriptor descriptor;
  descriptor.media_type = kOciManifest;
  descriptor.digest = base::sha256(manifest);
  descriptor.size = manifest.size();
  repository->push_manifest(descriptor, manifest, "1", {});
  EXPECT_EQ(fake_.manifest("ns/app", "1"), manifest);
}

TEST_F(RegistryTest, PushesOneBlobOnceForManyThreads) {
  Descriptor blob;
  blob.digest = content_->put(std::string(300'000, 'p')).digest;
  blob.size = 300'000;
  fake_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    // Long enough for everybody to have asked before the first upload ends.
    if (request.method == "POST") std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return std::nullopt;
  });
  const auto repository = open("ns/app");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { repository->push_blob(blob, *content_, "", {}, {}); });
  }
  threads.clear();
  EXPECT_EQ(fake_.count("PUT", "/blobs/uploads/"), 1U);
}

TEST_F(RegistryTest, MountsABlobFromAnotherRepository) {
  const Descriptor blob = fake_.add_blob("shared");
  fake_.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.method != "HEAD") return std::nullopt;
    return FakeReply{.status = 404};
  });
  content_->put("shared");
  open()->push_blob(blob, *content_, "base", {}, {});
  EXPECT_EQ(fake_.count("POST", "from=base"), 1U);
  EXPECT_EQ(fake_.count("PUT", "/blobs/"), 0U);
}

TEST_F(RegistryTest, ATransportForOutsideConnectsToNoAddressOfTheMachine) {
  const auto transport = make_curl_transport({.reach = Reach::outside});
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"}) {
    HttpRequest request;
    request.url = base::format("http://{}:{}/v2/", host, fake_.port());
    const HttpResponse response = transport->perform(request, nullptr, {});
    ASSERT_TRUE(response.fault) << host;
    EXPECT_NE(response.fault_text.find("leads back to this machine"), std::string::npos) << response.fault_text;
  }
  EXPECT_EQ(fake_.connections(), 0);
}

TEST_F(RegistryTest, ATransportWithoutProxiesHeedsNone) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  HttpRequest request;
  request.url = fake_.url() + "/v2/";
  const auto with = make_curl_transport({})->perform(request, nullptr, {});
  const auto without = make_curl_transport({.proxies = CurlOptions::Proxies::none})->perform(request, nullptr, {});
  ::unsetenv("http_proxy");
  EXPECT_TRUE(with.fault);
  EXPECT_FALSE(without.fault) << without.fault_text;
}

TEST_F(RegistryTest, NamesThePackageWhenLibcurlIsMissing) {
  auto transport = make_curl_transport({.library = "libcurl-none.so.9"});
  options_.transport = transport.get();
  const auto error = error_of([&] { open()->resolve("1", {}); });
  EXPECT_EQ(error.code(), base::Code::failed_precondition);
  EXPECT_NE(error.hint().find("libcurl4"), std::string::npos);
}

}  // namespace
}  // namespace oci
