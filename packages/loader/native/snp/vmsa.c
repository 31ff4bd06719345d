/* SPDX-License-Identifier: Apache-2.0 */
/* Which states VMRUN takes. AMD 24593 rev 3.42, 15.5.1 (canonicalization and consistency checks), 15.36.3, table B-4. */
#include "firmware.h"
#include "vmsa.h"

#define EFER_SVME (1ull << 12)
#define EFER_LME (1ull << 8)
#define CR0_CD (1ull << 30)
#define CR0_NW (1ull << 29)
#define CR0_PG (1ull << 31)
#define CR0_PE 1ull
#define CR4_PAE (1ull << 5)
#define ATTRIBUTES_L (1u << 9)
#define ATTRIBUTES_DB (1u << 10)
/* SEV_FEATURES: SNPActive, and the bits that are defined. */
#define FEATURES_SNP 1ull
#define FEATURES_KNOWN 0xd7ffull

static bool is_long_mode_good(const struct vmsa *vmsa)
{
	const struct vmsa_segment *cs = (const struct vmsa_segment *)vmsa->cs;
	if ((vmsa->efer & EFER_LME) == 0 || (vmsa->cr0 & CR0_PG) == 0)
		return true;
	if ((vmsa->cr4 & CR4_PAE) == 0 || (vmsa->cr0 & CR0_PE) == 0)
		return false;
	return (cs->attributes & ATTRIBUTES_L) == 0 || (cs->attributes & ATTRIBUTES_DB) == 0;
}

bool firmware_vmsa_is_good(const uint8_t *page)
{
	const struct vmsa *vmsa = (const struct vmsa *)page;
	return (vmsa->sev_features & FEATURES_SNP) != 0 && (vmsa->sev_features & ~FEATURES_KNOWN) == 0 &&
	       (vmsa->efer & EFER_SVME) != 0 && ((vmsa->cr0 & CR0_NW) == 0 || (vmsa->cr0 & CR0_CD) != 0) &&
	       vmsa->cr0 >> 32 == 0 && vmsa->dr6 >> 32 == 0 && vmsa->dr7 >> 32 == 0 && (vmsa->xcr0 & 1) != 0 &&
	       is_long_mode_good(vmsa);
}
