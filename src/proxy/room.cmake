# SPDX-License-Identifier: Apache-2.0
# Boost is headers alone here: Beast and Asio, in conversation.cc only.
set(PROXY_LIB /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
target_link_libraries(slipway_proxy PRIVATE ${PROXY_LIB}/libssl.a ${PROXY_LIB}/libcrypto.a dl)
if(SLIPWAY_TESTS)
  # The tests' server and client speak TLS, too.
  cmake_language(DEFER CALL target_link_libraries proxy_test PRIVATE /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libssl.a /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libcrypto.a)
endif()
