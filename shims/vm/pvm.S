/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring 0 on a KVM in software, and the shim's way into ring 3 and out of it (include/pvm.h). An INT3 costs half of what a page fault
 * costs there, so SYSCALL leads to one, and the shim in ring 3 uses others to ask for what only ring 0 can do. Which INT3 it was, its
 * address says: pvm_call may be executed by the exec, the others are in pages that the exec's tables do not show to ring 3.
 *
 * The exec can jump to pvm_call. It has made a system call then, with what it has in RCX and R11.
 */
#include "include/vcpu.h"
#include "include/frame.h"
#include "include/pvm.h"
#include "include/registers.h"

	.section .user, "ax"
	.globl	pvm_call
pvm_call:
	int3
.Lcalled:

	.text

/* Where on the stack of ring 0 something is, seen from where RAX was pushed. */
#define IN_CALL(what) ((what) - PVM_CALL_RAX)(%rsp)
#define IN_EXCEPTION(what) ((what) - PVM_CR2)(%rsp)

/* Was it the INT3 before `after`? Then on to `to`. */
.macro at after, to
	leaq	\after(%rip), %rax
	cmpq	%rax, IN_CALL(PVM_RIP)
	je	\to
.endm

/*
 * In: the frame of INT3 at PVM_RIP; all registers are those of the interrupted. Interrupts are off.
 */
	.balign	16
	.globl	pvm_breakpoint
	.type	pvm_breakpoint, @function
pvm_breakpoint:
	pushq	%rax
	at	.Lcalled, .Lcall
	at	.Lreturned, .Lreturn
	at	.Lout, .Lhost
	at	.Lflushed, .Lflush
	at	.Lwritten, .Lwrite
	at	.Lleft, .Lhost
	popq	%rax				# the exec's own
	pushq	$0
	pushq	$3
	jmp	pvm_exception

.Lcall:
	movq	pvm_shim_root(%rip), %rax
	movq	%rax, %cr3
	swapgs
	leaq	IN_CALL(PVM_CALL_ENTRY), %rsp
	iretq					# to pvm_call_entry

.Lreturn:					# the shim's RSP: RAX, and the frame for IRET
	movq	pvm_exec_root(%rip), %rax
	movq	%rax, %cr3
	swapgs
	movq	IN_CALL(PVM_RSP), %rsp
	popq	%rax
	iretq

.Lhost:
	popq	%rax
	outl	%eax, %dx
	iretq

.Lflush:
	movq	%cr3, %rax
	movq	%rax, %cr3
	popq	%rax
	iretq

.Lwrite:
	popq	%rax
	wrmsr
	iretq
	.size	pvm_breakpoint, . - pvm_breakpoint

/*
 * Any other exception of ring 3. The shim's own end the Keep like those of ring 0, but the kick that came too late: it is on its way out
 * of ring 3 already.
 *
 * In: vector, error code and the CPU's frame on the stack; all other registers are those of the interrupted.
 */
	.globl	pvm_exception
	.type	pvm_exception, @function
pvm_exception:
	pushq	%rax
	movq	%cr3, %rax
	cmpq	pvm_shim_root(%rip), %rax
	je	.Lshim
	movq	%cr2, %rax
	pushq	%rax
	movq	pvm_shim_root(%rip), %rax
	movq	%rax, %cr3
	swapgs
	leaq	IN_EXCEPTION(PVM_EXCEPTION_ENTRY), %rsp
	iretq					# to pvm_exception_entry

.Lshim:
	popq	%rax
	cmpl	$VECTOR_SHOOTDOWN, (%rsp)
	jne	trap_fault
	addq	$16, %rsp
	iretq
	.size	pvm_exception, . - pvm_exception

/* A vCPU starts: to vm_begin, with all that it takes, in ring 3. */
	.globl	pvm_begin
	.type	pvm_begin, @function
pvm_begin:
	pushq	%rdi
	pushq	%rsi
	call	pvm_prepare			# (vcpu)
	popq	%rsi
	popq	%rdi
	movq	%rsp, %rax
	pushq	$SELECTOR_USER_DATA
	pushq	%rax
	pushq	$RFLAGS_FIXED			# no interrupts
	pushq	$SELECTOR_USER_CODE
	leaq	vm_begin(%rip), %rax
	pushq	%rax
	movq	pvm_shim_root(%rip), %rax
	movq	%rax, %cr3
	iretq
	.size	pvm_begin, . - pvm_begin

/* ---- from here on in ring 3, with the shim's tables ---- */

/*
 * In: RCX and R11 as of SYSCALL; RAX and RSP are on ring 0's stack, all other registers are the exec's. RSP is the top of the vCPU's
 * stack.
 */
	.globl	pvm_call_entry
	.type	pvm_call_entry, @function
pvm_call_entry:
	movq	%gs:PVM_CALL_RAX, %rax
	push_call_frame %gs:PVM_RSP
	take_registers
	call	pvm_handle_call			# (frame)
	jmp	trap_back
	.size	pvm_call_entry, . - pvm_call_entry

/* In: all but RAX and RSP are the exec's registers; RSP is the top of the vCPU's stack. */
	.globl	pvm_exception_entry
	.type	pvm_exception_entry, @function
pvm_exception_entry:
	movq	%gs:PVM_RAX, %rax
	pushq	%gs:PVM_SS
	pushq	%gs:PVM_RSP
	pushq	%gs:PVM_RFLAGS
	pushq	%gs:PVM_CS
	pushq	%gs:PVM_RIP
	pushq	%gs:PVM_ERROR
	pushq	%gs:PVM_VECTOR
	take_registers
	movq	%gs:PVM_CR2, %rsi
	call	trap_handle			# (frame, address)
	jmp	trap_back
	.size	pvm_exception_entry, . - pvm_exception_entry

/* To the exec. In: RSP: a struct trap_frame. Its RAX waits where the error code was, right before what IRET takes. */
	.globl	pvm_return
	.type	pvm_return, @function
pvm_return:
	movq	TRAP_FRAME_RAX(%rsp), %rax
	movq	%rax, TRAP_FRAME_ERROR(%rsp)
	pop_registers
	addq	$8, %rsp			# vector
	int3
.Lreturned:
	ud2
	.size	pvm_return, . - pvm_return

/* void pvm_out(uint32_t why): vm_out. Clobbers RAX, RDX. */
	.globl	pvm_out
	.type	pvm_out, @function
pvm_out:
	movl	%edi, %eax
	movl	$VM_MAP_PORT, %edx
	int3
.Lout:
	ret
	.size	pvm_out, . - pvm_out

/* vm_leave, in ring 3. In: RDI, RSI, R8. */
	.globl	pvm_leave
	.type	pvm_leave, @function
pvm_leave:
	movl	%edi, %eax
	movl	$VM_MAP_PORT, %edx
	int3
.Lleft:
	jmp	pvm_leave
	.size	pvm_leave, . - pvm_leave

	.globl	pvm_flush
	.type	pvm_flush, @function
pvm_flush:
	int3
.Lflushed:
	ret
	.size	pvm_flush, . - pvm_flush

/* void pvm_write_fs_base(uint64_t base). Clobbers RAX, RCX, RDX. */
	.globl	pvm_write_fs_base
	.type	pvm_write_fs_base, @function
pvm_write_fs_base:
	movl	$MSR_FS_BASE, %ecx
	movq	%rdi, %rax
	movq	%rdi, %rdx
	shrq	$32, %rdx
	int3
.Lwritten:
	ret
	.size	pvm_write_fs_base, . - pvm_write_fs_base

	.section .note.GNU-stack, "", @progbits
