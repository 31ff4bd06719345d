/* SPDX-License-Identifier: Apache-2.0 */
/* What the probes share. probe.c has those of one system call or instruction; the others go by their names. */
#ifndef MOTTE_PROBE_H
#define MOTTE_PROBE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

#define AT_MOTTE_ENTRY 0x4d4f5454

#define CHECK(condition)                                                          \
	do {                                                                      \
		if (!(condition)) {                                               \
			fprintf(stderr, "%d: %s (errno %d)\n", __LINE__, #condition, errno); \
			exit(1);                                                  \
		}                                                                 \
	} while (0)

/* A system call by the shim's direct entry. */
static inline long direct(long number, long a, long b, long c)
{
	uint64_t entry = getauxval(AT_MOTTE_ENTRY);
	long result;

	CHECK(entry != 0);
	__asm__ volatile("xorl %%r10d, %%r10d\n\txorl %%r8d, %%r8d\n\txorl %%r9d, %%r9d\n\t"
			 "subq $128, %%rsp\n\tcall *%[entry]\n\taddq $128, %%rsp"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
			 : "a"(number), [entry] "r"(entry)
			 : "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm15");
	return result;
}

/* Signals: handlers, the frames that they return by, and what there is no way back from. */
void signal_handlers(void);
void signal_restart(void);
void signal_frames(void);
void signal_no_room(void);
void signal_bad_rip(void);
void signal_bad_state(void);
void signal_no_restorer(void);
void signal_direct_return(void);

/* Threads, each where a hostile host can count on it. */
void threads_yields(void);
void threads_spins(void);
void threads_other_spins(void);
void threads_other_writes(void);
void threads_other_sleeps(void);
void threads_other_ends(void);
void threads_starts(void);
void threads_start_fails(void);
void exec_replaces(void);

#endif
