// SPDX-License-Identifier: Apache-2.0
#include "oci/layout.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "oci/ingest.h"

namespace oci {
namespace {

constexpr std::string_view kLayoutVersion = "1.0.0";

std::string blob_path(const base::Digest& digest) { return "blobs/sha256/" + digest.hex(); }

std::string annotation(const Descriptor& descriptor, std::string_view name) {
  const auto found = descriptor.annotations.find(std::string(name));
  return found == descriptor.annotations.end() ? "" : found->second;
}

std::string read_bounded(int root, const std::string& path, std::size_t limit) {
  const base::Fd file = base::open_in_root(root, path, O_RDONLY | O_NONBLOCK);
  struct stat info{};
  SLIP_SYSCALL(::fstat(file.get(), &info), "stat {}", path);
  if (!S_ISREG(info.st_mode)) base::fail(base::Code::invalid_argument, "{} is not a regular file", path);
  return base::read_all(file.get(), limit);
}

}  // namespace

std::string layout_file() { return base::Json::object().set("imageLayoutVersion", kLayoutVersion).dump(); }

std::string layout_index(const std::vector<Descriptor>& manifests) {
  base::Json list = base::Json::array();
  for (const Descriptor& descriptor : manifests) list.push(to_json(descriptor));
  base::Json index = base::Json::object();
  index.set("schemaVersion", 2).set("mediaType", kOciIndex).set("manifests", std::move(list));
  return index.dump();
}

Layout::Layout(const std::string& directory) : directory_(directory), root_(base::open_directory(directory)) {
  base::with_context(
      [&] {
        const auto marker = base::open_in_root_if_exists(root_.get(), "oci-layout", O_RDONLY | O_NONBLOCK);
        if (!marker) {
          base::Error error(base::Code::invalid_argument, "not an OCI image layout: there is no file oci-layout in it");
          error.set_hint("an image archive (.tar) has to be unpacked into a directory first");
          throw error;
        }
        const base::Json json = base::Json::parse(base::read_all(marker->get(), 64U << 10));
        const std::string version = json["imageLayoutVersion"].string_or("");
        if (!version.starts_with("1.")) {
          base::fail(base::Code::invalid_argument, "unsupported imageLayoutVersion \"{}\"", version);
        }
      },
      "opening the OCI layout {}", directory_);
}

Index Layout::index() const {
  return base::with_context(
      [&] { return Index::parse(read_bounded(root_.get(), "index.json", kMaxDocumentSize), kOciIndex); },
      "reading index.json of the OCI layout {}", directory_);
}

namespace {

/// The one entry that is an image, not something about one (a signature, an attestation); nullptr when there is
/// another.
const Descriptor* only_image(const Index& index) {
  const Descriptor* only = nullptr;
  for (const Descriptor& entry : index.manifests) {
    if (!entry.artifact_type.empty()) continue;
    if (only != nullptr) return nullptr;
    only = &entry;
  }
  return only;
}

}  // namespace

Descriptor Layout::resolve(std::string_view reference, const std::stop_token&) {
  const Index entries = index();
  if (const auto digest = base::Digest::parse(reference)) {
    for (const Descriptor& entry : entries.manifests) {
      if (entry.digest == *digest) return entry;
    }
    // Not listed, but perhaps there: a manifest inside an index.
    Descriptor descriptor{.media_type = "",
                          .digest = *digest,
                          .size = 0,
                          .urls = {},
                          .annotations = {},
                          .data = "",
                          .platform = {},
                          .artifact_type = ""};
    const std::string bytes = base::read_all(open_blob(*digest).get(), kMaxDocumentSize);
    descriptor.size = bytes.size();
    verify(descriptor, bytes);
    const base::Json json = base::Json::parse(bytes);
    const bool is_index = document_kind(bytes, "") == DocumentKind::index;
    descriptor.media_type = json["mediaType"].string_or(is_index ? kOciIndex : kOciManifest);
    return descriptor;
  }
  const std::string wanted(reference.empty() ? "latest" : reference);
  for (const std::string_view name : {kAnnotationImageName, kAnnotationRefName}) {
    for (const Descriptor& entry : entries.manifests) {
      if (annotation(entry, name) == wanted) return entry;
    }
  }
  if (const Descriptor* only = only_image(entries); reference.empty() && only != nullptr) return *only;
  std::string names;
  for (const Descriptor& entry : entries.manifests) {
    const std::string name = annotation(entry, kAnnotationRefName);
    if (!name.empty()) names += (names.empty() ? "" : ", ") + name;
  }
  base::fail(base::Code::not_found, "no image \"{}\" in the OCI layout {} (it has: {})", wanted, directory_,
             names.empty() ? "no names" : names);
}

base::Fd Layout::open_blob(const base::Digest& digest) const {
  auto file = base::open_in_root_if_exists(root_.get(), blob_path(digest), O_RDONLY | O_NONBLOCK);
  if (!file) {
    base::fail(base::Code::not_found, "blob {} is missing in the OCI layout {}", digest.str(), directory_);
  }
  return std::move(*file);
}

std::string Layout::read_document(const Descriptor& descriptor) const {
  if (descriptor.size > kMaxDocumentSize) {
    base::fail(base::Code::invalid_argument, "document {} claims {} bytes, at most {} are accepted",
               descriptor.digest.str(), descriptor.size, kMaxDocumentSize);
  }
  std::string bytes = read_bounded(root_.get(), blob_path(descriptor.digest), kMaxDocumentSize);
  base::with_context([&] { verify(descriptor, bytes); }, "reading the OCI layout {}", directory_);
  return bytes;
}

std::string Layout::fetch_manifest(const Descriptor& descriptor, const std::stop_token&) {
  return read_document(descriptor);
}

std::string Layout::fetch_config(const Descriptor& descriptor, const std::stop_token&) {
  return read_document(descriptor);
}

void Layout::fetch_blob(const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                        const std::stop_token& stop) {
  base::with_context(
      [&] {
        for (;;) {
          const auto ingest = open_ingest(descriptor, content, stop);
          if (!ingest) return;
          const bool resumed = ingest->offset() > 0;
          ingest_file(open_blob(descriptor.digest).get(), descriptor, *ingest, progress, stop);
          try {
            ingest->commit();
            return;
          } catch (const base::Error& error) {
            // Bytes left by an earlier process may be what is wrong; the store has dropped them now.
            if (error.code() != base::Code::data_loss || !resumed) throw;
          }
        }
      },
      "reading the OCI layout {}", directory_);
}

LayoutWriter::LayoutWriter(const std::string& directory) : directory_(directory) {
  base::make_directories(directory_);
  const std::string marker = directory_ + "/oci-layout";
  if (!base::exists(marker)) {
    if (base::exists(directory_ + "/index.json")) {
      base::fail(base::Code::failed_precondition,
                 "{} has an index.json but is no OCI layout: choose an empty directory", directory_);
    }
    base::write_file_atomic(marker, layout_file());
  }
  base::make_directories(directory_ + "/blobs/sha256");
}

void LayoutWriter::put(const Descriptor& descriptor, std::string_view bytes) {
  verify(descriptor, bytes);
  const std::string path = directory_ + "/" + blob_path(descriptor.digest);
  if (base::exists(path)) return;
  base::write_file_atomic(path, bytes, base::Durable::no, 0444);
}

void LayoutWriter::put_blob(const Descriptor& descriptor, const store::ContentStore& content,
                            const std::stop_token& stop) {
  const std::string path = directory_ + "/" + blob_path(descriptor.digest);
  if (const auto info = base::lstat_if_exists(path)) {
    if (S_ISREG(info->st_mode) && static_cast<std::uint64_t>(info->st_size) == descriptor.size) return;
  }
  const base::Fd source = content.open(descriptor.digest);
  base::AtomicFile target(path, 0444);
  copy_verified(
      source.get(), descriptor, [&](std::span<const std::byte> bytes) { base::write_all(target.fd(), bytes); }, stop);
  target.commit();
}

void LayoutWriter::tag(const Descriptor& root, const std::vector<Annotations>& names) {
  // The marker file is the lock: it always exists and is never replaced.
  const auto lock = base::FileLock::wait(directory_ + "/oci-layout");
  std::vector<Descriptor> entries;
  if (const auto bytes = base::read_file_if_exists(directory_ + "/index.json", kMaxDocumentSize)) {
    entries = base::with_context([&] { return Index::parse(*bytes, kOciIndex).manifests; }, "reading {}/index.json",
                                 directory_);
  }
  const auto named_like = [](const Descriptor& entry, const Annotations& name) {
    const auto full = name.find(std::string(kAnnotationImageName));
    if (full != name.end()) return annotation(entry, kAnnotationImageName) == full->second;
    const auto reference = name.find(std::string(kAnnotationRefName));
    return reference != name.end() && annotation(entry, kAnnotationImageName).empty() &&
           annotation(entry, kAnnotationRefName) == reference->second;
  };
  const auto nameless = [](const Descriptor& entry) {
    return annotation(entry, kAnnotationRefName).empty() && annotation(entry, kAnnotationImageName).empty();
  };
  std::erase_if(entries, [&](const Descriptor& entry) {
    if (entry.digest == root.digest && nameless(entry)) return true;
    return std::any_of(names.begin(), names.end(), [&](const Annotations& name) { return named_like(entry, name); });
  });
  for (const Annotations& name : names) {
    Descriptor entry = root;
    for (const auto& [key, value] : name) entry.annotations[key] = value;
    entries.push_back(std::move(entry));
  }
  if (names.empty()) entries.push_back(root);
  base::write_file_atomic(directory_ + "/index.json", layout_index(entries));
}

}  // namespace oci
