/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KVM in software ("PVM") runs ring 3 natively and interprets ring 0, a third of a microsecond an instruction and more. There the
 * shim is in ring 3 too, in page tables that show it all of the Keep, and ring 0 is the few instructions of pvm.S that switch
 * between these and the exec's (ADR 0029). In mode KVM alone, and only when the host has said what it is.
 */
#ifndef MOTTE_VM_PVM_H
#define MOTTE_VM_PVM_H

#include "vcpu.h"

/*
 * Ring 0 begins at the end of the page that has a vCPU's GDT and TSS. From the vCPU page, what it leaves there for the shim:
 * of INT3 in pvm_call, and of an exception.
 */
#define PVM_TOP (VCPU_TO_SYSTEM + PAGE_SIZE)
#define PVM_SS (PVM_TOP - 0x08)
#define PVM_RSP (PVM_TOP - 0x10)
#define PVM_RFLAGS (PVM_TOP - 0x18)
#define PVM_CS (PVM_TOP - 0x20)
#define PVM_RIP (PVM_TOP - 0x28)
#define PVM_CALL_RAX (PVM_TOP - 0x30)
#define PVM_ERROR (PVM_TOP - 0x30)
#define PVM_VECTOR (PVM_TOP - 0x38)
#define PVM_RAX (PVM_TOP - 0x40)
#define PVM_CR2 (PVM_TOP - 0x48)

/* What IRET takes to go on in the shim, for both. */
#define PVM_CALL_ENTRY (PVM_TOP - 0x180)
#define PVM_EXCEPTION_ENTRY (PVM_TOP - 0x140)

#ifndef __ASSEMBLER__
#include "vm_keep.h"

/* On such a host its word (HOST_PVM, HOST_XSAVE), else 0. entry.S sets it before anything else looks at it. */
extern uint32_t pvm_host;

/* CR3 for the shim and for the exec. */
extern uint64_t pvm_shim_root, pvm_exec_root;

/* In ring 0, by each vCPU that starts: its tables, and what brings it into ring 3. */
void pvm_prepare(struct vcpu *vcpu);

/* A system call, as pvm.S has taken it. */
void pvm_handle_call(struct trap_frame *frame);

/* ---- pvm.S ---- */
extern const uint8_t pvm_breakpoint[];        /* the gate of INT3 */
extern const uint8_t pvm_call[];              /* where SYSCALL goes: an INT3 in the page that ring 3 can execute */
extern const uint8_t pvm_call_entry[], pvm_exception_entry[];
void pvm_flush(void);                         /* this vCPU's TLB, as the shim has it; the exec's is flushed on the way there */
void pvm_write_fs_base(uint64_t base);

static inline void write_fs_base(uint64_t base)
{
	if (pvm_host)
		pvm_write_fs_base(base);
	else
		write_msr(MSR_FS_BASE, base);
}
#endif

#endif
