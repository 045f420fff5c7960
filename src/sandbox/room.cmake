# SPDX-License-Identifier: Apache-2.0
# The program that the tests start as their helper; they look for it beside themselves.
if(SLIPWAY_TESTS)
  add_executable(sandbox_test_helper ${DIR}/testing/helper_program.cpp)
  target_link_libraries(sandbox_test_helper PRIVATE slipway_sandbox)
  cmake_language(DEFER CALL add_dependencies sandbox_test sandbox_test_helper)
endif()
