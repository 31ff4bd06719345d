/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities, as root of a container has them: asked for, given up, and remembered. They open and close nothing: what a
 * Keep may do is what Keep.toml grants. One set for the process, where Linux has one for each thread.
 */
#ifndef MOTTE_CAPABILITY_H
#define MOTTE_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

/* Bit n of each is capability n. */
struct capabilities {
	uint64_t inheritable, permitted, effective, bounding;
};

const struct capabilities *capabilities(void);

/* PR_CAPBSET_READ and PR_CAPBSET_DROP. */
long capability_is_bounding(uint64_t number);
long capability_drop(uint64_t number);

#endif
