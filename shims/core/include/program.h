/* SPDX-License-Identifier: Apache-2.0 */
/* What every program of the Keep starts with, the first one and those that execve() brings. */
#ifndef MOTTE_PROGRAM_H
#define MOTTE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include "boot.h"
#include "stack.h"

/* Most bytes that stack_bytes() may say: a quarter of the stack, as execve() has it. */
uint64_t program_room(void);

/* Maps a stack for what the first pass has counted, and begins the second; false when there is no room. */
bool program_stack(struct stack *stack);

/* Its auxiliary vector; `name` is the address of what the program was started by. */
void program_auxiliary(struct stack *stack, const struct exec *exec, uint64_t name);

#endif
