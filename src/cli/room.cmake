# SPDX-License-Identifier: Apache-2.0
target_compile_definitions(slipway_cli PRIVATE SLIPWAY_VERSION="${PROJECT_VERSION}")
