/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the CPU is in the mode that the measured page says (SECURITY.md, rule 11). None of this can be answered by the host:
 * SEV_STATUS is read from the CPU, the registers are those that were measured, and PVALIDATE asks the CPU's own table.
 */
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/platform.h"

/* SEV_FEATURES is measured with SEV-SNP alone, so nothing else is on. */
#define STATUS (SEV_STATUS_SEV | SEV_STATUS_SEV_ES | SEV_STATUS_SNP)

#define CR0_NEEDED ((uint64_t)CR0_PE | CR0_WP | CR0_PG)
#define CR4_NEEDED ((uint64_t)CR4_PAE | CR4_UMIP | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP)
#define EFER_NEEDED ((uint64_t)EFER_LMA | EFER_NXE)

/* PVALIDATE of a page that is validated already: done, and nothing changed. */
#define WAS_VALID (1ull << 32)

static bool has(uint64_t value, uint64_t needed)
{
	return (value & needed) == needed;
}

void snp_check(void)
{
	if (read_msr(SEV_MSR_SEV_STATUS) != STATUS)
		keep_refuse(REASON_MODE);
	if (!has(read_cr0(), CR0_NEEDED) || !has(read_cr4(), CR4_NEEDED) || !has(read_msr(MSR_EFER), EFER_NEEDED))
		keep_refuse(REASON_MODE);
	/* VM_INFO was launched. If the C-bit of its entry did not mean what it should, it would be no page of this guest's. */
	if (snp_pvalidate((uint64_t)vm_info(), 0, 1) != WAS_VALID)
		keep_refuse(REASON_MODE);
}
