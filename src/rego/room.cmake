# SPDX-License-Identifier: Apache-2.0
target_link_libraries(slipway_rego PRIVATE /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libre2.a)
