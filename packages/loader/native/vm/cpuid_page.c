/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUID page that is launched: leaves of the policy that the shim has, as this machine's KVM supports them and within the policy.
 * The shim checks each; nobody measures them (SECURITY.md, rule 5).
 */
#include <string.h>
#include "snp.h"
#include "vm.h"

#define LEAF_STATE 0xd
#define LEAF_SEV 0x8000001f

struct policy_row {
	uint32_t leaf, subleaf, required[4], maximum[4];
};

#define ROW(leaf, subleaf, a, b, c, d, e, f, g, h) {leaf, subleaf, {a, b, c, d}, {e, f, g, h}},
static const struct policy_row policy[] = {CPUID_POLICY(ROW)};
#define STATE_ROW(leaf, xcr0, a, b, c, d, e, f, g, h) {leaf, xcr0, {a, b, c, d}, {e, f, g, h}},
/* Of `subleaf` here: the component of XCR0. */
static const struct policy_row state_policy[] = {CPUID_STATE_POLICY(STATE_ROW)};
#define COMPONENT(number, size, offset) number,
static const uint32_t components[] = {CPUID_XSAVE_POLICY(COMPONENT)};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct cpuid_row row_of(uint32_t leaf, uint32_t subleaf)
{
	const struct kvm_cpuid_entry2 *entry = vm_cpuid_entry(leaf, subleaf);
	struct cpuid_row row = {.leaf = leaf, .subleaf = subleaf};
	if (entry != NULL) {
		row.eax = entry->eax;
		row.ebx = entry->ebx;
		row.ecx = entry->ecx;
		row.edx = entry->edx;
	}
	return row;
}

/* The most that the shim shows, and what it requires without showing it. */
static void limit(struct cpuid_row *row, const struct policy_row *own, uint64_t xcr0)
{
	uint32_t most[4];
	for (size_t word = 0; word < 4; word++)
		most[word] = own->maximum[word] | own->required[word];
	for (size_t i = 0; i < COUNT(state_policy); i++)
		for (size_t word = 0; word < 4 && state_policy[i].leaf == row->leaf; word++)
			if ((xcr0 & state_policy[i].subleaf) == 0)
				most[word] &= ~state_policy[i].maximum[word];
	row->eax &= most[0];
	row->ebx &= row->leaf == LEAF_SEV ? 0x3f : most[1];
	row->ecx &= most[2];
	row->edx &= most[3];
}

/* At most CPUID_ROWS; how many. */
uint32_t cpuid_rows(struct cpuid_row *rows, bool within_policy, uint64_t xcr0)
{
	uint32_t count = 0;
	for (size_t i = 0; i < COUNT(policy); i++) {
		rows[count] = row_of(policy[i].leaf, policy[i].subleaf);
		if (within_policy)
			limit(&rows[count], &policy[i], xcr0);
		count++;
	}
	rows[count] = row_of(LEAF_STATE, 1);
	rows[count++].xcr0 = 1;
	for (size_t i = 0; i < COUNT(components); i++)
		if ((xcr0 >> components[i] & 1) != 0)
			rows[count++] = row_of(LEAF_STATE, components[i]);
	return count;
}

void cpuid_page_write(uint8_t *page, uint64_t xcr0)
{
	struct cpuid_page *head = (struct cpuid_page *)page;
	memset(page, 0, PAGE);
	head->count = cpuid_rows((struct cpuid_row *)(head + 1), true, xcr0);
}
