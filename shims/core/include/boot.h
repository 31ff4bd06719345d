/* SPDX-License-Identifier: Apache-2.0 */
/* From the host's boot message to the application's stack. */
#ifndef MOTTE_BOOT_H
#define MOTTE_BOOT_H

#include <stdbool.h>
#include <stdint.h>
#include "platform.h"

/* What the platform knows of the application. */
struct exec {
	uint64_t entry;
	uint64_t phdr;
	uint64_t phnum;
	uint64_t heap; /* bytes */
	uint64_t threads;
};

/* Whether `digest` is the one of the config blob that the CPU attests. */
bool platform_config_is(const uint8_t digest[static 32]);

/* Enters the application's segments, which lie within `room`, into the ledger, from its measured program headers. */
void boot_adopt(const struct exec *exec, struct span room);

/*
 * Reads the boot message once, checks the config blob against the attested digest, and builds the application's
 * stack. Returns its stack pointer.
 */
uint64_t boot_exec(const struct exec *exec);

#endif
