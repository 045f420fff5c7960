# SPDX-License-Identifier: Apache-2.0
target_link_libraries(slipway_store PRIVATE /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libsqlite3.a m dl)
