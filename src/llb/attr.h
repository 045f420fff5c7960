// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names of SourceOp attributes, as BuildKit spells them.
#include <string_view>

namespace llb::attr {

// git://
inline constexpr std::string_view kGitKeepDir = "git.keepgitdir";
inline constexpr std::string_view kGitFullUrl = "git.fullurl";
inline constexpr std::string_view kGitAuthHeaderSecret = "git.authheadersecret";
inline constexpr std::string_view kGitAuthTokenSecret = "git.authtokensecret";
inline constexpr std::string_view kGitKnownSshHosts = "git.knownsshhosts";
inline constexpr std::string_view kGitMountSshSock = "git.mountsshsock";
inline constexpr std::string_view kGitChecksum = "git.checksum";
inline constexpr std::string_view kGitSkipSubmodules = "git.skipsubmodules";
inline constexpr std::string_view kGitMtime = "git.mtime";
inline constexpr std::string_view kGitFetchByCommit = "git.fetchbycommit";
inline constexpr std::string_view kGitSignatureKeys = "git.sig.pubkey";  ///< armored OpenPGP keys, or SSH keys
inline constexpr std::string_view kGitRejectExpired = "git.sig.rejectexpired";
inline constexpr std::string_view kGitRequireSignedTag = "git.sig.requiresignedtag";
inline constexpr std::string_view kGitIgnoreSignedTag = "git.sig.ignoresignedtag";

// local://
inline constexpr std::string_view kLocalSession = "local.session";
inline constexpr std::string_view kLocalUnique = "local.unique";
inline constexpr std::string_view kLocalInclude = "local.includepattern";   ///< JSON array of patterns
inline constexpr std::string_view kLocalFollow = "local.followpaths";       ///< JSON array of paths
inline constexpr std::string_view kLocalExclude = "local.excludepatterns";  ///< JSON array of patterns
inline constexpr std::string_view kLocalSharedKeyHint = "local.sharedkeyhint";
inline constexpr std::string_view kLocalDiffer = "local.differ";  ///< "none" or "metadata"
inline constexpr std::string_view kLocalMetadataTransfer = "local.metadatatransfer";

// http:// and https://
inline constexpr std::string_view kHttpChecksum = "http.checksum";
inline constexpr std::string_view kHttpFilename = "http.filename";
inline constexpr std::string_view kHttpPerm = "http.perm";
inline constexpr std::string_view kHttpUid = "http.uid";
inline constexpr std::string_view kHttpGid = "http.gid";
inline constexpr std::string_view kHttpAuthHeaderSecret = "http.authheadersecret";
inline constexpr std::string_view kHttpSignatureKeys = "http.sig.pubkey";  ///< armored OpenPGP keys
inline constexpr std::string_view kHttpSignature = "http.sig.signature";   ///< armored, detached; goes with the keys

// Ours, never in a definition: what a policy was shown of the source, which must still be so when it is used.
inline constexpr std::string_view kJudgedDigest = "slipway.judged.digest";
inline constexpr std::string_view kJudgedCommit = "slipway.judged.commit";

// docker-image://
inline constexpr std::string_view kImageResolveMode = "image.resolvemode";  ///< "default", "pull", "local"
inline constexpr std::string_view kImageRecordType = "image.recordtype";
inline constexpr std::string_view kImageLayerLimit = "image.layerlimit";
inline constexpr std::string_view kImageChecksum = "image.checksum";

// oci-layout://
inline constexpr std::string_view kOciSession = "oci.session";
inline constexpr std::string_view kOciStore = "oci.store";
inline constexpr std::string_view kOciLayerLimit = "oci.layerlimit";

}  // namespace llb::attr
