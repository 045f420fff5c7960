# SPDX-License-Identifier: Apache-2.0
target_link_libraries(slipway_base PUBLIC Threads::Threads PRIVATE /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libcrypto.a dl)
