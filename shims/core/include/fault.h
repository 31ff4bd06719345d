/* SPDX-License-Identifier: Apache-2.0 */
/* The application's exceptions as Linux's signals; of a page fault the ledger decides (memory.h). */
#ifndef MOTTE_FAULT_H
#define MOTTE_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include "signal.h"

/* The CPU's vectors (Intel SDM vol. 3A, table 6-1). */
#define FAULT_DE 0
#define FAULT_DB 1
#define FAULT_BP 3
#define FAULT_OF 4
#define FAULT_BR 5
#define FAULT_UD 6
#define FAULT_TS 10
#define FAULT_NP 11
#define FAULT_SS 12
#define FAULT_GP 13
#define FAULT_PF 14
#define FAULT_MF 16
#define FAULT_AC 17
#define FAULT_XM 19

/*
 * What a handler is told of an exception at `rip`; `state` is the extended state then, as XSAVE has it. False for one that no
 * program can cause.
 */
bool fault_signal(uint64_t vector, uint64_t rip, const uint8_t *state, struct siginfo *info);

#endif
