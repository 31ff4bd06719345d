/* SPDX-License-Identifier: Apache-2.0 */
/* Reads cases and runs them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness.h"

#define PAGE 4096

uint8_t *guest_view;
uint8_t *block_view;

static char *line;
static char *rest;
static unsigned long case_number;

void broken(const char *what, uint64_t value)
{
	printf("broken %s 0x%llx\n", what, (unsigned long long)value);
	fflush(stdout);
	fprintf(stderr, "case %lu is broken: %s 0x%llx\n", case_number, what, (unsigned long long)value);
	_exit(3);
}

const char *token(void)
{
	const char *word = strtok_r(NULL, " \n", &rest);

	if (word == NULL)
		broken("a case ends early", 0);
	return word;
}

uint64_t token_number(void)
{
	char *end;
	const char *word = token();
	const uint64_t value = strtoull(word, &end, 16);

	if (*end != '\0')
		broken(word, 0);
	return value;
}

unsigned token_bytes(uint8_t *to, unsigned max)
{
	const char *word = token();
	const unsigned size = (unsigned)strlen(word) / 2;

	if (size > max)
		broken("bytes that do not fit", size);
	for (unsigned i = 0; i < size; i++) {
		const char two[3] = { word[2 * i], word[2 * i + 1], '\0' };

		to[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return size;
}

/* The last stream is kept: most cases fill the whole data area from the same seed. */
void stream(uint8_t *to, size_t size, uint32_t seed)
{
	static uint8_t kept[HOSTCALL_BLOCK_SIZE];
	static uint32_t kept_seed;
	static size_t kept_size;

	if (size > sizeof(kept))
		broken("a stream that is too long", size);
	if (seed != kept_seed || size > kept_size) {
		uint32_t x = seed;

		for (size_t i = 0; i < size; i++) {
			x = x * 1664525u + 1013904223u;
			kept[i] = (uint8_t)(x >> 24);
		}
		kept_seed = seed;
		kept_size = size;
	}
	memcpy(to, kept, size);
}

/* FNV-1a. */
uint32_t hash(uint32_t so_far, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		so_far = (so_far ^ ((const uint8_t *)bytes)[i]) * 16777619u;
	return so_far;
}

void token_patches(uint8_t *to, size_t size, int with_seed)
{
	if (with_seed)
		stream(to, size, (uint32_t)token_number());
	for (uint64_t n = token_number(); n > 0; n--) {
		const uint64_t at = token_number();

		if (at > size)
			broken("a patch outside", at);
		token_bytes(to + at, (unsigned)(size - at));
	}
}

/* The block between guard pages, and once more where nothing may be touched. */
static void make_block(void)
{
	const int fd = memfd_create("block", 0);
	uint8_t *around = mmap(NULL, HOSTCALL_BLOCK_SIZE + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || around == MAP_FAILED || ftruncate(fd, HOSTCALL_BLOCK_SIZE) != 0)
		broken("no block", 0);
	block_view = mmap(around + PAGE, HOSTCALL_BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	guest_view = mmap(NULL, HOSTCALL_BLOCK_SIZE, PROT_NONE, MAP_SHARED, fd, 0);
	if (block_view == MAP_FAILED || guest_view == MAP_FAILED)
		broken("no views", 0);
}

int main(void)
{
	size_t room = 0;

	make_block();
	while (getline(&line, &room, stdin) > 0) {
		const char *kind = strtok_r(line, " \n", &rest);

		case_number++;
		if (kind == NULL)
			continue;
		if (strcmp(kind, "guest") == 0)
			guest_case();
		else if (strcmp(kind, "host") == 0)
			host_case();
		else
			broken(kind, 0);
	}
	return 0;
}
