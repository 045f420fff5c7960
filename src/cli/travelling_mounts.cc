// SPDX-License-Identifier: Apache-2.0
#include "cli/travelling_mounts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
#include "cache/chunks.h"
#include "layer/compress.h"
#include "layer/stream.h"
#include "oci/layout.h"

namespace cli {
namespace {

constexpr std::size_t kParallelChunks = 4;

/// An empty file that nobody else sees.
base::Fd spool(House& house) {
  const std::string path = house.store().temporary_file();
  base::Fd file = base::open_file(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  ::unlink(path.c_str());
  return file;
}

void rewind(const base::Fd& file) { SLIP_SYSCALL(::lseek(file.get(), 0, SEEK_SET), "rewind a temporary file"); }

class StringSink final : public layer::Sink {
 public:
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void finish() override {}
  std::string text;
};

std::string compressed(std::string_view bytes) {
  StringSink out;
  const auto compressor = layer::make_compressor({.kind = layer::Compression::zstd}, out);
  compressor->write(std::as_bytes(std::span(bytes)));
  compressor->finish();
  return std::move(out.text);
}

oci::Descriptor keep_chunk(std::string_view bytes, store::ContentStore& content) {
  const std::string packed = compressed(bytes);
  oci::Descriptor chunk;
  chunk.media_type = std::string(cache::kChunkType);
  chunk.digest = base::sha256(packed);
  chunk.size = packed.size();
  content.put(packed);
  return chunk;
}

std::string data_of(const std::string& id, const store::Store& store) {
  return ops::cache_mount_directory(store, id) + "/data";
}

/// The frontend puts a namespace and a slash before what the Dockerfile says, and mostly there is no namespace.
std::string full_id(const std::string& id, const store::Store& store) {
  for (const auto& full : {"/" + id, id}) {
    if (base::exists(data_of(full, store))) return full;
  }
  base::Error error(base::Code::not_found, base::format("no step of this store has a cache mount {}", id));
  error.set_hint("its id is that of RUN --mount=type=cache,id=…, or the target's path");
  throw error;
}

/// The mount's files as they are now, in chunks in the content store.
cache::ExportedMount pack(const std::string& named, House& house, const std::stop_token& stop) {
  const std::string id = full_id(named, house.store());
  const std::string data = data_of(id, house.store());
  const base::Fd tar = spool(house);
  base::Json params = base::Json::object();
  params.set("upper", data).set("lowers", base::Json::array());
  params.set("compression", layer::compression_name(layer::Compression::none));
  const int fds[] = {tar.get()};
  const base::Json written = house.worker().call("diff", params, fds, stop).result;
  cache::ExportedMount mount{.id = id,
                             .tar = base::Digest::parse_or_throw(written["diff_id"].as_string()),
                             .size = static_cast<std::uint64_t>(written["uncompressed"].as_int()),
                             .chunks = {}};
  rewind(tar);
  cache::each_chunk(
      tar.get(), [&](std::string_view bytes) { mount.chunks.push_back(keep_chunk(bytes, house.store().content())); },
      stop);
  return mount;
}

std::vector<cache::ExportedMount> known_mounts(oci::ImageSource& source, const std::string& name,
                                               const std::stop_token& stop) {
  try {
    const auto root = source.resolve(cache::mounts_tag(name), stop);
    const std::string manifest = source.fetch_manifest(root, stop);
    const auto config = oci::descriptor_from_json(base::Json::parse(manifest)["config"]);
    return cache::parse_mounts(manifest, source.fetch_config(config, stop));
  } catch (const base::Error& error) {
    if (error.code() == base::Code::not_found) return {};
    throw;
  }
}

/// Those of before with the new ones in their places.
std::vector<cache::ExportedMount> merged(std::vector<cache::ExportedMount> before,
                                         std::vector<cache::ExportedMount> now) {
  std::erase_if(before, [&](const auto& old) {
    return std::any_of(now.begin(), now.end(), [&](const auto& mount) { return mount.id == old.id; });
  });
  now.insert(now.end(), before.begin(), before.end());
  std::sort(now.begin(), now.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return now;
}

void write_directory(const cache::MountsManifest& manifest, const cache::ExportSpec& spec, store::ContentStore& content,
                     const std::stop_token& stop) {
  oci::LayoutWriter writer(spec.dest);
  for (const auto& chunk : manifest.blobs) {
    if (!base::exists(spec.dest + "/blobs/sha256/" + chunk.digest.hex())) writer.put_blob(chunk, content, stop);
  }
  writer.put(manifest.config, manifest.config_text);
  writer.put(manifest.root, manifest.text);
  writer.tag(manifest.root, {{{std::string(oci::kAnnotationRefName), cache::mounts_tag(spec.tag)}}});
}

void push(const cache::MountsManifest& manifest, const std::string& name, oci::Repository& repository,
          store::ContentStore& content, const std::stop_token& stop) {
  content.put(manifest.config_text);
  std::vector<oci::Descriptor> blobs = manifest.blobs;
  blobs.push_back(manifest.config);
  {
    base::ThreadPool pool("mounts", kParallelChunks);
    base::TaskGroup group(pool, stop);
    for (const auto& blob : blobs) {
      group.run([&, blob](const std::stop_token& task_stop) {
        // What an earlier export left there and this store never had needs no bytes.
        if (!repository.has_blob(blob, task_stop)) repository.push_blob(blob, content, "", {}, task_stop);
      });
    }
    group.wait();
  }
  repository.push_manifest(manifest.root, manifest.text, cache::mounts_tag(name), stop);
}

}  // namespace

void ImportedMounts::add(const std::shared_ptr<oci::ImageSource>& source, const std::string& name,
                         const std::stop_token& stop) {
  auto mounts = known_mounts(*source, name, stop);
  auto known = known_.lock();
  for (auto& mount : mounts) known->emplace(mount.id, Known{source, mount});
}

void ImportedMounts::fill(const std::string& id, const std::string& directory, const std::stop_token& stop) {
  std::optional<Known> known;
  {
    const auto all = known_.lock();
    if (const auto found = all->find(id); found != all->end()) known = found->second;
  }
  if (!known) return;
  try {
    fetch(*known, directory, stop);
  } catch (const base::Error& error) {
    warn_(base::format("cache mount {} begins empty: {}", id, error.text()));
  }
}

void ImportedMounts::fetch(const Known& known, const std::string& directory, const std::stop_token& stop) {
  auto& content = house_.store().content();
  {
    base::ThreadPool pool("mounts", kParallelChunks);
    base::TaskGroup group(pool, stop);
    for (const auto& chunk : known.mount.chunks) {
      group.run([&, chunk](const std::stop_token& task_stop) {
        if (!content.find(chunk.digest)) known.source->fetch_blob(chunk, content, {}, task_stop);
      });
    }
    group.wait();
  }
  const base::Fd tar = spool(house_);
  base::Sha256 hash;
  std::uint64_t size = 0;
  for (const auto& chunk : known.mount.chunks) {
    const base::Fd packed = content.open(chunk.digest);
    layer::FdSource source(packed.get());
    const auto plain = layer::make_decompressor(source);
    std::string buffer(1U << 20, '\0');
    while (const std::size_t got = plain->read(std::as_writable_bytes(std::span(buffer)))) {
      size += got;
      if (size > known.mount.size) base::fail(base::Code::data_loss, "its chunks are more than it has");
      const auto bytes = std::string_view(buffer).substr(0, got);
      hash.update(bytes);
      base::write_all(tar.get(), bytes);
    }
  }
  if (hash.finish() != known.mount.tar) base::fail(base::Code::data_loss, "its chunks make up another tar");
  rewind(tar);
  const int fds[] = {tar.get()};
  house_.worker().call("fill_cache_mount", base::Json::object().set("directory", directory), fds, stop);
}

void export_mounts(const cache::ExportSpec& spec, House& house, const cache::Part& part, const std::stop_token& stop) {
  if (spec.mounts.empty()) return;
  std::vector<cache::ExportedMount> mounts;
  for (const auto& id : spec.mounts) {
    part("writing cache mount " + id, [&] { mounts.push_back(pack(id, house, stop)); });
  }
  auto& content = house.store().content();
  if (spec.type == cache::Type::local) {
    oci::Layout layout(spec.dest);
    const auto manifest = cache::assemble_mounts(merged(known_mounts(layout, spec.tag, stop), std::move(mounts)));
    return write_directory(manifest, spec, content, stop);
  }
  const auto reference = oci::Reference::parse(spec.ref).tagged();
  const auto repository = house.registry().repository(reference);
  const std::string name = reference.object();
  const auto manifest = cache::assemble_mounts(merged(known_mounts(*repository, name, stop), std::move(mounts)));
  part("sending cache mounts", [&] { push(manifest, name, *repository, content, stop); });
}

}  // namespace cli
