/* SPDX-License-Identifier: Apache-2.0 */
/* The helper process: one Keep, the thread that enters it, and the thread that talks to the loader. */
#ifndef MOTTE_HELPER_H
#define MOTTE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "cpu/cpu.h"
#include "hostcall_abi.h"

#define CALL_NUMBERS 512      /* Linux system calls that are counted one by one */
#define PLATFORM_CALLS 0x10000
#define PLATFORM_NUMBERS 16
#define EXIT_REASONS 64	/* KVM_EXIT_* that are counted one by one */

/* Of headers that are newer than some. */
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

/* The helper's code: the linker's symbols. */
extern const char __executable_start[], etext[];

/* How the Keep ended, before it is put into ENDED. */
struct ending {
	uint32_t ended, status, cause;
	uint32_t vector, error_code;
	uint64_t address, offset;
	char text[sizeof((struct ended *)0)->text];
};

/* A thread's registers as a debugger has them: as an SSA frame has them, whatever the Keep is. */
struct debug_state {
	uint8_t xsave[4096];	/* the standard format */
	struct gprsgx gprs;
};

/* What a thread of this process does for its TCS. */
enum { THREAD_NONE, THREAD_RUNS, THREAD_OVER };

/* A thread of this process for one TCS, made when the Keep asks for it. */
struct keep_thread {
	struct keep_host *host;
	struct cpu *cpu;
	uint32_t index;		/* of its TCS, and of its struct cpu */
	uint64_t enters;	/* SGX: offset of a TCS, KVM: number of a vCPU; its own, but for a hostile host */
	uint32_t state;
	uint8_t *block;		/* its host-call block */
	int wake_fd;		/* eventfd: ends its `wait` */
	uint32_t held;		/* a debugger lets it enter no more; a futex */
	uint32_t within;	/* it enters, or has entered */
	uint32_t stop_why, stop_signal;
	bool stop_told;		/* the loader knows of them */
	timer_t tick;
};

/* The Keep as this process knows it (struct keep_host of hostcall_host.h). */
struct keep_host {
	/* START, and the tables that follow it in the same message */
	struct start start;
	const struct mapping *mappings;
	const uint64_t *tcs;	/* SGX */
	const uint8_t *vmsa;	/* KVM: a page for each vCPU */
	const struct launch *launch; /* SNP */
	const struct launch_run *runs;
	const struct site *sites;
	const struct lie *lies;
	const struct grant *grants;
	const struct image_part *parts;
	const uint8_t *boot;

	uint8_t *base;		/* of the Keep in this process; KVM: not the address that the Keep knows */
	uint8_t *blocks;	/* host-call blocks, HOSTCALL_BLOCK_SIZE apart */
	struct keep_thread *threads; /* one for each TCS; the first boots the Keep */
	bool debugged;		/* a debugger may stop its threads */
	bool granted[3];	/* which of 0, 1, 2 the Keep still has */
	enter_function *enter;
	int (*clock_gettime)(int32_t clock, void *timespec); /* the vDSO's, or NULL */

	uint64_t started_ns;
	uint64_t ended_ns;
	uint64_t calls[CALL_NUMBERS];
	uint64_t platform_calls[PLATFORM_NUMBERS];
	uint64_t guest_requests; /* SNP, simulated */
	volatile bool over;	/* the Keep's threads have left for good; `ending` holds */
	bool enter_again;	/* hostile: EENTER once where the Keep asks for ERESUME */
	bool claimed;		/* somebody is filling in `ending` */
	struct ending ending;
};

/* In a virtual machine of its own; one that is launched; one whose firmware is this process's. */
static inline bool is_vm(const struct keep_host *host)
{
	return host->start.backend >= BACKEND_KVM;
}

static inline bool is_snp(const struct keep_host *host)
{
	return host->start.backend >= BACKEND_SNP;
}

static inline bool is_simulated(const struct keep_host *host)
{
	return host->start.backend == BACKEND_SNP_SIMULATED;
}

/* message.c: the control socket. */
void message_send(uint32_t type, uint32_t id, const void *a, size_t a_length, const void *b, size_t b_length);
void *message_receive(struct message *header);
void control_loop(struct keep_host *host);

/* start.c: START into a Keep that is mapped; false with `ending` filled in. */
bool start_parse(struct keep_host *host, uint8_t *bytes, uint32_t length);
bool memory_map(struct keep_host *host);
bool patch_sites(struct keep_host *host);

/* threads.c: all of the Keep's threads. */
bool threads_make(struct keep_host *host);
bool threads_ask(struct keep_host *host, uint32_t index);
void threads_wake(struct keep_host *host, uint32_t index);
void threads_stop(struct keep_host *host);

/* thread.c, run.c: one of them. */
bool thread_set_up(struct keep_thread *thread);
void thread_tick(struct keep_thread *thread);
void run_keep(struct keep_thread *thread);
bool serve_call(struct keep_thread *thread, bool prompt_alone);

/* vm/: a Keep in a virtual machine. */
void vm_read_ahead(void);
bool vm_create(struct keep_host *host);
bool vm_threads(void);
bool vm_thread_set_up(struct keep_thread *thread);
void vm_run(struct keep_thread *thread);
void vm_clock_refresh(struct keep_host *host);
bool switchless_start(struct keep_host *host);
void switchless_stop(const struct keep_host *host);
uint32_t vm_cr4_missing(void);
uint32_t vm_cpuid_corrected(void);
bool vm_patch(struct keep_host *host);
uint64_t vm_read(const struct keep_host *host, uint8_t *to, uint64_t address, uint64_t length);
uint64_t vm_write(const struct keep_host *host, uint64_t address, uint8_t *from, uint64_t length);
void vcpu_interrupt(const struct keep_host *host, uint32_t index);

/* vm/stops.c: what a debugger has of a vCPU's thread; the last three on the control thread, while that one stands still. */
bool vm_stops_take(struct keep_thread *thread, uint64_t vector);
void vm_single(struct keep_host *host, uint32_t index, bool step);
uint32_t vm_state_get(const struct keep_host *host, uint32_t index, struct debug_state *state);
bool vm_state_put(const struct keep_host *host, uint32_t index, const struct debug_state *state);
size_t vm_statistics(struct statistics *stats, uint8_t *out);

/* end.c: how it ended. */
__attribute__((format(printf, 3, 4))) bool end_killed(struct keep_host *host, uint32_t cause, const char *format, ...);
__attribute__((format(printf, 3, 4))) void end_trapped(struct keep_host *host, uint32_t cause, const char *format, ...);
void end_fault(struct keep_host *host, uint32_t ended, uint32_t cause, const char *leaf);
void end_own(struct keep_host *host, uint32_t ended, uint32_t status, uint64_t offset);
void end_refused(struct keep_host *host, uint32_t reason, uint64_t offset, const char *text);
const char *vector_name(uint32_t vector);
void end_program_fault(struct keep_host *host, uint32_t signal, uint32_t vector, uint64_t address, uint64_t offset);
void end_cause(struct keep_host *host, const struct cpu *cpu);
size_t statistics_write(struct keep_host *host, uint8_t *out);
#define STATISTICS_MAX                                                                                                      \
	(sizeof(struct statistics) + (CALL_NUMBERS + PLATFORM_NUMBERS + EXIT_REASONS) * sizeof(struct call_count))

/* debug.c: debug Keeps. */
bool debug_open(void);
void debug_settle(const struct keep_host *host);
int debug_descriptor(void);
void debug_heard(struct keep_host *host);
void debug_traced(const uint8_t *payload, uint32_t length);
void debug_read(const struct keep_host *host, uint32_t id, const uint8_t *payload, uint32_t length);
void debug_registers(const struct keep_host *host, uint32_t id, const uint8_t *payload, uint32_t length);
void debug_write(const struct keep_host *host, uint32_t id, uint8_t *payload, uint32_t length);
void debug_ring(void);

/* stops.c: a debugger's stops. */
bool stops_gate(struct keep_thread *thread, bool resumes);
void stops_left(struct keep_thread *thread);
bool stops_take(struct keep_thread *thread, uint32_t vector);
void stops_note(struct keep_thread *thread, uint32_t why, uint32_t signal);
bool stops_standing(const struct keep_host *host);
bool stops_signal(struct keep_thread *thread, uint32_t signal);
void stops_start(struct keep_host *host);
void stops_heard(struct keep_host *host);
void stops_ask(struct keep_host *host);
void stops_go(struct keep_host *host, const uint8_t *actions, uint32_t length);

/* vdso.c: a function of the kernel's in user space, or NULL. */
void *vdso_function(const char *name);

/* sandbox.c: what this process can still do from now on. */
bool sandbox_enter(struct keep_host *host);

/* landlock.c: which files it can still name. */
uint32_t landlock_enter(struct keep_host *host);

/* hostile.c, in the test binary only: a host that lies. */
#ifdef MOTTE_HOSTILE
struct hostcall_block;
bool hostile_unserved(struct keep_host *host, struct hostcall_block *block);
uint32_t hostile_after(struct keep_host *host, struct hostcall_block *block);
void hostile_gate(const struct keep_thread *thread);
void hostile_pages(struct keep_host *host, uint32_t kind, uint8_t *page);
bool hostile_answer(struct keep_host *host, uint8_t *answer, uint32_t *status, uint32_t *host_status);
void hostile_event(const struct lie *lie);	/* vm/inject.c */
#endif

uint64_t now_ns(void);

/* enter.S: calls `enter` and brings back RDI, RSI and RDX as the Keep left them. */
struct exit_registers {
	uint64_t rdi, rsi, rdx;
};
int enter_keep(enter_function *enter, struct exit_registers *registers, struct sgx_enclave_run *run, uint32_t function);

#endif
