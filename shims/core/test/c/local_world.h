/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_LOCAL_WORLD_H
#define MOTTE_LOCAL_WORLD_H

#include <stdint.h>
#include "../../include/file.h"

/* The descriptors, and what is held of the shim's memory. */
#define SLOTS 12
extern struct file *slots[SLOTS];
extern uint64_t objects, bytes_held;

/* No name is bound any more; none may still be held. */
void world_forget(void);

#endif
