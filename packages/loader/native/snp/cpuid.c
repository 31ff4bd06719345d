/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUID page as firmware looks at it: no feature that the CPU lacks (AMD 56860 rev 1.58, SNP_LAUNCH_UPDATE, PAGE_TYPE_CPUID). */
#include <string.h>
#include "firmware.h"

/* Leaves whose words are features; of others the guest alone judges. */
static bool is_features(const struct cpuid_row *row)
{
	return row->leaf == 0x1 || (row->leaf == 0x7 && row->subleaf == 0) || row->leaf == 0x80000001;
}

static const struct cpuid_row *find(const struct cpuid_truth *truth, const struct cpuid_row *row)
{
	for (uint32_t i = 0; i < truth->count; i++)
		if (truth->rows[i].leaf == row->leaf && truth->rows[i].subleaf == row->subleaf)
			return &truth->rows[i];
	return NULL;
}

static bool clear(uint32_t *word, uint32_t most)
{
	const bool good = (*word & ~most) == 0;
	*word &= most;
	return good;
}

/* Leaf 1's EAX and EBX, and leaf 80000001h's, are no features. */
static bool correct_row(const struct cpuid_truth *truth, struct cpuid_row *row)
{
	const struct cpuid_row *own = find(truth, row);
	if (own == NULL)
		return clear(&row->eax, 0) & clear(&row->ebx, 0) & clear(&row->ecx, 0) & clear(&row->edx, 0);
	return (row->leaf != 0x7 || clear(&row->ebx, own->ebx)) & clear(&row->ecx, own->ecx) & clear(&row->edx, own->edx);
}

/* True if nothing had to be corrected. A page that is no table stays as it is. */
bool firmware_cpuid_correct(const struct cpuid_truth *truth, uint8_t *page)
{
	struct cpuid_page *head = (struct cpuid_page *)page;
	struct cpuid_row *rows = (struct cpuid_row *)(head + 1);
	bool good = true;
	if (head->count > CPUID_ROWS || head->reserved_004 != 0 || head->reserved_008 != 0)
		return false;
	for (uint32_t i = 0; i < head->count; i++)
		if (is_features(&rows[i]) && !correct_row(truth, &rows[i]))
			good = false;
	return good;
}
