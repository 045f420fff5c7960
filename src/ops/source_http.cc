// SPDX-License-Identifier: Apache-2.0
// ADD URL: the file behind an address, named by what it holds.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/time.h"
#include "llb/attr.h"
#include "ops/active_set.h"
#include "ops/http_signature.h"
#include "ops/http_source.h"
#include "ops/op.h"
#include "ops/result.h"

namespace ops {
namespace {

constexpr mode_t kDefaultMode = 0600;

std::uint32_t number_attr(const llb::SourceOp& source, std::string_view name, std::uint32_t fallback, int radix) {
  const auto value = base::parse_int(source.attr(name), radix);
  return value ? static_cast<std::uint32_t>(*value) : fallback;
}

class HttpOp final : public solve::Op {
 public:
  HttpOp(const llb::Vertex& vertex, const Services& services)
      : digest_(vertex.digest), source_(std::get<llb::SourceOp>(vertex.op.kind)), services_(services) {}

  solve::CacheMap cache_map(std::stop_token stop) override {
    fetched_ = fetch_http(source_, services_, digest_, stop);
    services_.pins.found(digest_, fetched_.blob.digest.str());
    base::Json recipe = base::Json::object();
    recipe.set("op", "http").set("digest", fetched_.blob.digest.str()).set("name", fetched_.filename);
    recipe.set("mode", source_.attr("http.perm"))
        .set("uid", source_.attr("http.uid"))
        .set("gid", source_.attr("http.gid"));
    recipe.set("modified", fetched_.last_modified.value_or(0));
    return solve::CacheMap::of(std::move(recipe));
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>&, std::stop_token) override {
    ActiveSet active(services_.snapshots);
    const std::size_t target = active.prepare({});
    write_file(active.mounts(target).upper + "/" + fetched_.filename);
    return {make_snapshot_result(active.commit(target))};
  }

  solve::Pool cache_map_pool() const override { return solve::Pool::network; }

 private:
  void write_file(const std::string& path) const {
    const base::Fd in = services_.store.content().open(fetched_.blob.digest);
    const base::Fd out = base::open_file(path, O_WRONLY | O_CREAT | O_EXCL, kDefaultMode);
    std::uint64_t left = fetched_.blob.size;
    while (left > 0) {
      const auto put =
          SLIP_SYSCALL(::copy_file_range(in.get(), nullptr, out.get(), nullptr, left, 0), "copy to {}", path);
      if (put == 0) base::fail(base::Code::data_loss, "blob {} ends early", fetched_.blob.digest.str());
      left -= static_cast<std::uint64_t>(put);
    }
    const auto uid = number_attr(source_, "http.uid", 0, 10);
    const auto gid = number_attr(source_, "http.gid", 0, 10);
    if (::geteuid() == 0 || uid != 0 || gid != 0)
      SLIP_SYSCALL(::fchown(out.get(), uid, gid), "set the owner of {}", path);
    SLIP_SYSCALL(::fchmod(out.get(), number_attr(source_, "http.perm", kDefaultMode, 8)), "set the mode of {}", path);
    const base::Nanos time = fetched_.last_modified.value_or(0) * base::kSecond;
    const timespec stamp{time / base::kSecond, 0};
    const timespec times[] = {stamp, stamp};
    SLIP_SYSCALL(::futimens(out.get(), times), "set the time of {}", path);
  }

  base::Digest digest_;
  llb::SourceOp source_;
  const Services& services_;
  HttpSource fetched_;
};

/// A download whose bytes are not the pinned ones is told in the words of ADD --checksum.
oci::HttpFetchResult fetch_checked(const Services& services, const oci::HttpFetchRequest& request, bool is_locked,
                                   const oci::FetchProgress& progress, const std::stop_token& stop) {
  try {
    return oci::http_fetch(services.http, request, services.store.content(), progress, stop);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::data_loss || !request.expect) throw;
    base::Error told(base::Code::data_loss, base::format("digest mismatch for {}: {}", request.url, error.message()));
    if (is_locked) {
      told.set_hint(base::format("the lock file says {}; if the change is meant: slipway lock --update={}",
                                 request.expect->str(), request.url));
    }
    throw told;
  }
}

}  // namespace

HttpSource fetch_http(const llb::SourceOp& source, const Services& services, const base::Digest& vertex,
                      const std::stop_token& stop) {
  if (services.settings.offline) {
    base::fail(base::Code::failed_precondition, "{} cannot be fetched: the build is offline", source.identifier);
  }
  std::optional<HttpSignature> signature;
  if (const auto rule = HttpSignatureRule::of(source)) signature.emplace(*rule, services.store.root(), stop);
  oci::HttpFetchRequest request;
  request.url = source.identifier;
  const std::string checksum = source.attr("http.checksum");
  if (!checksum.empty()) request.expect = base::Digest::parse_or_throw(checksum);
  const auto locked = checksum.empty() ? services.lock.http(source.identifier) : std::nullopt;
  if (locked) request.expect = base::Digest::parse_or_throw(*locked);
  // What a policy was shown of it.
  const std::string judged = source.attr(llb::attr::kJudgedDigest);
  if (!request.expect && !judged.empty()) request.expect = base::Digest::parse_or_throw(judged);
  const auto progress = [&](std::uint64_t current, std::uint64_t total) {
    services.events.progress(vertex, source.identifier, current, total);
  };
  const auto result = fetch_checked(services, request, locked.has_value(), progress, stop);
  if (signature) signature->check(services.store.content().open(result.blob.digest));
  HttpSource fetched;
  fetched.blob = result.blob;
  if (const auto time = base::parse_http_date(result.last_modified)) fetched.last_modified = *time / base::kSecond;
  fetched.filename = source.attr("http.filename");
  if (fetched.filename.empty()) fetched.filename = file_name_of_url(source.identifier);
  const bool plain = fetched.filename.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
  if (!plain || fetched.filename == "." || fetched.filename == "..") {
    base::fail(base::Code::invalid_argument, "{}: \"{}\" is no name for a file", source.identifier, fetched.filename);
  }
  return fetched;
}

std::string file_name_of_url(std::string_view url) {
  if (const auto parts = base::cut(url, "://")) url = parts->second;
  url = url.substr(0, url.find_first_of("?#"));
  const auto slash = url.find('/');
  if (slash == url.npos) return "download";
  const std::string name = base::base_name(url.substr(slash));
  return name == "/" || name == "." ? "download" : name;
}

std::shared_ptr<solve::Op> make_source_http(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<HttpOp>(vertex, services);
}

}  // namespace ops
