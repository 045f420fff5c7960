# SPDX-License-Identifier: Apache-2.0
set(ATTEST_LIB /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
target_link_libraries(slipway_attest PRIVATE ${ATTEST_LIB}/libsqlite3.a ${ATTEST_LIB}/libz.a ${ATTEST_LIB}/libcrypto.a ${ATTEST_LIB}/libre2.a m dl)
if(SLIPWAY_TESTS)
  # Tests make keys of their own.
  cmake_language(DEFER CALL target_link_libraries attest_test PRIVATE /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libcrypto.a)
endif()
