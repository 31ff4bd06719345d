/* SPDX-License-Identifier: Apache-2.0 */
#include "include/random.h"
#include <bearssl.h>
#include "include/bytes.h"
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
	br_sha256_context conditioner; /* one pass over many words costs far less than as many updates of the DRBG */
	uint8_t seed[br_sha256_SIZE];
	uint64_t before = 0, word;

	br_sha256_init(&conditioner);
	for (unsigned i = 0; i < SEED_WORDS; i++) {
		word = word_of_cpu();
		if (word == before || word == 0 || word == UINT64_MAX)
			keep_refuse(REASON_RANDOM);
		before = word;
		br_sha256_update(&conditioner, &word, sizeof(word));
	}
	br_sha256_out(&conditioner, seed);
	br_hmac_drbg_update(&drbg, seed, sizeof(seed));
	/* What the seed could be computed from does not stay on the stack. */
	memset(&conditioner, 0, sizeof(conditioner));
	memset(seed, 0, sizeof(seed));
	__asm__ volatile("" : : "r"(&conditioner), "r"(seed) : "memory");
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
