/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's own relocations: R_X86_64_RELATIVE alone (shimgen refuses others), for the library's tables of functions. */
#include "include/platform.h"
#include "include/relocate.h"

struct rela {
	uint64_t offset;
	uint64_t info;
	uint64_t addend;
};

extern const struct rela relocations_start[];
extern const struct rela relocations_end[];

void relocate_self(void)
{
	uint64_t base = platform_keep().start;

	for (const struct rela *one = relocations_start; one != relocations_end; one++)
		*(uint64_t *)(base + one->offset) = base + one->addend;
}
