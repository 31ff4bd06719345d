/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "../../include/memory_state.h"
#include "memory_platform.h"
#include "model.h"

void check_limit(void)
{
	const uint64_t count = 11;
	uint64_t address = memory_find(count), end = memory_brk(0), before = memory.used;

	if (address == 0)
		return;
	memory.most = before + count - 1;
	CHECK(memory_map(address, count, RW) == -ENOMEM && memory_is_free(address, count));
	CHECK(memory_map(address, count, 0) == 0);
	if (memory.used != before)
		return; /* pages that were kept are more than addresses; with most seeds there are none here */
	CHECK(memory_protect(address, count, RW) == -ENOMEM && memory_is_alike(address, count));
	CHECK(memory_protect(address, count - 1, RW) == 0 && memory_spare_pages() == 0);
	CHECK(memory_protect(address, count - 1, PERM_R) == 0); /* what counts already needs no room */
	CHECK(memory_take(1) == 0 && memory_brk(end + 2 * PAGE_BYTES) == end);
	CHECK(memory_unmap(address, count) == 0 && memory_spare_pages() == count - 1);
	address = memory_take(1);
	CHECK(address != 0 && memory_spare_pages() == count - 2);
	memory_give(address, 1);
	CHECK(memory_spare_pages() == count - 1);
}
