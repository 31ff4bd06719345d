/* SPDX-License-Identifier: Apache-2.0 */
#include "include/copy.h"
#include "include/bytes.h"
#include "include/ledger.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/platform.h"

#define WORD sizeof(uint64_t)

void copy_words(void *to, const void *from, uint64_t words);

/* Ends the Keep unless [address, address + length), rounded up to words, is the host's. */
static void check_outside(uint64_t address, uint64_t length)
{
	struct span keep = platform_keep();
	uint64_t end;

	if (__builtin_add_overflow(address, length, &end) || __builtin_add_overflow(end, WORD - 1, &end))
		keep_refuse(REASON_BOOT_BLOCK);
	end &= ~(WORD - 1);
	if (address % WORD != 0 || (address < keep.end && end > keep.start))
		keep_refuse(REASON_BOOT_BLOCK);
}

/*
 * The shim's own memory, or the application's; memory_touch() knows that nothing else is memory of the Keep. Pages that
 * the shim took are its own, too: a pointer of the application was refused before it came here, by memory_touch().
 */
static long check_inside(uint64_t address, uint64_t length, unsigned need)
{
	struct span shim = platform_shim();

	if (address >= shim.start && address < shim.end && length <= shim.end - address)
		return 0;
	return memory_is_taken(address, length) ? 0 : memory_touch(address, length, need);
}

long copy_out(void *untrusted, const void *from, size_t length)
{
	size_t whole = length / WORD;
	uint64_t last = 0;
	long error;

	if (length == 0)
		return 0;
	check_outside((uint64_t)untrusted, length);
	error = check_inside((uint64_t)from, length, PERM_R);
	if (error)
		return error;
	copy_words(untrusted, from, whole);
	if (length % WORD != 0) {
		memcpy(&last, (const uint8_t *)from + whole * WORD, length % WORD);
		copy_words((uint64_t *)untrusted + whole, &last, 1);
	}
	return 0;
}

long copy_in(void *to, const void *untrusted, size_t length)
{
	size_t whole = length / WORD;
	uint64_t last;
	long error;

	if (length == 0)
		return 0;
	check_outside((uint64_t)untrusted, length);
	error = check_inside((uint64_t)to, length, PERM_R | PERM_W);
	if (error)
		return error;
	copy_words(to, untrusted, whole);
	if (length % WORD != 0) {
		copy_words(&last, (const uint64_t *)untrusted + whole, 1);
		memcpy((uint8_t *)to + whole * WORD, &last, length % WORD);
	}
	return 0;
}
