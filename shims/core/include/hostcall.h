/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls, as the Keep makes them. The functions to call are host_read() and so on, generated from the table
 * in packages/hostcall into generated/hostcall_guest.h; this file is what they are made of.
 */
#ifndef MOTTE_HOSTCALL_H
#define MOTTE_HOSTCALL_H

#include <stddef.h>
#include <stdint.h>
#include "../generated/hostcall_abi.h"
#include "copy.h"

/*
 * A thread's side of its host-call block. It lives inside the Keep. The block itself was checked once, when the
 * thread was first entered: page aligned, BLOCK_SIZE bytes, wholly outside the Keep.
 *
 * A call in progress must not be interrupted by another on the same thread: both would use the one data area.
 */
struct hostcall {
	struct hostcall_block *block; /* untrusted; read and written by copy_in() and copy_out() alone */
	struct hostcall_block head;   /* the request that goes out, then the one copy of the answer */
	uint32_t sequence;            /* of the last call */
};

/* ---- what every shim provides ---- */

/*
 * Leaves the Keep so that the host serves the block, and comes back when the host enters again as it should.
 * Any other entry meanwhile is the shim's to refuse.
 */
void hostcall_transfer(struct hostcall *call);

/* The Keep's lock (lock.h). Who has to wait for it may make host calls without data meanwhile. */
void hostcall_unlock(void);
void hostcall_lock(void);

/* Ends the Keep; `reason` is a REASON_ of generated/hostcall_abi.h. */
_Noreturn void keep_refuse(uint32_t reason);

/* ---- what the generated functions share (shims/core/hostcall.c) ---- */

/* Starts a request: everything in the header that is not set afterwards is zero. */
void hostcall_begin(struct hostcall *call, uint32_t number);

/* Sends the request and returns the host's `result`, once it is known to answer this very request. */
int64_t hostcall_exchange(struct hostcall *call, uint64_t in_length);

/*
 * The same for a call over which an honest host may take its time. The Keep's other threads go on meanwhile: everything but the
 * caller's own may have changed. The answer is copied to the application's memory only after the lock is back, and
 * copy_in() looks anew whether that memory is still there.
 */
int64_t hostcall_exchange_unlocked(struct hostcall *call, uint64_t in_length);

/*
 * The host's errno, negative as it came, when the call allows it: bit n of `allowed` stands for errno n. Ends the
 * Keep otherwise, and when data came along with it.
 */
long hostcall_error(const struct hostcall *call, int64_t result, const uint64_t allowed[static 3]);

/* Ends the Keep unless the host says that it wrote `expected` bytes. */
void hostcall_wrote(const struct hostcall *call, uint64_t expected);

/* Where byte `at` of the data area is; untrusted memory. */
static inline void *hostcall_data(const struct hostcall *call, uint64_t at)
{
	return (uint8_t *)call->block + HOSTCALL_DATA_OFFSET + at;
}

/*
 * `value` when it is at most `most`, else 0, without a branch that a processor could predict. A length that the host
 * gave is passed through this after it was checked, so that no speculated path uses an unchecked one (SECURITY.md,
 * rule 8). `most` is below 2^64 - 1.
 */
static inline uint64_t hostcall_mask(uint64_t value, uint64_t most)
{
	uint64_t mask;

	__asm__("cmpq %2, %1\n\tsbbq %0, %0" : "=r"(mask) : "r"(value), "r"(most + 1) : "cc");
	return value & mask;
}

/* How far a buffer of `length` bytes reaches in the data area, where every buffer starts at a multiple of 8. */
static inline uint64_t hostcall_room(uint64_t length)
{
	return (length + 7) & ~7ull;
}

#endif
