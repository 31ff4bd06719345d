/* SPDX-License-Identifier: Apache-2.0 */
#include "include/random.h"
#include <bearssl.h>
#include "include/platform.h"

/*
 * RDRAND's output may be stretched from one 256-bit seed over 511 words, so this many words are sure to see two
 * (Intel, Digital Random Number Generator guide 2.1, section 5.2.6).
 */
#define SEED_WORDS 1024
/* The guide's bound: ten empty answers in a row mean that the generator is broken. */
#define RETRIES 10
/* The DRBG is seeded again after this many requests. */
#define REQUESTS 1024
/* Most that one request to HMAC_DRBG may take (NIST SP 800-90A rev. 1, table 2). */
#define REQUEST_BYTES 0x10000u

static br_hmac_drbg_context drbg;
static unsigned requests;

static uint64_t word_of_cpu(void)
{
	uint64_t word = 0;
	int tries = 0;

	while (!platform_random(&word))
		if (++tries == RETRIES)
			keep_refuse(REASON_RANDOM);
	return word;
}

/* A generator that is stuck says so by repeating itself; AMD's has been seen to return all ones for good. */
static void mix_seed(void)
{
	uint64_t words[16];
	uint64_t before = word_of_cpu();

	for (unsigned done = 0; done < SEED_WORDS; done += 16) {
		for (unsigned i = 0; i < 16; i++) {
			words[i] = word_of_cpu();
			if (words[i] == before || words[i] == 0 || words[i] == UINT64_MAX)
				keep_refuse(REASON_RANDOM);
			before = words[i];
		}
		br_hmac_drbg_update(&drbg, words, sizeof(words));
	}
	__builtin_memset(words, 0, sizeof(words));
	__asm__ volatile("" : : "r"(words) : "memory");
	requests = 0;
}

void random_start(void)
{
	br_hmac_drbg_init(&drbg, &br_sha256_vtable, 0, 0);
	mix_seed();
}

void random_bytes(void *to, size_t length)
{
	unsigned char *at = to;

	while (length != 0) {
		size_t part = length < REQUEST_BYTES ? length : REQUEST_BYTES;

		if (++requests == REQUESTS)
			mix_seed();
		br_hmac_drbg_generate(&drbg, at, part);
		at += part;
		length -= part;
	}
}
