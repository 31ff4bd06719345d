/* SPDX-License-Identifier: Apache-2.0 */
/* The logical processor: its state, how it switches between the host's and the Keep's segment bases. */
#include <asm/prctl.h>
#include <cpuid.h>
#include <stddef.h>
#include <sys/syscall.h>
#include "cpu.h"

struct enclave enclave;

_Static_assert(offsetof(struct cpu, regs) == CPU_RAX, "entry.S");
_Static_assert(offsetof(struct cpu, regs.rdi) == CPU_RDI, "entry.S");
_Static_assert(offsetof(struct cpu, regs.r15) == CPU_R15, "entry.S");
_Static_assert(offsetof(struct cpu, regs.rip) == CPU_RIP, "entry.S");
_Static_assert(offsetof(struct cpu, frame) == CPU_FRAME, "entry.S");
_Static_assert(offsetof(struct cpu, stack) == CPU_STACK, "entry.S");
_Static_assert(offsetof(struct cpu, fsbase) == CPU_FSBASE, "entry.S");
_Static_assert(offsetof(struct cpu, set_fs) == CPU_SET_FS, "entry.S");
_Static_assert(offsetof(struct cpu, ursp) == CPU_URSP, "entry.S");
_Static_assert(offsetof(struct cpu, urbp) == CPU_URBP, "entry.S");
_Static_assert(offsetof(struct cpu, image) == CPU_IMAGE, "entry.S");
_Static_assert(offsetof(struct gprsgx, rip) == offsetof(struct regs, rip), "GPRSGX starts with struct regs");

_Static_assert(offsetof(struct cpu, back) == CPU_BACK, "entry.S");
_Static_assert(offsetof(struct cpu, slot) == CPU_SLOT, "entry.S");
_Static_assert(offsetof(struct slot, rax) == SLOT_RAX && offsetof(struct slot, cpu) == SLOT_CPU, "entry.S");
_Static_assert(sizeof(struct cpu) < CPU_TRAP_STACK, "the arena");

/* Once: the components of the extended state. */
void cpu_features(void)
{
	uint32_t eax, ebx, ecx, edx;
	__asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	enclave.xcr0 = (uint64_t)edx << 32 | eax;
	for (uint32_t i = 2; i < 63; i++) {
		if ((enclave.xcr0 >> i & 1) == 0)
			continue;
		__cpuid_count(0xd, i, eax, ebx, ecx, edx);
		enclave.component[i].offset = ebx;
		enclave.component[i].size = eax;
	}
}

/* Once on each thread that will enter the Keep: the segment bases of the host. */
void cpu_start(void)
{
	struct cpu *const cpu = cpu_self();
	sys(SYS_arch_prctl, ARCH_GET_FS, (long)&cpu->host_fs, 0, 0);
	sys(SYS_arch_prctl, ARCH_GET_GS, (long)&cpu->host_gs, 0, 0);
	cpu->set_fs = cpu->host_fs;
	cpu->set_gs = cpu->host_gs;
}

/*
 * Held for the length of a leaf or of a request to the driver. Nobody is interrupted by the Keep meanwhile, as signals between
 * instructions of the emulator do nothing. When the Keep must end, nobody waits any more.
 */
void enclave_lock(void)
{
	for (uint32_t spins = 0; __atomic_exchange_n(&enclave.locked, 1, __ATOMIC_ACQUIRE) != 0 && !enclave.stop; spins++) {
		if (spins % 64 == 63)
			sys(SYS_sched_yield, 0, 0, 0, 0);
		else
			__asm__ volatile("pause");
	}
}

void enclave_unlock(void)
{
	__atomic_store_n(&enclave.locked, 0, __ATOMIC_RELEASE);
}

/* Notes an exception and returns -1. */
int cpu_raise(uint32_t vector, uint32_t error_code, uint64_t address, const char *why, uint64_t found,
	      uint64_t expected)
{
	struct cpu *const cpu = cpu_self();
	cpu->fault = (struct fault){vector, error_code, address, why, found, expected};
	return -1;
}

/* Each change is a system call of microseconds where a hypervisor intercepts it, so none is made that changes nothing. */
static void set_base(uint64_t *now, long request, uint64_t base)
{
	if (base != *now)
		sys(SYS_arch_prctl, request, (long)base, 0, 0);
	*now = base;
}

/*
 * The Keep's bases, last of all before its code runs. After EENTER the code is the shim's, which addresses its own
 * memory by GS and sets FS before the exec goes on; where its RDFSBASE and WRFSBASE are patched, so that they see
 * cpu->fsbase, FS itself may stay what it was, as nobody can tell.
 */
void cpu_inside(void)
{
	struct cpu *const cpu = cpu_self();
	const bool fresh = cpu->image == NULL; /* EENTER loads no image but strict's poison */
	const uint64_t gs = cpu->gsbase - (uint64_t)enclave.base;
	epc_show();
	if (enclave.window != 0 && gs < enclave.window_size) {
		cpu->slot = (struct slot *)(cpu->gsbase + (uint64_t)enclave.window);
		cpu->slot->cpu = cpu;
	}
	set_base(&cpu->set_gs, ARCH_SET_GS, cpu->gsbase);
	if (!fresh || !enclave.lazy_fs)
		set_base(&cpu->set_fs, ARCH_SET_FS, cpu->fsbase);
	cpu->inside = true;
}

/*
 * First of all after the Keep's code ran for this time. The bases stay the Keep's: the emulator and the service of host
 * calls use neither, and the Keep may be entered again at once. cpu_host() is for code that is libc's.
 */
void cpu_outside(void)
{
	struct cpu *const cpu = cpu_self();
	cpu->inside = false;
	cpu->exits++;
	if (enclave.fsgsbase) {
		__asm__ volatile("rdfsbase %0" : "=r"(cpu->fsbase));
		__asm__ volatile("rdgsbase %0" : "=r"(cpu->gsbase));
		cpu->set_fs = cpu->fsbase;
		cpu->set_gs = cpu->gsbase;
	}
	epc_hide();
}

/* The host's FS base, before anything on the Keep's thread that has thread-local storage: errno, printf, read(). */
void cpu_host(void)
{
	struct cpu *const cpu = cpu_self();
	set_base(&cpu->set_fs, ARCH_SET_FS, cpu->host_fs);
}
