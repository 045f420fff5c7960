# SPDX-License-Identifier: Apache-2.0
# ops.proto -> ops.pb.{h,cc}, seen by this room's .cc files only.
find_program(PROTOC protoc REQUIRED)
set(LLB_GEN ${CMAKE_BINARY_DIR}/gen/llb)
file(MAKE_DIRECTORY ${LLB_GEN})
add_custom_command(
  OUTPUT ${LLB_GEN}/ops.pb.cc ${LLB_GEN}/ops.pb.h
  COMMAND ${PROTOC} --proto_path=${CMAKE_CURRENT_LIST_DIR} --cpp_out=${LLB_GEN} ${CMAKE_CURRENT_LIST_DIR}/ops.proto
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ops.proto)
target_sources(slipway_llb PRIVATE ${LLB_GEN}/ops.pb.cc)
set_source_files_properties(${LLB_GEN}/ops.pb.cc PROPERTIES COMPILE_OPTIONS "-w")
target_include_directories(slipway_llb SYSTEM PRIVATE ${LLB_GEN})
find_library(PROTOBUF_LITE NAMES libprotobuf-lite.a protobuf-lite REQUIRED)
target_link_libraries(slipway_llb PRIVATE ${PROTOBUF_LITE})
