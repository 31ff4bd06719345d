/* SPDX-License-Identifier: Apache-2.0 */
/* The RMP as far as a guest can tell: whose a page is, and whether the guest has said so itself (SECURITY.md, rule 12). */
#include "firmware.h"

#define LARGE_PAGES 512ull

bool rmp_covers(const struct firmware *firmware, uint64_t gpa, uint64_t pages)
{
	const uint64_t first = (gpa - firmware->base) / SNP_PAGE_SIZE;
	return gpa >= firmware->base && first < firmware->pages && pages <= firmware->pages - first;
}

/* Of a page that is covered. */
uint8_t *rmp_entry(struct firmware *firmware, uint64_t gpa)
{
	return &firmware->rmp[(gpa - firmware->base) / SNP_PAGE_SIZE];
}

/*
 * PVALIDATE (AMD 24594 rev 3.36): EAX, and CF in `unchanged`. 2 MiB are validated where all of them are alike; a host's table that
 * has smaller pages there makes it FAIL_SIZEMISMATCH.
 */
uint32_t rmp_validate(struct firmware *firmware, uint64_t gpa, bool large, bool validate, bool *unchanged)
{
	const uint64_t pages = large ? LARGE_PAGES : 1;
	*unchanged = false;
	if (gpa % (pages * SNP_PAGE_SIZE) != 0 || !rmp_covers(firmware, gpa, pages))
		return PVALIDATE_FAIL_INPUT;
	uint8_t *entries = rmp_entry(firmware, gpa);
	for (uint64_t i = 0; i < pages; i++) {
		if (entries[i] != entries[0])
			return PVALIDATE_FAIL_SIZEMISMATCH;
		if (entries[i] == RMP_SHARED)
			return PVALIDATE_FAIL_INPUT;
	}
	const uint8_t wanted = validate ? RMP_VALID : RMP_PRIVATE;
	*unchanged = entries[0] == wanted;
	for (uint64_t i = 0; i < pages; i++)
		entries[i] = wanted;
	return 0;
}
