/* SPDX-License-Identifier: Apache-2.0 */
/* Signals on the Keep's thread: which exception of the enclave each one is. Entered by cpu_trap_entry in entry.S. */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include "cpu.h"
#include "trap.h"

extern const char __executable_start[], etext[];

static const uint8_t GREGS[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8,
				REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL, REG_RIP};
_Static_assert(sizeof GREGS * 8 == sizeof(struct regs), "one for each register");

static void load_regs(const greg_t *gregs)
{
	struct cpu *const cpu = cpu_self();
	for (uint32_t i = 0; i < sizeof GREGS; i++)
		((uint64_t *)&cpu->regs)[i] = (uint64_t)gregs[GREGS[i]];
}

static void store_regs(greg_t *gregs)
{
	struct cpu *const cpu = cpu_self();
	for (uint32_t i = 0; i < sizeof GREGS; i++)
		gregs[GREGS[i]] = (greg_t)((uint64_t *)&cpu->regs)[i];
}

/* A signal that is no exception of a Keep: a bug of ours, or a Keep that ran into our code. The process is done for. */
static void give_up(int signal, uint64_t rip, bool keep_thread)
{
	struct cpu *const cpu = cpu_self();
	const uint64_t one = 1;
	if (!keep_thread)
		sys(SYS_exit_group, 128 + signal, 0, 0, 0);
	cpu->inside = false;
	cpu_raise(0, 0, 0, "signal %llu at 0x%llx in the helper", (uint64_t)signal, rip);
	cpu->cause = CAUSE_HELPER_FAULT;
	cpu->lost = true;
	sys(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, (long)cpu->host_fs, 0, 0);
	sys(SYS_write, enclave.wake_fd, (long)&one, 8, 0);
	for (;;)
		sys(SYS_pause, 0, 0, 0, 0);
}

static void leave(void)
{
	cpu_aex();
	cpu_go_return(cpu_self());
}

/* The permission that an access needed, by the error code of its page fault. */
static uint32_t wanted_by(uint32_t error_code)
{
	return error_code & PF_ERROR_W ? SECINFO_W : error_code & PF_ERROR_I ? SECINFO_X : SECINFO_R;
}

/* A page fault of the Keep: the driver may add the page, the EPCM may refuse it, the mapping may not allow it. */
static void page_fault(uint64_t address, uint32_t error_code)
{
	const uint32_t kind = error_code & (PF_ERROR_W | PF_ERROR_I);
	uint32_t code = kind | PF_ERROR_U;
	if (!epc_inside(address, 1)) {
		code = error_code;
	} else {
		enclave_lock();
		struct epcm_entry *entry = epc_entry(address);
		const bool there = epc_mapped(entry) != 0 && ((entry->flags & EPCM_VALID) || driver_eaug(entry) == 0);
		if (there && (epc_allowed(entry) & wanted_by(kind)) == 0)
			code |= PF_ERROR_P | PF_ERROR_SGX;
		else if (there)
			code |= PF_ERROR_P;
		enclave_unlock();
	}
	cpu_raise(EXIT_VECTOR_PF, code, address, "address 0x%llx, error code 0x%llx", address, code);
}

/* Fills cpu.fault, and moves RIP back where Linux reports the next instruction. */
static void classify(int signal, const siginfo_t *info, const greg_t *gregs)
{
	struct cpu *const cpu = cpu_self();
	const uint32_t trap = (uint32_t)gregs[REG_TRAPNO], error_code = (uint32_t)gregs[REG_ERR];
	const uint64_t rip = cpu->regs.rip;
	cpu_raise(trap, error_code, 0, "at 0x%llx", rip, 0);
	switch (signal) {
	case SIGSYS:
		/* Syscall User Dispatch: SYSCALL (or INT 80h) is #UD inside; RCX and R11 are lost. */
		cpu->regs.rip -= 2;
		cpu->regs.rcx = cpu->regs.r11 = 0;
		cpu_raise(EXIT_VECTOR_UD, 0, 0, "at 0x%llx", rip, 0);
		break;
	case SIGILL:
		cpu->fault.vector = EXIT_VECTOR_UD;
		cpu->fault.error_code = 0;
		break;
	case SIGSEGV:
		if (info->si_code != SI_KERNEL)
			page_fault((uint64_t)info->si_addr, error_code);
		else if (trap_is_illegal_in_enclave(rip))
			cpu_raise(EXIT_VECTOR_UD, 0, 0, "at 0x%llx", rip, 0);
		break;
	case SIGBUS:
		if (info->si_code == BUS_ADRERR)
			cpu->cause = CAUSE_MEMORY_LOST;
		break;
	case SIGTRAP:
		/* INT3 is a fault inside an enclave: the saved RIP is its own. */
		if (info->si_code == SI_KERNEL) {
			cpu->regs.rip -= 1;
			cpu->fault.vector = EXIT_VECTOR_BP;
		} else {
			cpu->fault.vector = EXIT_VECTOR_DB;
		}
		break;
	default: /* SIGFPE: #DE, #MF or #XM, as the CPU said */
		break;
	}
	/* No code outside the ELRANGE can run in enclave mode. */
	if (!epc_inside(rip, 1) && signal != SIGSYS)
		cpu_raise(EXIT_VECTOR_GP, 0, 0, "execution outside the ELRANGE, at 0x%llx", rip, 0);
}

static void execute_enclu(greg_t *gregs)
{
	struct cpu *const cpu = cpu_self();
	cpu->enclu_rip = cpu->regs.rip;
	cpu->regs.rip += 3;
	switch (cpu_enclu()) {
	case CPU_STAY:
		store_regs(gregs);
		return;
	case CPU_LEFT:
		cpu_go_left(cpu);
	default:
		cpu_go_return(cpu);
	}
}

__attribute__((used)) void cpu_trap(int signal, siginfo_t *info, void *context)
{
	struct cpu *const cpu = cpu_self();
	ucontext_t *state = context;
	greg_t *gregs = state->uc_mcontext.gregs;
	const uint64_t rip = (uint64_t)gregs[REG_RIP];
	const bool keep_thread = (uint64_t)context - (uint64_t)enclave.cpus < enclave.cpu_count * (uint64_t)CPU_ARENA;
	const bool ours = rip - (uint64_t)__executable_start < (uint64_t)(etext - __executable_start);
	const bool inside = keep_thread && cpu->inside;
	if (signal == SIGNAL_STOP || signal == SIGNAL_TICK) {
		/* Between two instructions of the emulator nothing may change; it comes again. */
		if (!inside || !epc_inside(rip, 1))
			return;
		cpu->xstate = (const uint8_t *)state->uc_mcontext.fpregs;
		load_regs(gregs);
		cpu_raise(VECTOR_INTERRUPT, 0, 0, "an interrupt", 0, 0);
		cpu->stats.injected++;
		/* Both are blocked while their handler runs, or they could nest without end; it is left by a jump. */
		const uint64_t both = 1ull << (SIGNAL_STOP - 1) | 1ull << (SIGNAL_TICK - 1);
		sys(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&both, 0, sizeof both);
		leave();
	}
	if (signal == SIGTRAP && enclave.step && keep_thread && (info->si_code == TRAP_TRACE || info->si_code == SI_KERNEL)) {
		if (!inside || !epc_inside(rip, 1))
			return; /* on the way in or out */
		cpu->xstate = (const uint8_t *)state->uc_mcontext.fpregs;
		load_regs(gregs);
		if (info->si_code == TRAP_TRACE || step_breakpoint()) {
			if (step_at()) {
				cpu_raise(VECTOR_INTERRUPT, 0, 0, "a single step", 0, 0);
				cpu->stats.injected++;
				leave();
			}
			store_regs(gregs);
			return;
		}
	}
	if (signal == SIGTRAP && info->si_code == TRAP_TRACE && keep_thread && cpu->single && !(inside && epc_inside(rip, 1)))
		return; /* on the way in or out of a debugger's step */
	if (signal == SIGSYS && keep_thread && !cpu->inside) {
		/* A function of the vDSO that had to ask the kernel. */
		gregs[REG_RAX] = sys(gregs[REG_RAX], gregs[REG_RDI], gregs[REG_RSI], gregs[REG_RDX], gregs[REG_R10]);
		return;
	}
	if (!inside || ours)
		give_up(signal, rip, keep_thread);
	cpu->xstate = (const uint8_t *)state->uc_mcontext.fpregs;
	load_regs(gregs);
	if ((signal == SIGILL || signal == SIGSEGV) && trap_is_enclu(rip)) {
		execute_enclu(gregs);
		return;
	}
	if (signal == SIGILL && !enclave.fsgsbase && trap_emulate_fsgsbase()) {
		store_regs(gregs);
		return;
	}
	if (signal == SIGSEGV && info->si_code != SI_KERNEL &&
	    epc_was_late((uint64_t)info->si_addr, wanted_by((uint32_t)gregs[REG_ERR])))
		return;
	classify(signal, info, gregs);
	leave();
}
