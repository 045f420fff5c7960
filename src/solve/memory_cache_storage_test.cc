// SPDX-License-Identifier: Apache-2.0
#include "solve/testing/memory_cache_storage.h"

#include "solve/testing/cache_storage_suite.h"

namespace solve::testing {

INSTANTIATE_TEST_SUITE_P(Memory, CacheStorageSuite,
                         ::testing::Values(StorageFactory([] { return std::make_unique<MemoryCacheStorage>(); })));

}  // namespace solve::testing
