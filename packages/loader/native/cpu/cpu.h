/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated CPU and its driver: what SGX hardware and Linux would do for a Keep, played in a plain process.
 *
 * Everything in this folder runs with the Keep's FS base, on a stack of its own, between two instructions of the
 * Keep. So it touches no thread-local storage (no errno, no stack protector), calls nothing of libc, and is
 * compiled without vector registers: whatever they hold belongs to the Keep.
 */
#ifndef MOTTE_CPU_H
#define MOTTE_CPU_H

/* Offsets in struct cpu for entry.S; cpu.c asserts them. */
#define CPU_RAX 0x00
#define CPU_RCX 0x08
#define CPU_RDX 0x10
#define CPU_RBX 0x18
#define CPU_RSP 0x20
#define CPU_RBP 0x28
#define CPU_RSI 0x30
#define CPU_RDI 0x38
#define CPU_R8 0x40
#define CPU_R9 0x48
#define CPU_R10 0x50
#define CPU_R11 0x58
#define CPU_R12 0x60
#define CPU_R13 0x68
#define CPU_R14 0x70
#define CPU_R15 0x78
#define CPU_RFLAGS 0x80
#define CPU_RIP 0x88
#define CPU_FRAME 0x90
#define CPU_STACK 0xb8
#define CPU_FSBASE 0xc0
#define CPU_URSP 0xc8
#define CPU_URBP 0xd0
#define CPU_IMAGE 0xd8
#define CPU_SET_FS 0xe0
#define CPU_BACK 0xe8
#define CPU_SLOT 0xf0

#define SLOT_RAX 0
#define SLOT_CPU 8

/*
 * The arena of a thread: struct cpu, then, each above a page that cannot be touched, the alternate stack of its signals,
 * the stack of C code that a patched site calls, and the stack of the thread itself, with the host's thread-local storage at its top.
 */
#define CPU_ARENA 0x80000
#define CPU_TRAP_STACK 0x18000
#define CPU_SERVICE_STACK 0x30000
#define CPU_MAIN_STACK 0x48000

/* What cpu_enter() and cpu_enclu() tell entry.S. */
#define CPU_RETURN 0 /* back to the host; struct sgx_enclave_run is filled in */
#define CPU_FRESH 1  /* EENTER: registers as in cpu.regs, by a jump */
#define CPU_RESUME 2 /* ERESUME: extended state from cpu.image, then by IRETQ */
#define CPU_STAY 3   /* the leaf is done: on with the Keep by IRETQ */
#define CPU_LEFT 4   /* EEXIT: registers as in cpu.regs */

#define RFLAGS_CF 0x1
#define RFLAGS_FIXED 0x2
#define RFLAGS_ZF 0x40
#define RFLAGS_TF 0x100
#define RFLAGS_DF 0x400
#define RFLAGS_NT 0x4000
#define RFLAGS_AC 0x40000
#define RFLAGS_ARITHMETIC 0x8d5

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>
#include "helper_protocol.h"
#include "hostcall_abi.h"
#include "sgx.h"
#include "sgx_uapi.h"

#define PAGE 0x1000ull
#define NSSA_MAX 4
#define XSAVE_MAX 0x3000 /* AMX's tiles make 0x2b00 */
/* A vector that no exception has: an interrupt, which hardware shows to nobody but the AEP's code. */
#define VECTOR_INTERRUPT 0x20

/* General registers in the order of GPRSGX, so that AEX and ERESUME copy them in one piece. */
struct regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rflags, rip;
};

/* An exception: what it is to the CPU, and for people why (`why` may print two numbers). */
struct fault {
	uint32_t vector;
	uint32_t error_code;
	uint64_t address;
	const char *why;
	uint64_t found, expected;
};

/* The Keep, as all logical processors see it. What changes while it runs is guarded by the lock. */
struct enclave {
	uint32_t locked;
	uint32_t inside_count;	/* strict: threads for which the ELRANGE is shown */
	volatile bool several;	/* more threads than the first were asked for */
	volatile bool stop;	/* the helper wants the Keep's threads back */
	volatile uint32_t cause; /* why the Keep must end, where no one thread is to blame */
	bool fsgsbase;		/* the CPU and the kernel allow WRFSBASE; then a `fsbase` may be stale */
	bool strict, trust, step;
	bool lazy_fs;		/* EENTER may leave the base of before: cpu_inside() */
	uint64_t step_from, step_to;
	uint64_t ioctl_pages;
	uint64_t epc_pages;
	uint8_t root[16];	/* of the emulated keys */

	uint8_t *base;		/* of the ELRANGE */
	uint64_t size;
	uint8_t *memory;	/* the CPU's own view of the same pages */
	struct secs *secs;
	struct epcm_entry *epcm;
	const struct mapping *mappings;
	uint32_t mapping_count;
	int memory_fd;
	uint64_t pages_end;	/* offset after the last page that ever was valid */
	bool hidden;		/* strict: the ELRANGE is PROT_NONE now */
	int64_t window;		/* from a GS base of the Keep to its struct slot; 0: nothing is patched */
	uint64_t window_size;	/* GS bases from the base on that have a slot */

	int wake_fd;		/* eventfd: tells the control thread that a thread of the Keep is done for */
	struct cpu *cpus;	/* CPU_ARENA bytes apart */
	uint32_t cpu_count;

	struct {
		uint32_t offset, size;
	} component[64];	/* of the standard XSAVE format */
	uint64_t xcr0;
	struct statistics stats; /* of pages, and of the start */
};

extern struct enclave enclave;

/* What a patched site finds by the Keep's GS base, which is all that tells threads apart when no register is free. */
struct slot {
	uint64_t rax; /* the Keep's */
	struct cpu *cpu;
};

/*
 * A logical processor: what one thread of the Keep has for itself. It lies at the start of an aligned arena, with the stacks of
 * its thread behind it: code on any of them finds it by RSP, as the FS base, and thread-local storage with it, is the Keep's.
 */
struct cpu {
	struct regs regs;	/* the Keep's, while the emulator runs */
	uint64_t frame[5];	/* for IRETQ: RIP, CS, RFLAGS, RSP, SS */
	uint64_t stack;		/* for C code reached from a patched site */
	uint64_t fsbase;	/* the Keep's, as last set */
	uint64_t ursp, urbp;	/* the host's, for AEX and EEXIT */
	uint8_t *image;		/* XSAVE image that entry.S loads, or NULL */
	uint64_t set_fs;	/* FS base that the kernel has now */
	uint64_t back;		/* where a patched WRFSBASE goes on */
	struct slot *slot;	/* of the TCS that is entered */

	volatile bool inside;	/* the Keep's code runs, not ours */
	volatile bool kicked;	/* the next interrupt is one of the driver's, and is resumed without a word */
	volatile bool single;	/* a debugger wants one instruction of the program, from: */
	uint32_t single_frame;	/* the SSA frame that is resumed then */
	uint64_t single_from;	/* its RIP */
	volatile bool lost;	/* the thread ran into a fault of the helper's own */
	volatile uint32_t exits; /* how often the Keep's code has stopped running here */
	int tid;		/* of the host's thread */
	uint32_t index;		/* in enclave.cpus */
	uint64_t seed;		/* of poison */
	uint64_t gsbase, host_fs, host_gs;
	uint64_t set_gs;	/* GS base that the kernel has now */

	struct sgx_enclave_run *run;
	struct tcs *tcs;	/* entered now or last, in the CPU's view */
	uint64_t tcs_address;
	uint64_t enclu_rip;	/* of the ENCLU that is being executed */
	const uint8_t *xstate;	/* the Keep's extended state, where a signal saved it; NULL: in the registers */
	struct fault fault;	/* the last one that was raised */
	uint32_t cause;		/* CAUSES: why the Keep must end, 0 while it need not */
	struct regs aex_regs;	/* at the last AEX */
	struct statistics stats; /* of entries and exits */
	uint8_t shadow[NSSA_MAX][XSAVE_MAX] __attribute__((aligned(64)));
	uint8_t scratch[XSAVE_MAX] __attribute__((aligned(64)));
};

static inline struct cpu *cpu_self(void)
{
	uint64_t rsp;
	__asm__("mov %%rsp, %0" : "=r"(rsp));
	return (struct cpu *)(rsp & ~(CPU_ARENA - 1));
}

/* The cpu of an index. */
static inline struct cpu *cpu_at(uint32_t index)
{
	return (struct cpu *)((uint64_t)enclave.cpus + index * CPU_ARENA);
}

/* entry.S */
typedef int enter_function(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint32_t function, uint64_t r8, uint64_t r9,
			   struct sgx_enclave_run *run);
enter_function emulated_enter;
extern const char after_enclu[];
__attribute__((noreturn)) void cpu_go_return(struct cpu *cpu);
__attribute__((noreturn)) void cpu_go_left(struct cpu *cpu);
void cpu_trap_entry(int signal);
extern const char cpu_stub_enclu[], cpu_stub_wrfsbase[];

/* cpu.c */
void cpu_features(void);
void cpu_start(void);
void enclave_lock(void);
void enclave_unlock(void);
int cpu_raise(uint32_t vector, uint32_t error_code, uint64_t address, const char *why, uint64_t found,
	      uint64_t expected);
void cpu_outside(void);
void cpu_inside(void);
void cpu_host(void);

/* enter.c, exit.c, aex.c, enclu.c, accept.c, report.c: the instructions. Those of leaves return 0, or -1 after cpu_raise(). */
int cpu_enter(struct sgx_enclave_run *run, uint32_t function);
int cpu_enclu(void);
int cpu_enclu_patched(void);
int cpu_wrfsbase_refused(void);
int cpu_eexit(void);
int cpu_eaccept(void);
int cpu_emodpe(void);
int cpu_eacceptcopy(void);
int cpu_ereport(void);
int cpu_egetkey(void);
void cpu_aex(void);
int cpu_resume_state(uint32_t frame);
struct regs *cpu_saved_regs(const struct tcs *tcs, uint32_t frame);
const char *cpu_leak(void);
void cpu_poison(void);

/* epc.c: the EPCM and what follows from it for the mapping. */
bool epc_inside(uint64_t address, uint64_t length);
struct epcm_entry *epc_entry(uint64_t address);
uint32_t epc_mapped(const struct epcm_entry *entry);
uint32_t epc_allowed(const struct epcm_entry *entry);
void epc_apply(uint64_t offset, uint64_t length);
void epc_settle(void);
void epc_grant(uint64_t offset);
bool epc_was_late(uint64_t address, uint32_t wanted);
void epc_hide(void);
void epc_show(void);
uint8_t *epc_operand(uint64_t address, uint64_t align, uint32_t permissions, const char *name);

/* driver.c: what the kernel's driver does for a fault or an ioctl; 0 or -errno. */
int driver_eaug(struct epcm_entry *entry);
int driver_restrict(struct sgx_enclave_restrict_permissions *arg);
int driver_modify_types(struct sgx_enclave_modify_types *arg);
int driver_remove(struct sgx_enclave_remove_pages *arg);
int driver_protect(uint64_t offset, uint64_t length, uint32_t permissions);

int cpu_result(uint32_t code);

/* Copying and clearing without libc, whose versions use vector registers. */
static inline void copy(void *to, const void *from, uint64_t length)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
}

static inline void clear(void *at, uint64_t length)
{
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(length) : "a"(0) : "memory");
}

static inline bool all_zero(const void *at, uint64_t length)
{
	const uint8_t *bytes = at;
	for (uint64_t i = 0; i < length; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static inline bool canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* A system call without libc: no errno. */
static inline long sys(long number, long a, long b, long c, long d)
{
	long result;
	register long r10 __asm__("r10") = d;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}
#endif /* __ASSEMBLER__ */
#endif
