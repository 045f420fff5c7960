# SPDX-License-Identifier: Apache-2.0
set(ATTEST_LIB /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
target_link_libraries(slipway_attest PRIVATE ${ATTEST_LIB}/libsqlite3.a ${ATTEST_LIB}/libz.a m dl)
