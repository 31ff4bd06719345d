/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_CALLER_H
#define MOTTE_CALLER_H

#include <stdint.h>

/* The application's registers that a call keeps, while it is in a system call; of a shim that tells them (debug.h). */
struct caller {
	uint64_t rip; /* where it goes on */
	uint64_t rsp; /* and with which stack */
	uint64_t rbx, rbp, r12, r13, r14, r15;
};

#endif
