// SPDX-License-Identifier: Apache-2.0
#include "llb/caps.h"

namespace llb::cap {

const std::set<std::string>& all() {
  static constexpr std::string_view kAll[] = {
      kSourceImage, kSourceImageResolveMode, kSourceImageLayerLimit, kSourceImageChecksum, kSourceLocal,
      kSourceLocalUnique, kSourceLocalSessionId, kSourceLocalIncludePatterns, kSourceLocalFollowPaths,
      kSourceLocalExcludePatterns, kSourceLocalSharedKeyHint, kSourceLocalDiffer, kSourceGit, kSourceGitKeepDir,
      kSourceGitFullUrl, kSourceGitHttpAuth, kSourceGitKnownSshHosts, kSourceGitMountSshSock, kSourceGitSubdir,
      kSourceGitChecksum, kSourceGitSkipSubmodules, kSourceGitMtime, kSourceGitFetchByCommit, kSourceHttp,
      kSourceHttpAuth, kSourceHttpChecksum, kSourceHttpPerm, kSourceHttpUidGid, kSourceOciLayout, kExecMetaBase,
      kExecMetaCgroupParent, kExecMetaNetwork, kExecMetaProxy, kExecMetaSecurity, kExecMetaSetsDefaultPath,
      kExecMetaUlimit, kExecMetaCdi, kExecMetaLinuxResources, kExecMountBind, kExecMountBindReadWriteNoOutput,
      kExecMountCache, kExecMountCacheSharing, kExecMountSelector, kExecMountTmpfs, kExecMountTmpfsSize,
      kExecMountSecret, kExecMountSsh, kExecMountContentCache, kExecCgroupsMounted, kExecSecretEnv,
      kExecValidExitCode, kFileBase, kFileRmWildcard, kFileCopyIncludeExcludePatterns, kFileCopyRequiredPaths,
      kFileRmNoFollowSymlink, kFileCopyReplaceDest, kFileSymlinkCreate, kConstraints, kPlatform, kMetaIgnoreCache,
      kMetaDescription, kMetaExportCache, kMergeOp, kDiffOp, kPassthroughOp,
  };
  static const std::set<std::string> caps(std::begin(kAll), std::end(kAll));
  return caps;
}

}  // namespace llb::cap
