# SPDX-License-Identifier: Apache-2.0
set(LAYER_LIB /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
target_link_libraries(slipway_layer PRIVATE ${LAYER_LIB}/libdeflate.a ${LAYER_LIB}/libzstd.a ${LAYER_LIB}/libz.a dl)
