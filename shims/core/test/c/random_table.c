/* SPDX-License-Identifier: Apache-2.0 */
/* random.c over a generator of the test's: random_table GENERATOR. Prints `refused REASON`, or bytes. */
#include <string.h>
#include "../../include/platform.h"
#include "../../include/random.h"
#include "model.h"

static uint64_t seed = 7, asked;
static const char *generator;

bool platform_random(uint64_t *word)
{
	asked++;
	*word = next_random(&seed);
	if (strcmp(generator, "stuck") == 0)
		*word = 0x1234567812345678;
	if (strcmp(generator, "stuck-later") == 0 && asked > 900)
		*word = 0x1234567812345678;
	if (strcmp(generator, "ones") == 0 && asked == 500)
		*word = UINT64_MAX;
	if (strcmp(generator, "zeros") == 0 && asked == 500)
		*word = 0;
	if (strcmp(generator, "empty") == 0)
		return false;
	if (strcmp(generator, "slow") == 0)
		return asked % 10 == 0; /* nine empty answers, then one */
	if (strcmp(generator, "too-slow") == 0)
		return asked % 11 == 0;
	return true;
}

_Noreturn void keep_refuse(uint32_t reason)
{
	printf("refused %u\n", reason);
	exit(0);
}

int main(int argc, char **argv)
{
	static uint8_t a[0x10001], b[64];

	CHECK(argc == 2);
	generator = argv[1];
	if (strcmp(generator, "other") == 0)
		seed = 8;
	random_start();
	random_bytes(a, sizeof(a)); /* more than one request of the DRBG's */
	CHECK(a[0x10000] != 0 || a[0xffff] != 0);
	for (int i = 0; i < 2000; i++) /* seeded again on the way */
		random_bytes(b, sizeof(b));
	if (strcmp(generator, "good") == 0)
		CHECK(asked == 2 * 1024); /* at the start, and after 1024 requests */
	for (int i = 0; i < 16; i++)
		printf("%02x", a[i]);
	putchar('\n');
	return 0;
}
