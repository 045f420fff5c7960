// SPDX-License-Identifier: Apache-2.0
// Against the reference registry (Debian's docker-registry) over http and https, where it is installed.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "oci/registry.h"

namespace oci {
namespace {

int free_port() {
  const base::Fd fd(SLIP_SYSCALL(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SLIP_SYSCALL(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  socklen_t size = sizeof address;
  SLIP_SYSCALL(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

class Distribution : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"docker-registry", "openssl"}) {
      if (!base::find_program(program)) GTEST_SKIP() << program << " is not installed";
    }
    options_.transport = transport_.get();
    options_.certificate_directories = {dir_.path() + "/certs.d"};
  }

  void start(const std::string& tls = "") {
    domain_ = base::format("127.0.0.1:{}", free_port());
    const std::string config = dir_.path() + "/config.yml";
    base::write_file_atomic(config,
                            base::format("version: 0.1\nlog:\n  accesslog:\n    disabled: true\n  level: error\n"
                                         "storage:\n  filesystem:\n    rootdirectory: {}/registry\n"
                                         "http:\n  addr: {}\n{}",
                                         dir_.path(), domain_, tls));
    base::Command command;
    command.argv = {"docker-registry", "serve", config};
    server_.emplace(base::Child::start(command));
    HttpRequest ping;
    ping.url = (tls.empty() ? "http://" : "https://") + domain_ + "/v2/";
    ping.tls.verify = TlsSettings::Verify::no;
    for (int i = 0; i < 200 && !transport_->perform(ping, nullptr, {}).ok(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
  }

  void start_with_tls() {
    const std::string pem = dir_.path() + "/server";
    base::Command command;
    command.argv = {"openssl", "req",        "-x509", "-newkey",   "rsa:2048", "-nodes",
                    "-days",   "2",          "-subj", "/CN=test",  "-addext",  "subjectAltName=IP:127.0.0.1",
                    "-keyout", pem + ".key", "-out",  pem + ".crt"};
    ASSERT_TRUE(base::run_collect(command).status.ok());
    start(base::format("  tls:\n    certificate: {}.crt\n    key: {}.key\n", pem, pem));
  }

  std::unique_ptr<Repository> open(const std::string& name) {
    registry_ = std::make_unique<Registry>(options_);
    return registry_->repository(Reference::parse(domain_ + "/" + name));
  }

  Descriptor blob(const std::string& bytes, std::string_view type) {
    const auto info = content_->put(bytes);
    Descriptor descriptor;
    descriptor.media_type = std::string(type);
    descriptor.digest = info.digest;
    descriptor.size = info.size;
    return descriptor;
  }

  /// Pushes an image with one layer and returns its manifest.
  Descriptor push(Repository& repository, const Descriptor& layer, std::string_view mount_from) {
    base::Json rootfs = base::Json::object();
    rootfs.set("type", "layers").set("diff_ids", base::Json::strings({layer.digest.str()}));
    const Descriptor config = blob(
        base::Json::object().set("os", "linux").set("architecture", "amd64").set("rootfs", rootfs).dump(), kOciConfig);
    repository.push_blob(config, *content_, "", {}, {});
    repository.push_blob(layer, *content_, mount_from, {}, {});
    base::Json manifest = base::Json::object();
    manifest.set("schemaVersion", 2).set("mediaType", kOciManifest).set("config", to_json(config));
    manifest.set("layers", base::Json::array().push(to_json(layer)));
    const std::string bytes = manifest.dump();
    const Descriptor descriptor = blob(bytes, kOciManifest);
    repository.push_manifest(descriptor, bytes, "1", {});
    return descriptor;
  }

  base::TemporaryDirectory dir_;
  std::unique_ptr<store::ContentStore> content_ = store::make_disk_content_store(dir_.path() + "/store");
  std::unique_ptr<HttpTransport> transport_ = make_curl_transport({});
  RegistryOptions options_;
  std::unique_ptr<Registry> registry_;
  std::string domain_;
  std::optional<base::Child> server_;
};

TEST_F(Distribution, TakesAnImageAndGivesItBack) {
  start();
  auto repository = open("ns/app");
  const Descriptor layer = blob(std::string(3'000'000, 'z'), kOciLayer);
  const Descriptor manifest = push(*repository, layer, "");
  content_->remove(layer.digest);
  const auto image = resolve_image(*repository, repository->resolve("1", {}),
                                   PlatformMatcher::runs_on(parse_platform("linux/amd64")), {});
  EXPECT_EQ(image.manifest_descriptor.digest, manifest.digest);
  fetch_layers(*repository, image.manifest.layers, *content_, {}, {});
  EXPECT_EQ(content_->find(layer.digest)->size, layer.size);
}

TEST_F(Distribution, TakesLargeBlobsInPieces) {
  start();
  options_.upload_piece = 1'000'000;
  std::string bytes;
  for (int i = 0; i < 500'000; ++i) bytes += std::to_string(i);
  ASSERT_GT(bytes.size(), 2 * options_.upload_piece);
  const Descriptor layer = blob(bytes, kOciLayer);
  push(*open("pieces"), layer, "");
  content_->remove(layer.digest);
  open("pieces")->fetch_blob(layer, *content_, {}, {});
  EXPECT_EQ(content_->find(layer.digest)->size, bytes.size());
}

/// Loses the answer to one piece, and never sends another.
class BreakingTransport final : public HttpTransport {
 public:
  explicit BreakingTransport(HttpTransport& inner) : inner_(inner) {}
  HttpResponse perform(const HttpRequest& request, BodySink* sink, const std::stop_token& stop) override {
    const int piece = request.method == "PATCH" ? ++pieces : 0;
    HttpResponse broken;
    broken.fault = TransportFault::reset;
    if (piece == 3) return broken;
    HttpResponse response = inner_.perform(request, sink, stop);
    return piece == 2 ? broken : response;
  }
  int pieces = 0;

 private:
  HttpTransport& inner_;
};

TEST_F(Distribution, GoesOnWithPiecesWhereABrokenConnectionLeftThem) {
  start();
  BreakingTransport breaking(*transport_);
  options_.upload_piece = 500'000;
  options_.transport = &breaking;
  const Descriptor layer = blob(std::string(1'000'000, 'a') + std::string(1'500'000, 'b'), kOciLayer);
  push(*open("broken"), layer, "");
  // This registry forgets an upload whose last answer was lost, so that the whole begins anew; the piece that was never
  // sent is sent once more.
  EXPECT_EQ(breaking.pieces, 2 + 1 + 5);
  content_->remove(layer.digest);
  open("broken")->fetch_blob(layer, *content_, {}, {});
  EXPECT_EQ(content_->find(layer.digest)->size, layer.size);
}

TEST_F(Distribution, MountsBetweenRepositories) {
  start();
  const Descriptor layer = blob(std::string(100'000, 'm'), kOciLayer);
  push(*open("one"), layer, "");
  auto second = open("two");
  EXPECT_FALSE(second->has_blob(layer, {}));
  push(*second, layer, "one");
  EXPECT_TRUE(second->has_blob(layer, {}));
}

TEST_F(Distribution, ResumesWithARange) {
  start();
  auto repository = open("app");
  std::string bytes(400'000, 'a');
  bytes.append(400'000, 'b');
  const Descriptor layer = blob(bytes, kOciLayer);
  push(*repository, layer, "");
  content_->remove(layer.digest);
  {
    auto ingest = content_->ingest("blob-" + layer.digest.hex(), {.expect = layer.digest, .expect_size = layer.size});
    ingest->write(std::as_bytes(std::span(std::string_view(bytes).substr(0, 500'000))));
  }
  std::uint64_t first = 0;
  repository->fetch_blob(layer, *content_,
                         [&](std::uint64_t current, std::uint64_t) { first = first ? first : current; }, {});
  EXPECT_GT(first, 500'000U);
  EXPECT_TRUE(content_->find(layer.digest));
}

TEST_F(Distribution, NeedsThePrivateCaOverTls) {
  start_with_tls();
  const Descriptor layer = blob("layer", kOciLayer);
  options_.certificate_directories = {};
  try {
    // Plain http is what a loopback host gets first; the server's answer tells that it wants TLS.
    open("app")->resolve("1", {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::unavailable);
    EXPECT_NE(error.text().find("certificate"), std::string::npos) << error.text();
    EXPECT_NE(error.hint().find("certs.d"), std::string::npos);
  }
  options_.certificate_directories = {dir_.path() + "/certs.d"};
  base::make_directories(dir_.path() + "/certs.d/" + domain_);
  base::write_file_atomic(dir_.path() + "/certs.d/" + domain_ + "/ca.crt",
                          base::read_file(dir_.path() + "/server.crt"));
  auto repository = open("app");
  push(*repository, layer, "");
  EXPECT_EQ(repository->resolve("1", {}).media_type, kOciManifest);
}

TEST_F(Distribution, AcceptsAnUnverifiedServerWhenListedAsInsecure) {
  start_with_tls();
  options_.settings.allow_insecure(domain_);
  push(*open("app"), blob("layer", kOciLayer), "");
}

}  // namespace
}  // namespace oci
