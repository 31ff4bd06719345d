/* SPDX-License-Identifier: Apache-2.0 */
/* give MIB ROUNDS: uses so much memory, gives it back and uses it again. What it gets anew has nothing of what was there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096

static int round_of(size_t size)
{
	unsigned char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long found = 0;

	if (at == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (size_t i = 0; i < size; i += PAGE) {
		for (size_t j = 0; j < PAGE; j += 512)
			found += at[i + j];
		memset(at + i, 0xa5, PAGE);
	}
	printf("%zu MiB, %lu left of others\n", size >> 20, found);
	return munmap(at, size) != 0;
}

int main(int argc, char **argv)
{
	size_t size = argc > 2 ? strtoul(argv[1], NULL, 10) << 20 : 0;

	for (long i = argc > 2 ? strtol(argv[2], NULL, 10) : 0; i > 0; i--)
		if (round_of(size) != 0)
			return 1;
	return 0;
}
