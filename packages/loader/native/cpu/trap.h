/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_TRAP_H
#define MOTTE_TRAP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Sent to the Keep's thread by the helper's other thread, and by its timer. */
#define SIGNAL_STOP SIGUSR1
#define SIGNAL_TICK SIGUSR2

/* decode.c: instructions of the Keep that need a look at their bytes. */
bool trap_is_enclu(uint64_t rip);
bool trap_is_illegal_in_enclave(uint64_t rip);
bool trap_emulate_fsgsbase(void);

/* step.c */
void step_arm(void);
bool step_breakpoint(void);
bool step_at(void);

#endif
