/* SPDX-License-Identifier: Apache-2.0 */
/* What pipes have around them in the tests. */
#ifndef MOTTE_PIPE_WORLD_H
#define MOTTE_PIPE_WORLD_H

#include <stdint.h>

/* Objects of the shim's memory that are held, and how often somebody who waits was told. */
extern uint64_t objects, changes;

#endif
