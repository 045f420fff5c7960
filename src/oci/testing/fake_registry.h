// SPDX-License-Identifier: Apache-2.0
#pragma once
// A registry in this process, on a loopback port, that behaves as a test tells it to.
//
//     FakeRegistry registry;
//     auto image = registry.add_image("app", "1", {"layer bytes"});
//     registry.intercept([](const FakeRequest& request) -> std::optional<FakeReply> {
//       if (request.target.find("/blobs/") == std::string::npos) return std::nullopt;   // as usual
//       return FakeReply{.status = 500};
//     });
//
// It speaks plain HTTP/1.1 with keep-alive, one thread per connection. Interceptors are asked in the
// order they were added, on connection threads; the first answer wins.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "oci/descriptor.h"

namespace oci::testing {

struct FakeRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::string header(const std::string& name) const;
};

struct FakeReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::optional<std::size_t> cut_after = {};     ///< the connection dies after so many bytes of the body
  std::optional<std::size_t> claim_length = {};  ///< Content-Length other than the body's
  enum class Framing : std::uint8_t { length, until_close, endless } framing = Framing::length;
  enum class Connection : std::uint8_t { keep, reset } connection = Connection::keep;  ///< reset: no reply at all
};

using Interceptor = std::function<std::optional<FakeReply>(const FakeRequest&)>;

struct FakeImage {
  Descriptor manifest;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::string manifest_bytes;
};

class FakeRegistry {
 public:
  FakeRegistry();
  ~FakeRegistry();

  int port() const;
  /// "127.0.0.1:PORT".
  std::string domain() const;
  std::string url() const { return "http://" + domain(); }

  Descriptor add_blob(const std::string& bytes, std::string media_type = "application/octet-stream");
  Descriptor add_manifest(const std::string& name, const std::string& tag, const std::string& media_type,
                          const std::string& bytes);
  /// A linux/amd64 image whose layers are these bytes (called uncompressed tars).
  FakeImage add_image(const std::string& name, const std::string& tag, const std::vector<std::string>& layers);

  void intercept(Interceptor interceptor);
  /// From now on requests need this user and password by basic authentication.
  void require_basic(const std::string& user, const std::string& password);
  /// … or a bearer token from /token of this server, given out to this user ("" = to anybody).
  void require_bearer(const std::string& user, const std::string& password);

  std::vector<FakeRequest> requests() const;
  std::size_t count(const std::string& method, const std::string& part_of_target) const;
  int connections() const;
  bool has_blob(const base::Digest& digest) const;
  std::optional<std::string> manifest(const std::string& name, const std::string& reference) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oci::testing
