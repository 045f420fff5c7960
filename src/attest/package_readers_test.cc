// SPDX-License-Identifier: Apache-2.0
#include "attest/package_readers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace attest {
namespace {

std::vector<std::string> purls(const Components& components) {
  std::vector<std::string> list;
  for (const auto& component : components) list.push_back(component.purl());
  return list;
}

ReadAt reader_of(const std::string& bytes) {
  return [&bytes](std::uint64_t offset, std::size_t size) {
    return offset > bytes.size() ? std::string() : bytes.substr(static_cast<std::size_t>(offset), size);
  };
}

std::string number(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string deflated(const std::string& text, int window) {
  z_stream stream{};
  ::deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

/// A 64-bit little-endian ELF file with those sections.
std::string elf_with(const std::vector<std::pair<std::string, std::string>>& sections) {
  std::string names("\0", 1);
  std::string data;
  std::string table(64, '\0');
  const auto entry = [&](const std::string& name, const std::string& bytes) {
    table += number(names.size(), 4) + number(1, 4) + number(0, 8) + number(0, 8) + number(64 + data.size(), 8) +
             number(bytes.size(), 8) + number(0, 8 + 8 + 8);
    table.resize((table.size() + 63) / 64 * 64);
    names += name + std::string(1, '\0');
    data += bytes;
  };
  for (const auto& [name, bytes] : sections) entry(name, bytes);
  entry(".shstrtab", "");
  // The name table comes last, with all names in it.
  const std::size_t last = table.size() - 64;
  table.replace(last + 24, 8, number(64 + data.size(), 8));
  table.replace(last + 32, 8, number(names.size(), 8));
  data += names;
  std::string head(
      "\x7f"
      "ELF\x02\x01\x01",
      7);
  head.resize(16);
  head += number(2, 2) + number(62, 2) + number(1, 4) + number(0, 8) + number(0, 8) + number(64 + data.size(), 8);
  head += number(0, 4) + number(64, 2) + number(0, 2) + number(0, 2) + number(64, 2) + number(sections.size() + 2, 2);
  head += number(sections.size() + 1, 2);
  return head + data + table;
}

std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out;
  std::string directory;
  for (const auto& [name, text] : files) {
    const std::string packed = deflated(text, -MAX_WBITS);
    const std::string sizes = number(0, 4) + number(packed.size(), 4) + number(text.size(), 4);
    directory += "PK\x01\x02" + number(20, 2) + number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) + sizes +
                 number(name.size(), 2) + number(0, 2 + 2 + 2 + 2 + 4) + number(out.size(), 4) + name;
    out += "PK\x03\x04" + number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) + sizes + number(name.size(), 2) +
           number(0, 2) + name + packed;
  }
  const std::string end = "PK\x05\x06" + number(0, 4) + number(files.size(), 2) + number(files.size(), 2) +
                          number(directory.size(), 4) + number(out.size(), 4) + number(0, 2);
  return out + directory + end;
}

TEST(Dpkg, ReadsWhatIsInstalled) {
  Components found;
  read_dpkg_status(
      "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nSource: zlib (1:1.2.13.dfsg-1)\n"
      "Version: 1:1.2.13.dfsg-1+b1\nMaintainer: Some One <a@b>\nDescription: x\n more\n\n"
      "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
      "Package: distroless\nVersion: 2\nArchitecture: all\n",
      {"debian", "12"}, found);
  EXPECT_THAT(purls(found),
              testing::ElementsAre("pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1%2Bb1?arch=amd64&distro=debian-12",
                                   "pkg:deb/debian/distroless@2?arch=all&distro=debian-12"));
  EXPECT_EQ(found[0].source, "zlib@1:1.2.13.dfsg-1");
  EXPECT_EQ(found[0].supplier, "Some One <a@b>");
}

TEST(Apk, ReadsPackagesAndTheirFiles) {
  Components found;
  std::map<std::string, std::string> files;
  read_apk_installed(
      "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\n\n"
      "P:busybox\nV:1.36\nL:GPL-2.0-only\nF:bin\nR:busybox\n",
      {"alpine", "3.18.4"}, found, files);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.4",
                                                 "pkg:apk/alpine/busybox@1.36?distro=alpine-3.18.4"));
  EXPECT_EQ(found[1].license, "GPL-2.0-only");
  EXPECT_EQ(files.at("bin/busybox"), "busybox");
}

/// A header of text tags.
std::string rpm_header(const std::vector<std::pair<std::uint32_t, std::string>>& tags) {
  const auto big = [](std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  std::string index;
  std::string data;
  for (const auto& [tag, text] : tags) {
    index += big(tag) + big(6) + big(static_cast<std::uint32_t>(data.size())) + big(1);
    data += text + std::string(1, '\0');
  }
  return big(static_cast<std::uint32_t>(tags.size())) + big(static_cast<std::uint32_t>(data.size())) + index + data;
}

TEST(Rpm, ReadsHeaders) {
  const std::string header =
      rpm_header({{1000, "bash"}, {1001, "5.2"}, {1002, "1.el9"}, {1014, "GPLv3+"}, {1022, "x86_64"}});
  Components found;
  read_rpm_header(header, {"centos", "9"}, found);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:rpm/centos/bash@5.2-1.el9?arch=x86_64&distro=centos-9"));
  EXPECT_EQ(found[0].license, "GPL-3.0-or-later");
  for (std::size_t size = 0; size < header.size(); ++size) {
    read_rpm_header(header.substr(0, size), {}, found);  // whatever is cut off, nothing is read beyond it
  }
  read_rpm_header(std::string(64, '\xff'), {}, found);
}

std::string little(std::uint32_t value, std::size_t size = 4) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string padded(std::string bytes, std::size_t size) {
  bytes.resize(size, '\0');
  return bytes;
}

std::string package(const std::string& name) {
  return rpm_header({{1000, name}, {1001, "1"}, {1002, "2"}, {1014, "MIT"}});
}

Components read_rpm_bytes(const std::string& file) {
  Components found;
  const ReadAt read = [&](std::uint64_t offset, std::size_t size) {
    return offset >= file.size() ? std::string() : file.substr(offset, size);
  };
  read_rpm_file(read, file.size(), {}, found);
  return found;
}

/// Whatever is cut off or changed, the reader ends, and reads nothing beyond the file.
void mutilate(const std::string& file) {
  for (std::size_t size = 0; size < file.size(); size += 7) read_rpm_bytes(file.substr(0, size));
  for (std::size_t at = 0; at < file.size(); ++at) {
    if (file[at] == '\0') continue;
    std::string changed = file;
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      changed[at] = byte;
      read_rpm_bytes(changed);
    }
  }
}

TEST(Rpm, ReadsNdb) {
  const auto slot = [](std::uint32_t package, std::uint32_t block) {
    return "Slot" + little(package) + little(block) + little(9);
  };
  const auto blob = [](std::uint32_t package, const std::string& header) {
    return padded("BlbS" + little(package) + little(1) + little(static_cast<std::uint32_t>(header.size())) + header,
                  512);
  };
  std::string slots = padded("RpmP" + little(0) + little(1) + little(1) + little(4), 32);
  slots += slot(1, 256) + slot(0, 0) + slot(3, 288) + slot(4, 256);  // the last one points at another package's blob
  while (slots.size() < 4096) slots += slot(0, 0);
  const std::string file = slots + blob(1, package("one")) + blob(3, package("two"));
  EXPECT_THAT(purls(read_rpm_bytes(file)), testing::ElementsAre("pkg:rpm/one@1-2", "pkg:rpm/two@1-2"));
  mutilate(file.substr(0, 4096 + 1024));
}

TEST(Rpm, ReadsBerkeleyHashes) {
  constexpr std::size_t kPage = 512;
  const std::string large = package(std::string(700, 'n'));
  const std::string small = package("small");
  const auto page = [](unsigned type, std::uint32_t next, std::uint32_t entries, std::uint32_t used) {
    return std::string(12, '\0') + little(0) + little(next) + little(entries, 2) + little(used, 2) +
           std::string(1, '\0') + static_cast<char>(type);
  };
  std::string meta = std::string(12, '\0') + little(0x061561) + little(9) + little(kPage);
  meta = padded(meta, kPage);
  std::string bucket = page(13, 0, 4, 0);
  const std::string key_two = std::string(1, '\x01') + little(2);
  const std::string value_two = std::string(1, '\x01') + small;
  const std::string key_one = std::string(1, '\x01') + little(1);
  const std::string value_one =
      std::string(1, '\x03') + std::string(3, '\0') + little(2) + little(static_cast<std::uint32_t>(large.size()));
  std::size_t at = kPage;
  std::string index;
  std::string items;
  for (const auto& item : {key_one, value_one, key_two, value_two}) {
    at -= item.size();
    index += little(static_cast<std::uint32_t>(at), 2);
    items = item + items;
  }
  bucket = padded(bucket + index, kPage - items.size()) + items;
  const std::size_t room = kPage - 26;
  const std::string rest = large.substr(room);
  const std::string first = page(7, 3, 0, room) + large.substr(0, room);
  const std::string second = page(7, 0, 0, static_cast<std::uint32_t>(rest.size())) + rest;
  const std::string file = meta + bucket + first + padded(second, kPage);
  EXPECT_THAT(purls(read_rpm_bytes(file)),
              testing::ElementsAre("pkg:rpm/" + std::string(700, 'n') + "@1-2", "pkg:rpm/small@1-2"));
  mutilate(file);
}

TEST(Npm, ReadsNamesScopesAndLicences) {
  Components found;
  read_package_json(R"({"name":"@babel/core","version":"7.1.0","license":"MIT","author":{"name":"A"}})", found);
  read_package_json(R"({"name":"left","version":"1.0.0","licenses":[{"type":"MIT"},{"type":"Apache-2.0"}]})", found);
  read_package_json(R"({"name":"no-version"})", found);
  read_package_json("{broken", found);
  read_package_json(R"([1])", found);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:npm/%40babel/core@7.1.0", "pkg:npm/left@1.0.0"));
  EXPECT_EQ(found[1].license, "MIT AND Apache-2.0");
  EXPECT_EQ(found[0].supplier, "A");
}

TEST(Python, ReadsMetadataToItsDescription) {
  Components found;
  read_python_metadata(
      "Metadata-Version: 2.1\nName: Typing_Extensions\nVersion: 4.4.0\n"
      "Classifier: License :: OSI Approved :: MIT License\n\nName: other\n",
      found);
  read_python_metadata("Name: no-version\n\n", found);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:pypi/typing-extensions@4.4.0"));
  EXPECT_EQ(found[0].license, "MIT");
}

TEST(Gem, ReadsWhatAGemspecAssigns) {
  Components found;
  read_gemspec(
      "# -*- encoding: utf-8 -*-\nGem::Specification.new do |s|\n  s.name = \"rake\".freeze\n"
      "  s.version = \"13.0.6\"\n  s.licenses = [\"MIT\".freeze]\nend\n",
      found);
  read_gemspec("nothing", found);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:gem/rake@13.0.6"));
  EXPECT_EQ(found[0].license, "MIT");
}

TEST(Programs, GoSaysItsModules) {
  const std::string modules = std::string(16, 's') +
                              "path\texample.org/app\nmod\texample.org/app\t(devel)\t\n"
                              "dep\tgithub.com/a/b\tv1.2.3\th1:x=\ndep\tgithub.com/old/c\tv1.0.0\n"
                              "=>\tgithub.com/new/c\tv1.1.0\th1:y=\nbuild\t-compiler=gc\n" +
                              std::string(16, 'e');
  const auto text = [](const std::string& value) {
    std::string bytes;
    std::size_t length = value.size();
    for (; length >= 0x80; length >>= 7) bytes += static_cast<char>((length & 0x7f) | 0x80);
    return bytes + static_cast<char>(length) + value;
  };
  std::string info =
      std::string("\xff Go buildinf:", 14) + "\x08\x02" + std::string(16, '\0') + text("go1.21.3") + text(modules);
  const std::string program = elf_with({{".text", "code"}, {".go.buildinfo", info}});
  Components found;
  read_program(reader_of(program), program.size(), found);
  EXPECT_THAT(purls(found),
              testing::ElementsAre("pkg:golang/stdlib@go1.21.3", "pkg:golang/example.org/app",
                                   "pkg:golang/github.com/a/b@v1.2.3", "pkg:golang/github.com/new/c@v1.1.0"));
  for (std::size_t size = 0; size < program.size(); size += 7) {
    const std::string cut = program.substr(0, size);
    read_program(reader_of(cut), cut.size(), found);
  }
}

TEST(Programs, RustSaysItsCrates) {
  const std::string crates = deflated(
      R"({"packages":[{"name":"serde","version":"1.0.1"},{"name":"cc","version":"1.0","kind":"build"}]})", MAX_WBITS);
  const std::string program = elf_with({{".dep-v0", crates}});
  Components found;
  read_program(reader_of(program), program.size(), found);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:cargo/serde@1.0.1"));
  const std::string broken = elf_with({{".dep-v0", "not packed"}});
  read_program(reader_of(broken), broken.size(), found);
  EXPECT_EQ(found.size(), 1U);
}

TEST(Jar, ReadsPomsManifestsAndInnerArchives) {
  const std::string inner =
      zip_of({{"META-INF/maven/org.x/inner/pom.properties", "groupId=org.x\nartifactId=inner\nversion=2\n"}});
  const std::string outer =
      zip_of({{"META-INF/MANIFEST.MF", "Implementation-Version: 9\r\n"}, {"lib/inner.jar", inner}});
  Components found;
  read_jar(reader_of(outer), outer.size(), "opt/app-core.jar", found);
  EXPECT_THAT(purls(found), testing::UnorderedElementsAre("pkg:maven/org.x/inner@2", "pkg:maven/app-core@9"));
  found.clear();
  const std::string plain = zip_of({{"a.class", "x"}});
  read_jar(reader_of(plain), plain.size(), "commons-io-2.11.0.jar", found);
  EXPECT_THAT(purls(found), testing::ElementsAre("pkg:maven/commons-io@2.11.0"));
}

TEST(Jar, ABombOrAWreckAddsNothing) {
  Components found;
  // Says that it unpacks to 4 GiB.
  std::string bomb = zip_of({{"inner.jar", std::string(1000, 'x')}});
  const auto at = bomb.find("PK\x01\x02");
  bomb.replace(at + 24, 4, std::string(4, '\xff'));
  read_jar(reader_of(bomb), bomb.size(), "bomb.txt", found);
  const std::string jar = zip_of({{"META-INF/MANIFEST.MF", "Implementation-Version: 9\n"}});
  for (std::size_t size = 0; size < jar.size(); ++size) {
    const std::string cut = jar.substr(0, size);
    read_jar(reader_of(cut), cut.size(), "", found);
  }
  EXPECT_TRUE(found.empty());
}

// ---- lock files ------------------------------------------------------------------------------

std::vector<std::string> locked(std::string_view name, std::string_view text) {
  EXPECT_TRUE(is_lock_file(name));
  Components found;
  read_lock_file(name, text, found);
  return purls(found);
}

TEST(LockFiles, Npm) {
  EXPECT_THAT(locked("package-lock.json",
                     R"({"name": "app", "lockfileVersion": 3, "packages": {
                       "": {"name": "app", "version": "1.0.0"}, "node_modules/linked": {"resolved": "x", "link": true},
                       "x": {"name": "x", "version": "2.0.0"}, "node_modules/a": {"version": "1.2.3"},
                       "node_modules/a/node_modules/@s/b": {"version": "0.1.0"},
                       "node_modules/c": {"name": "real", "version": "4.0.0"}, "node_modules/d": {}}})"),
              testing::ElementsAre("pkg:npm/a@1.2.3", "pkg:npm/%40s/b@0.1.0", "pkg:npm/real@4.0.0"));
  EXPECT_THAT(locked("npm-shrinkwrap.json", R"({"lockfileVersion": 1, "dependencies": {
                       "a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}})"),
              testing::ElementsAre("pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0"));
  EXPECT_THAT(locked("package-lock.json", "{"), testing::IsEmpty());
}

TEST(LockFiles, TablesOfPackages) {
  const std::string text =
      "version = 3\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"serde\"]\n"
      "[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+https://x\"\n";
  EXPECT_THAT(locked("Cargo.lock", text), testing::ElementsAre("pkg:cargo/serde@1.0.1"));
  EXPECT_THAT(locked("uv.lock",
                     "[[package]]\nname = \"own\"\nversion = \"1\"\nsource = { editable = \".\" }\n"
                     "[[package]]\nname = \"Flask_X\"\nversion = \"3.0\"\nsource = { registry = \"x\" }\n"),
              testing::ElementsAre("pkg:pypi/flask-x@3.0"));
  EXPECT_THAT(locked("poetry.lock", "[[package]]\nname = \"six\"\nversion = \"1.16.0\"\n"),
              testing::ElementsAre("pkg:pypi/six@1.16.0"));
  EXPECT_THAT(locked("Cargo.lock", "package = 1"), testing::IsEmpty());
  EXPECT_THAT(locked("Cargo.lock", "[[package"), testing::IsEmpty());
  EXPECT_THAT(locked("Cargo.lock", "name = \"x\"\nversion = \"1\"\n[[package]]\nname = x\nversion = \""),
              testing::IsEmpty());
}

TEST(LockFiles, GoModules) {
  EXPECT_THAT(
      locked("go.mod",
             "module example.org/app\n\ngo 1.21\n\nrequire example.org/a v1.0.0 // why\n"
             "require (\n\texample.org/b v1.1.0 // indirect\n\texample.org/c v1.2.0\n\texample.org/d v1.3.0\n)\n"
             "replace example.org/b => example.org/fork v9.0.0\n"
             "replace (\n\texample.org/c v1.2.0 => ../c\n\texample.org/d v0.0.1 => example.org/other v1.0.0\n)\n"),
      testing::ElementsAre("pkg:golang/example.org/a@v1.0.0", "pkg:golang/example.org/fork@v9.0.0",
                           "pkg:golang/example.org/d@v1.3.0"));
}

TEST(LockFiles, RequirementsThatArePinned) {
  EXPECT_THAT(locked("requirements.txt",
                     "# comment\nFlask==3.0.0\nrequests[socks]==2.31.0 ; python_version > \"3\" \\\n"
                     "    --hash=sha256:00\nsix===1.16.0  # exactly\nany\nnewer>=1\nmany==1.*\n-r other.txt\n"
                     "a>1,==2\nb==1,<2\nhashed==1.0 --hash=sha256:00\n"),
              testing::ElementsAre("pkg:pypi/flask@3.0.0", "pkg:pypi/requests@2.31.0", "pkg:pypi/six@1.16.0",
                                   "pkg:pypi/hashed@1.0"));
}

TEST(LockFiles, Gems) {
  EXPECT_THAT(locked("Gemfile.lock",
                     "PATH\n  remote: .\n  specs:\n    own (0.1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n"
                     "    rack (2.2.8)\n    rails (7.1.0)\n      rack (>= 2.2.4)\n\nDEPENDENCIES\n    rack (1)\n"),
              testing::ElementsAre("pkg:gem/rack@2.2.8", "pkg:gem/rails@7.1.0"));
}

}  // namespace
}  // namespace attest
