/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy routine: every access to host memory is an aligned word outside the Keep, or the Keep ends. The "Keep" is
 * a mapping in the middle of host memory; the shim's part is its first page.
 */
#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include "../../include/copy.h"
#include "../../include/memory.h"
#include "../../include/platform.h"
#include "model.h"

#define KEEP_PAGES 4

static uint8_t *host;
static struct span keep;
static jmp_buf ended;
static uint64_t words_outside;

struct span platform_keep(void)
{
	return keep;
}

struct span platform_shim(void)
{
	return (struct span){ keep.start, keep.start + PAGE_BYTES };
}

/* The application has the Keep's second page. */
long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	(void)need;
	uint64_t start = keep.start + PAGE_BYTES;

	return address >= start && address - start <= PAGE_BYTES && length <= PAGE_BYTES - (address - start) ? 0 : -EFAULT;
}

/* And the shim took its third page. */
bool memory_is_taken(uint64_t address, uint64_t length)
{
	uint64_t start = keep.start + 2 * PAGE_BYTES;

	return address >= start && address - start <= PAGE_BYTES && length <= PAGE_BYTES - (address - start);
}

/* Instead of copy_words.S: each access is looked at. */
void copy_words(void *to, const void *from, uint64_t words)
{
	for (uint64_t i = 0; i < words; i++) {
		uint64_t a = (uint64_t)to + 8 * i, b = (uint64_t)from + 8 * i;
		bool a_in = a >= keep.start && a < keep.end, b_in = b >= keep.start && b < keep.end;
		/* A local variable of the copy routine is within the Keep too. */
		bool out = (a >= (uint64_t)host && a < keep.end + PAGE_BYTES && !a_in) ||
			   (b >= (uint64_t)host && b < keep.end + PAGE_BYTES && !b_in);

		CHECK(out);
		CHECK((a_in || a % 8 == 0) && (b_in || b % 8 == 0));
		words_outside++;
		memcpy((void *)a, (void *)b, 8);
	}
}

_Noreturn void keep_refuse(uint32_t reason)
{
	longjmp(ended, (int)reason);
}

#define IN(offset) ((uint8_t *)keep.start + (offset))

/* What copy_in and copy_out give; 1000 and the reason when the Keep ended. */
static long try(bool in, void *inside, void *outside, size_t length)
{
	int reason = setjmp(ended);

	if (reason)
		return 1000 + reason;
	return in ? copy_in(inside, outside, length) : copy_out(outside, inside, length);
}

static void check_ranges(bool in)
{
	const long refused = 1000 + REASON_BOOT_BLOCK;

	CHECK(try(in, IN(0), host, PAGE_BYTES) == 0);
	CHECK(try(in, IN(0), (void *)(keep.start - 8), 8) == 0);
	CHECK(try(in, IN(0), (void *)(keep.start - 8), 9) == refused);
	CHECK(try(in, IN(0), (void *)(keep.start - 8), 1) == 0);
	CHECK(try(in, IN(0), (void *)keep.start, 8) == refused);
	CHECK(try(in, IN(0), (void *)(keep.end - 8), 8) == refused);
	CHECK(try(in, IN(0), (void *)keep.end, 8) == 0);
	CHECK(try(in, IN(0), host + 4, 8) == refused);
	CHECK(try(in, IN(0), host, (size_t)0 - 8) == refused);
	CHECK(try(in, IN(0), host, keep.end - (uint64_t)host + 8) == refused);
	CHECK(try(in, IN(0), (void *)(UINT64_MAX - 7), 16) == refused);
	CHECK(try(in, host, host, 8) == -EFAULT);
	CHECK(try(in, (void *)(UINT64_MAX - 3), host, 8) == -EFAULT);
	CHECK(try(in, IN(2 * PAGE_BYTES), host, PAGE_BYTES) == 0);
	CHECK(try(in, IN(3 * PAGE_BYTES), host, 8) == -EFAULT);
	CHECK(try(in, IN(3 * PAGE_BYTES - 4), host, 8) == -EFAULT);
	CHECK(try(in, IN(2 * PAGE_BYTES - 4), host, 8) == -EFAULT);
	CHECK(try(in, IN(PAGE_BYTES - 4), host, 8) == -EFAULT);
	CHECK(try(in, IN(PAGE_BYTES + 3), host, 64) == 0);
	CHECK(try(in, IN(0), (void *)1, 0) == 0);
}

static void check_bytes(void)
{
	uint64_t seed = 99;

	for (size_t length = 0; length < 70; length++) {
		uint8_t *outside = host + 8 * below(&seed, 100), *inside = IN(1 + below(&seed, 1000));
		size_t room = (length + 7) & ~7ull;

		for (size_t i = 0; i < 80; i++) {
			outside[i] = (uint8_t)next_random(&seed);
			inside[i] = (uint8_t)next_random(&seed);
		}
		words_outside = 0;
		inside[length] = 0x77;
		CHECK(copy_in(inside, outside, length) == 0);
		CHECK(memcmp(inside, outside, length) == 0 && inside[length] == 0x77);
		CHECK(words_outside == room / 8);
		memset(outside, 0x55, 80);
		CHECK(copy_out(outside, inside, length) == 0);
		CHECK(memcmp(inside, outside, length) == 0 && outside[room] == 0x55);
		for (size_t i = length; i < room; i++)
			CHECK(outside[i] == 0); /* nothing of the Keep beside what was asked for */
	}
}

int main(void)
{
	host = mmap(NULL, (KEEP_PAGES + 2) * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(host != MAP_FAILED);
	keep = (struct span){ (uint64_t)host + PAGE_BYTES, (uint64_t)host + (1 + KEEP_PAGES) * PAGE_BYTES };
	check_ranges(true);
	check_ranges(false);
	check_bytes();
	puts("good");
	return 0;
}
