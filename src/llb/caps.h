// SPDX-License-Identifier: Apache-2.0
#pragma once
// Capabilities: what a definition asks of the engine that will run it, and what ours can.
//
// Every op's metadata lists the capabilities it needs; an engine refuses a definition that needs
// one it does not know. A frontend asks BuildOpts for what it may use.
#include <set>
#include <string>
#include <string_view>

namespace llb::cap {

inline constexpr std::string_view kSourceImage = "source.image";
inline constexpr std::string_view kSourceImageResolveMode = "source.image.resolvemode";
inline constexpr std::string_view kSourceImageLayerLimit = "source.image.layerlimit";
inline constexpr std::string_view kSourceImageChecksum = "source.image.checksum";
inline constexpr std::string_view kSourceLocal = "source.local";
inline constexpr std::string_view kSourceLocalUnique = "source.local.unique";
inline constexpr std::string_view kSourceLocalSessionId = "source.local.sessionid";
inline constexpr std::string_view kSourceLocalIncludePatterns = "source.local.includepatterns";
inline constexpr std::string_view kSourceLocalFollowPaths = "source.local.followpaths";
inline constexpr std::string_view kSourceLocalExcludePatterns = "source.local.excludepatterns";
inline constexpr std::string_view kSourceLocalSharedKeyHint = "source.local.sharedkeyhint";
inline constexpr std::string_view kSourceLocalDiffer = "source.local.differ";
inline constexpr std::string_view kSourceGit = "source.git";
inline constexpr std::string_view kSourceGitKeepDir = "source.git.keepgitdir";
inline constexpr std::string_view kSourceGitFullUrl = "source.git.fullurl";
inline constexpr std::string_view kSourceGitHttpAuth = "source.git.httpauth";
inline constexpr std::string_view kSourceGitKnownSshHosts = "source.git.knownsshhosts";
inline constexpr std::string_view kSourceGitMountSshSock = "source.git.mountsshsock";
inline constexpr std::string_view kSourceGitSubdir = "source.git.subdir";
inline constexpr std::string_view kSourceGitChecksum = "source.git.checksum";
inline constexpr std::string_view kSourceGitSkipSubmodules = "source.git.skipsubmodules";
inline constexpr std::string_view kSourceGitMtime = "source.git.mtime";
inline constexpr std::string_view kSourceGitFetchByCommit = "source.git.fetchbycommit";
inline constexpr std::string_view kSourceHttp = "source.http";
inline constexpr std::string_view kSourceHttpAuth = "source.http.auth";
inline constexpr std::string_view kSourceHttpChecksum = "source.http.checksum";
inline constexpr std::string_view kSourceHttpPerm = "source.http.perm";
inline constexpr std::string_view kSourceHttpUidGid = "soruce.http.uidgid";  // misspelt for ever
inline constexpr std::string_view kSourceOciLayout = "source.ocilayout";
inline constexpr std::string_view kExecMetaBase = "exec.meta.base";
inline constexpr std::string_view kExecMetaCgroupParent = "exec.meta.cgroup.parent";
inline constexpr std::string_view kExecMetaNetwork = "exec.meta.network";
inline constexpr std::string_view kExecMetaProxy = "exec.meta.proxyenv";
inline constexpr std::string_view kExecMetaSecurity = "exec.meta.security";
inline constexpr std::string_view kExecMetaSetsDefaultPath = "exec.meta.setsdefaultpath";
inline constexpr std::string_view kExecMetaUlimit = "exec.meta.ulimit";
inline constexpr std::string_view kExecMetaCdi = "exec.meta.cdi";
inline constexpr std::string_view kExecMetaLinuxResources = "exec.meta.linux.resources";
inline constexpr std::string_view kExecMountBind = "exec.mount.bind";
inline constexpr std::string_view kExecMountBindReadWriteNoOutput = "exec.mount.bind.readwrite-nooutput";
inline constexpr std::string_view kExecMountCache = "exec.mount.cache";
inline constexpr std::string_view kExecMountCacheSharing = "exec.mount.cache.sharing";
inline constexpr std::string_view kExecMountSelector = "exec.mount.selector";
inline constexpr std::string_view kExecMountTmpfs = "exec.mount.tmpfs";
inline constexpr std::string_view kExecMountTmpfsSize = "exec.mount.tmpfs.size";
inline constexpr std::string_view kExecMountSecret = "exec.mount.secret";
inline constexpr std::string_view kExecMountSsh = "exec.mount.ssh";
inline constexpr std::string_view kExecMountContentCache = "exec.mount.cache.content";
inline constexpr std::string_view kExecCgroupsMounted = "exec.cgroup";
inline constexpr std::string_view kExecSecretEnv = "exec.secretenv";
inline constexpr std::string_view kExecValidExitCode = "exec.validexitcode";
inline constexpr std::string_view kFileBase = "file.base";
inline constexpr std::string_view kFileRmWildcard = "file.rm.wildcard";
inline constexpr std::string_view kFileCopyIncludeExcludePatterns = "file.copy.includeexcludepatterns";
inline constexpr std::string_view kFileCopyRequiredPaths = "file.copy.requiredpaths";
inline constexpr std::string_view kFileRmNoFollowSymlink = "file.rm.nofollowsymlink";
inline constexpr std::string_view kFileCopyReplaceDest = "file.copy.alwaysreplaceexistingdestpaths";
inline constexpr std::string_view kFileSymlinkCreate = "file.symlink.create";
inline constexpr std::string_view kConstraints = "constraints";
inline constexpr std::string_view kPlatform = "platform";
inline constexpr std::string_view kMetaIgnoreCache = "meta.ignorecache";
inline constexpr std::string_view kMetaDescription = "meta.description";
inline constexpr std::string_view kMetaExportCache = "meta.exportcache";
inline constexpr std::string_view kMergeOp = "mergeop";
inline constexpr std::string_view kDiffOp = "diffop";
inline constexpr std::string_view kPassthroughOp = "passthroughop";

/// Every capability named above.
const std::set<std::string>& all();

}  // namespace llb::cap
