/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border between ring 3 and ring 0. Ring 0 has interrupts off, so the only ways in from ring 3 are SYSCALL, exceptions
 * and the one vector of ours; each leaves the exec's registers at the top of the vCPU's stack (struct trap_frame).
 *
 * An exception of ring 0 ends the Keep, and trusts neither RSP nor GS for that.
 */
#include "include/vcpu.h"
#include "../core/generated/snp.h"
#include "shim_config.h"

	.text

/* struct trap_frame below its last seven words, from its end to its start. */
.macro push_registers
	pushq	%rcx
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%r9
	pushq	%r8
	pushq	%r10
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rax
.endm

.macro pop_registers
	popq	%rax
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%r10
	popq	%r8
	popq	%r9
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%rcx
.endm

/* C code finds nothing of the exec's in a register that it has not been told of. */
.macro clear_registers
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%ebp, %ebp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
.endm

/*
 * In:  as SYSCALL leaves it: RCX and R11 the exec's RIP and RFLAGS, RSP still its own. SFMASK has cleared IF, DF, TF, AC, NT.
 */
	.globl	trap_system_call
	.type	trap_system_call, @function
trap_system_call:
	swapgs
	movq	%rsp, %gs:VCPU_EXEC_RSP
	movq	%gs:VCPU_STACK, %rsp
	pushq	$SELECTOR_USER_DATA
	pushq	%gs:VCPU_EXEC_RSP
	pushq	%r11
	pushq	$SELECTOR_USER_CODE
	pushq	%rcx
	pushq	$0				# no error code
	pushq	$VECTOR_SYSCALL
	push_registers
	movl	$0, %gs:VCPU_OUTSIDE
	movq	%rsp, %rdi
	clear_registers
	pushq	$(RFLAGS_FIXED | RFLAGS_AC)
	popfq					# what the ledger lets it touch is ring 3's (SMAP)
	call	trap_handle_call		# (frame)
	jmp	.Lback
	.size	trap_system_call, . - trap_system_call

/* Each vector's gate: the error code that the CPU did not push, the vector, and on. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	vector = 0
	.rept	VECTORS
	.balign	16
	.if	(vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
	.byte	0x66, 0x90			# the CPU has pushed one
	.else
	pushq	$0
	.endif
	pushq	$vector
	.if	vector == VECTOR_VC
	jmp	trap_communication
	.else
	jmp	trap_exception
	.endif
	vector = vector + 1
	.endr
	.balign	16

/* In: the frame's last seven words are on the stack; all other registers are those of the interrupted. */
	.type	trap_exception, @function
trap_exception:
	testb	$3, 24(%rsp)			# CS: which ring was it?
	jz	.Lring0
	swapgs
	lfence					# no speculation with the other GS
.Lring3:
	cld
	push_registers
	movl	$0, %gs:VCPU_OUTSIDE
	movq	%rsp, %rdi
	clear_registers
	pushq	$(RFLAGS_FIXED | RFLAGS_AC)
	popfq
	call	trap_handle			# (frame)
.Lback:
	movq	%gs:VCPU_SELF, %rdi
	jmp	trap_return

/* Refused, with the reason and where it was; nothing of the Keep's is looked at. */
.Lring0:
	movl	(%rsp), %r9d			# the vector, for who debugs
	movq	16(%rsp), %rdx			# RIP
	leaq	shim_start(%rip), %rax
	subq	%rax, %rdx
	movl	$REASON_SHIM_FAULT, %esi
	jmp	vm_refuse
	.size	trap_exception, . - trap_exception

/*
 * #VC has a stack of its own, since the host can bring it about where RSP is not the shim's. One of ring 3 goes on where all
 * others do, on the vCPU's stack: its frame is carried over.
 */
	.type	trap_communication, @function
trap_communication:
	testb	$3, 24(%rsp)
	jz	.Lring0_communication
	swapgs
	lfence
	movq	%rax, %gs:VCPU_EXEC_RSP		# nothing else is in it outside of a system call's first steps
	movq	%rsp, %rax
	movq	%gs:VCPU_STACK, %rsp
	pushq	48(%rax)			# SS
	pushq	40(%rax)			# RSP
	pushq	32(%rax)			# RFLAGS
	pushq	24(%rax)			# CS
	pushq	16(%rax)			# RIP
	pushq	8(%rax)				# error code
	pushq	(%rax)				# vector
	movq	%gs:VCPU_EXEC_RSP, %rax
	jmp	.Lring3

/* The shim does nothing that the host could have a say in: only a page that was taken away is told apart. */
.Lring0_communication:
	cmpq	$GHCB_EXIT_NOT_VALIDATED, 8(%rsp)
	jne	.Lring0
	movq	16(%rsp), %rdx
	leaq	shim_start(%rip), %rax
	subq	%rax, %rdx
	movl	$REASON_MEMORY_LEDGER, %esi
	jmp	vm_refuse
	.size	trap_communication, . - trap_communication

/*
 * void trap_return(struct vcpu *vcpu): to ring 3, with the registers at the top of the vCPU's stack.
 *
 * In:  RDI, GS. Interrupts are off. Clobbers everything.
 */
	.globl	trap_return
	.type	trap_return, @function
trap_return:
	leaq	VCPU_TO_STACK - TRAP_FRAME_SIZE(%rdi), %rsp
	movq	%rsp, %rsi
	call	trap_leave			# (vcpu, frame): what has to be done at the last moment
	pushq	$RFLAGS_FIXED
	popfq					# AC
	pop_registers
	addq	$16, %rsp			# vector and error code
	swapgs
	lfence
	iretq
	.size	trap_return, . - trap_return

	.section .note.GNU-stack, "", @progbits
