// SPDX-License-Identifier: Apache-2.0
// Uses memory: touch MIB writes to each page of so many MiB what no other page has, then reads it all again.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096

int main(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) << 20, wrong = 0;
	volatile uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (size_t at = 0; at < size; at += PAGE) {
		wrong += *(volatile uint64_t *)(bytes + at) != 0;
		*(volatile uint64_t *)(bytes + at) = at ^ 0x746f756368;
	}
	for (size_t at = 0; at < size; at += PAGE)
		wrong += *(volatile uint64_t *)(bytes + at) != (at ^ 0x746f756368);
	printf("%zu pages, %zu wrong\n", size / PAGE, wrong);
	return 0;
}
