/* SPDX-License-Identifier: Apache-2.0 */
/* What a TEE gives to the code that all shims share. shims/sgx has one implementation; others will follow. */
#ifndef MOTTE_PLATFORM_H
#define MOTTE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "caller.h"
#include "hostcall.h"

#define PAGE_SHIFT 12
#define PAGE_BYTES (1ull << PAGE_SHIFT)

/* ---- address space ---- */

/* A range of addresses, [start, end). */
struct span {
	uint64_t start;
	uint64_t end;
};

/*
 * What is asked all the time, and inline: a call costs more than its answer (docs/adr/0005). The platform has it in a file
 * of this name:
 *
 *   struct span platform_keep(void)   the Keep's addresses
 *   struct span platform_shim(void)   the part of them that is the shim's: its image, its stacks
 *   bool platform_lazy(void)          whether pages are added when they are first used; else all are there from the start
 *   bool platform_late_code(void)     whether a page that was written can become executable
 *   struct hostcall *platform_call(void)   this thread's side of its host-call block
 *   uint64_t platform_get_fs(void)    the application's FS base
 *   uint64_t platform_exec_rsp(void)  its stack pointer, while in a system call
 *   struct task *task_self(void)      the application's thread that runs here
 *   bool platform_task_ends(void)     its member `ending`, by one load
 *   const struct caller *platform_caller(void)   its registers in a system call, in shims with the switch `debug` alone
 *   void platform_locked(void)    this thread has just got the lock
 *   uint64_t platform_own(uint64_t)    where the shim sees a page that it took for itself (PAGE_SHIM), by its address in the ledger
 *   uint64_t platform_plain(uint64_t)  the other way round; other addresses stay as they are
 *   void platform_signal_due(struct task *, bool)   whether a signal is to be delivered when its system call returns
 */
struct task;
struct timespec;
#include <platform_inline.h>

/* ---- memory (the ledger decides, memory.c calls) ---- */

/*
 * Makes `pages` pages part of the Keep: zero, and PERM_R or both; with PAGE_SHIM they are the shim's own, and nothing that the
 * application can reach. Called once a page until it is trimmed.
 */
void platform_accept(uint64_t address, uint64_t pages, unsigned perms);

/*
 * Changes what accepted pages permit, from `old` to `now` (PERM_ bits, and in `now` PAGE_SHIM); never W and X together on the
 * way. Whoever has the lock next sees it so.
 */
void platform_permit(uint64_t address, uint64_t pages, unsigned old, unsigned now);

/* Tells the host whether pages of the heap hold code: its own tables must let them be executed, or be written. */
void platform_code(uint64_t address, uint64_t pages, bool code);

/* Gives accepted pages back to the host. Their contents are gone. */
void platform_trim(uint64_t address, uint64_t pages);

/* ---- this thread ---- */

/* Sets the application's FS base. */
void platform_set_fs(uint64_t base);

/* The address of the direct entry for system calls. */
uint64_t platform_direct_entry(void);

struct context;

/* Turns a context that is about to return from a system call back to the call itself. */
void platform_restart(struct context *context, uint64_t number);

/* ---- other threads of the Keep (task.h); the first one's index is 0 ---- */

struct syscall_frame;

/* The task of a thread that was never entered; a thread of which the plan has nothing is made. Once for each index. */
struct task *platform_thread_make(uint64_t index);

/*
 * Lets `task` go on where the caller's system call was made, with 0 as its result and all registers as they were, but for
 * the stack pointer and the FS base. Its thread runs platform_thread_begin() or is fresh.
 */
void platform_thread_copy(struct task *task, const struct syscall_frame *frame, uint64_t stack, uint64_t fs);

/* The host may enter a fresh thread from now on, once; or no more: false when it has. */
void platform_thread_expect(struct task *task);
bool platform_thread_refuse(struct task *task);

/* This thread's registers are nobody's any more, until platform_thread_begin() takes those of a task. */
void platform_thread_idle(void);
_Noreturn void platform_thread_begin(void);

/* This thread goes on at a program's first instruction, with nothing in its registers but the stack pointer. */
_Noreturn void platform_start(uint64_t entry, uint64_t stack);

/* ---- the rest ---- */

/* A word of the CPU's random generator; false when it has none at the moment. */
bool platform_random(uint64_t *word);

/* The time of one of the host's clocks where the host need not be asked for it; platform_inline.h where there is none such. */
bool platform_clock(int32_t clock, struct timespec *time);

/* CPUID.1:EDX, for AT_HWCAP. */
uint32_t platform_hwcap(void);

/* Ends the Keep as the application did: a wait status of Linux. */
_Noreturn void keep_end(uint32_t status);

/* Sets the stack protector's canary. */
void platform_set_canary(uint64_t canary);

#endif
