# SPDX-License-Identifier: Apache-2.0
# libcurl is loaded with dlopen when the network is first needed; only its headers are used here.
find_path(SLIPWAY_CURL_INCLUDE curl/curl.h REQUIRED)
target_include_directories(slipway_oci SYSTEM PRIVATE ${SLIPWAY_CURL_INCLUDE})
target_link_libraries(slipway_oci PRIVATE dl)
