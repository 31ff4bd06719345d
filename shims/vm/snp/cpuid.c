/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUID page: the host's choice of what the CPU has, which the firmware has looked at and nobody has measured. What it must
 * have, and the most that it may show, is the policy, which is measured with the shim (SECURITY.md, rule 5).
 */
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/platform.h"

enum { EAX, EBX, ECX, EDX, WORDS };

#define LEAF_FEATURES 0x1
#define LEAF_STATE 0xd
#define LEAF_SEV 0x8000001fu
#define SEV_C_BIT 0x3f               /* of EBX */
#define STATE_SUBLEAVES 63           /* 2 to 62: components; 0 and 1 are about all of them */
#define STATE_1_SHOWN 0x7            /* XSAVEOPT, XSAVEC, XGETBV with ECX 1 */
#define FEATURES_ECX_OSXSAVE 0x8000000u

struct row {
	uint32_t leaf;
	uint32_t subleaf;
	struct cpuid_words required, maximum;
};

/* Rows that hold with a component of XCR0 alone. */
struct state_row {
	uint32_t leaf;
	uint32_t xcr0;
	struct cpuid_words required, maximum;
};

struct component {
	uint32_t number, size, offset;
};

#define ROW(leaf, subleaf, a, b, c, d, e, f, g, h) { leaf, subleaf, { { a, b, c, d } }, { { e, f, g, h } } },
static const struct row policy[] = { CPUID_POLICY(ROW) };
static const struct state_row state_policy[] = { CPUID_STATE_POLICY(ROW) };
#define COMPONENT(number, size, offset) { number, size, offset },
static const struct component components[] = { CPUID_XSAVE_POLICY(COMPONENT) };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Behind the secrets page, which is behind VM_INFO. The firmware made it, in memory of the guest's own. */
static const struct cpuid_page *page(void)
{
	return (const struct cpuid_page *)((const uint8_t *)vm_info() + 2 * PAGE_SIZE);
}

static const struct cpuid_row *rows(void)
{
	return (const struct cpuid_row *)(page() + 1);
}

/* The first one counts. */
static const struct cpuid_row *find(uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < page()->count; i++)
		if (rows()[i].leaf == leaf && rows()[i].subleaf == subleaf)
			return &rows()[i];
	return NULL;
}

static struct cpuid_words words_of(const struct cpuid_row *row)
{
	return row ? (struct cpuid_words){ { row->eax, row->ebx, row->ecx, row->edx } } : (struct cpuid_words){ 0 };
}

/* A row of the policy for this Keep's XCR0. */
static struct row for_state(const struct row *general)
{
	struct row row = *general;

	for (unsigned i = 0; i < COUNT(state_policy); i++) {
		const struct state_row *state = &state_policy[i];

		if (state->leaf != row.leaf)
			continue;
		for (unsigned word = 0; word < WORDS; word++) {
			if (vm_info()->xcr0 & state->xcr0)
				row.required.word[word] |= state->required.word[word];
			else
				row.maximum.word[word] &= ~state->maximum.word[word];
		}
	}
	return row;
}

static bool is_well_formed(void)
{
	if (page()->count > CPUID_ROWS || page()->reserved_004 != 0 || page()->reserved_008 != 0)
		return false;
	for (uint32_t i = 0; i < page()->count; i++)
		if (rows()[i].reserved_028 != 0)
			return false;
	return true;
}

static bool has_features(void)
{
	for (unsigned i = 0; i < COUNT(policy); i++) {
		struct row row = for_state(&policy[i]);
		struct cpuid_words words = words_of(find(row.leaf, row.subleaf));

		for (unsigned word = 0; word < WORDS; word++)
			if ((words.word[word] & row.required.word[word]) != row.required.word[word])
				return false;
	}
	return true;
}

/* XSAVE puts each component where the vCPU's save area and a signal's frame have room for it. */
static bool has_state(void)
{
	for (unsigned i = 0; i < COUNT(components); i++) {
		const struct component *one = &components[i];
		struct cpuid_words words = words_of(find(LEAF_STATE, one->number));

		if ((vm_info()->xcr0 >> one->number & 1) && (words.word[EAX] != one->size || words.word[EBX] != one->offset))
			return false;
	}
	return true;
}

void snp_cpuid_check(void)
{
	uint32_t c_bit = (uint32_t)__builtin_ctzll(vm_info()->encrypted);

	if (!is_well_formed() || !has_features() || !has_state() ||
	    (words_of(find(LEAF_SEV, 0)).word[EBX] & SEV_C_BIT) != c_bit)
		keep_refuse(REASON_CPUID_PAGE);
}

/* Leaf Dh is about XCR0, which the plan has fixed: its sizes are computed, whatever the page says of them. */
static struct cpuid_words state_leaf(uint32_t subleaf)
{
	uint64_t xcr0 = vm_info()->xcr0;

	if (subleaf == 0)
		return (struct cpuid_words){ { (uint32_t)xcr0, state_size(), state_size(), (uint32_t)(xcr0 >> 32) } };
	if (subleaf == 1)
		return (struct cpuid_words){ { words_of(find(LEAF_STATE, 1)).word[EAX] & STATE_1_SHOWN, state_size(), 0, 0 } };
	for (unsigned i = 0; i < COUNT(components); i++)
		if (components[i].number == subleaf && subleaf < STATE_SUBLEAVES && (xcr0 >> subleaf & 1))
			return (struct cpuid_words){ { components[i].size, components[i].offset, 0, 0 } };
	return (struct cpuid_words){ 0 };
}

struct cpuid_words snp_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_words words = { 0 };

	if (leaf == LEAF_STATE)
		return state_leaf(subleaf);
	for (unsigned i = 0; i < COUNT(policy); i++) {
		struct row row = for_state(&policy[i]);

		/* Leaf 7 has further subleaves, with nothing in the policy. The others of it do not look at ECX. */
		if (row.leaf != leaf || (leaf == 0x7 && subleaf != 0))
			continue;
		words = words_of(find(row.leaf, row.subleaf));
		for (unsigned word = 0; word < WORDS; word++)
			words.word[word] &= row.maximum.word[word];
	}
	if (leaf == LEAF_FEATURES)
		words.word[ECX] |= FEATURES_ECX_OSXSAVE; /* what CR4 has, as snp_check() has seen */
	return words;
}
