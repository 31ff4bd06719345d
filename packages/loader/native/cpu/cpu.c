/* SPDX-License-Identifier: Apache-2.0 */
/* The logical processor: its state, how it switches between the host's and the Keep's segment bases. */
#include <asm/prctl.h>
#include <cpuid.h>
#include <stddef.h>
#include <sys/syscall.h>
#include "cpu.h"

struct cpu cpu;

_Static_assert(offsetof(struct cpu, regs) == CPU_RAX, "entry.S");
_Static_assert(offsetof(struct cpu, regs.rdi) == CPU_RDI, "entry.S");
_Static_assert(offsetof(struct cpu, regs.r15) == CPU_R15, "entry.S");
_Static_assert(offsetof(struct cpu, regs.rip) == CPU_RIP, "entry.S");
_Static_assert(offsetof(struct cpu, frame) == CPU_FRAME, "entry.S");
_Static_assert(offsetof(struct cpu, stack) == CPU_STACK, "entry.S");
_Static_assert(offsetof(struct cpu, fsbase) == CPU_FSBASE, "entry.S");
_Static_assert(offsetof(struct cpu, ursp) == CPU_URSP, "entry.S");
_Static_assert(offsetof(struct cpu, urbp) == CPU_URBP, "entry.S");
_Static_assert(offsetof(struct cpu, image) == CPU_IMAGE, "entry.S");
_Static_assert(offsetof(struct gprsgx, rip) == offsetof(struct regs, rip), "GPRSGX starts with struct regs");

/* Once, on the thread that will enter the Keep: segment bases of the host, components of the extended state. */
void cpu_start(void)
{
	uint32_t eax, ebx, ecx, edx;
	sys(SYS_arch_prctl, ARCH_GET_FS, (long)&cpu.host_fs, 0, 0);
	sys(SYS_arch_prctl, ARCH_GET_GS, (long)&cpu.host_gs, 0, 0);
	cpu.set_gs = cpu.host_gs;
	__asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	cpu.xcr0 = (uint64_t)edx << 32 | eax;
	for (uint32_t i = 2; i < 63; i++) {
		if ((cpu.xcr0 >> i & 1) == 0)
			continue;
		__cpuid_count(0xd, i, eax, ebx, ecx, edx);
		cpu.component[i].offset = ebx;
		cpu.component[i].size = eax;
	}
}

/* Notes an exception and returns -1. */
int cpu_raise(uint32_t vector, uint32_t error_code, uint64_t address, const char *why, uint64_t found,
	      uint64_t expected)
{
	cpu.fault = (struct fault){vector, error_code, address, why, found, expected};
	return -1;
}

static void set_gs(uint64_t base)
{
	if (base != cpu.set_gs)
		sys(SYS_arch_prctl, ARCH_SET_GS, (long)base, 0, 0);
	cpu.set_gs = base;
}

/* The Keep's bases, last of all before its code runs. */
void cpu_inside(void)
{
	epc_show();
	set_gs(cpu.gsbase);
	sys(SYS_arch_prctl, ARCH_SET_FS, (long)cpu.fsbase, 0, 0);
	cpu.inside = true;
}

/*
 * The host's FS base, first of all after the Keep's code ran for this time. GS is left alone, because nothing in
 * this process uses it and each change is a system call; it is set again at the next entry if it must change.
 */
void cpu_outside(void)
{
	cpu.inside = false;
	if (cpu.fsgsbase) {
		__asm__ volatile("rdfsbase %0" : "=r"(cpu.fsbase));
		__asm__ volatile("rdgsbase %0" : "=r"(cpu.gsbase));
		cpu.set_gs = cpu.gsbase;
	}
	sys(SYS_arch_prctl, ARCH_SET_FS, (long)cpu.host_fs, 0, 0);
	epc_hide();
}
