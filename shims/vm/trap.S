/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border between ring 3 and ring 0. Ring 0 has interrupts off, so the only ways in from ring 3 are SYSCALL, exceptions
 * and the one vector of ours; each leaves the exec's registers at the top of the vCPU's stack (struct trap_frame).
 *
 * An exception of ring 0 ends the Keep, and trusts neither RSP nor GS for that. A host can bring one about at any instruction,
 * also where RSP is still the exec's, who may have made it point anywhere: so every gate has the CPU begin at the top of the vCPU's
 * stack (IST), and of what was interrupted in ring 0 nothing is needed any more but its frame.
 */
#include "include/vcpu.h"
#include "include/frame.h"
#include "../core/generated/snp.h"
#include "shim_config.h"

	.text

/* R9 is where the frame of an exception in ring 0 is; 0 outside of debug Keeps. */
.macro said_by_debug_shims
#ifdef SHIM_HAS_DEBUG
	movq	%rsp, %r9
#else
	xorl	%r9d, %r9d
#endif
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
	push_call_frame %gs:VCPU_EXEC_RSP
	take_registers
	pushq	$(RFLAGS_FIXED | RFLAGS_AC)
	popfq					# what the ledger lets it touch is ring 3's (SMAP)
	call	trap_handle_call		# (frame)
	jmp	trap_back
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
	jmp	trap_exception
	vector = vector + 1
	.endr
	.balign	16

/*
 * In: the frame's last seven words are on the stack; all other registers are those of the interrupted.
 *
 * Who injects an exception says whether an error code comes with it (AMD 24593, 15.20: EVENTINJ.EV). If that is not so as it is for
 * the vector, all is a word off, CS and what the exec would go on with; the top is aligned, so seven words end at an odd one.
 */
	.type	trap_exception, @function
trap_exception:
	testb	$8, %spl
	jz	.Lmisplaced
	testb	$3, 24(%rsp)			# CS: which ring was it?
	jz	trap_fault
	cmpl	$0, pvm_host(%rip)
	jne	pvm_exception
	swapgs
	lfence					# no speculation with the other GS
	cld
	take_registers
	movq	%cr2, %rsi
	pushq	$(RFLAGS_FIXED | RFLAGS_AC)
	popfq
	call	trap_handle			# (frame, address)
	.globl	trap_back
trap_back:
	movq	%gs:VCPU_SELF, %rdi
	jmp	trap_return

/*
 * Refused, with the reason and where it was; nothing of the Keep's is looked at. The shim does nothing that the host could have a say
 * in, so #VC is one like the others: only a page that was taken away is told apart.
 */
	.globl	trap_fault
trap_fault:
	said_by_debug_shims
	movl	$REASON_SHIM_FAULT, %esi
	cmpl	$VECTOR_VC, (%rsp)
	jne	1f
	cmpq	$GHCB_EXIT_NOT_VALIDATED, 8(%rsp)
	jne	1f
	movl	$REASON_MEMORY_LEDGER, %esi
1:	movq	16(%rsp), %rdx			# RIP
	leaq	shim_start(%rip), %rax
	leaq	shim_end(%rip), %rcx
	subq	%rax, %rcx
	subq	%rax, %rdx
	cmpq	%rcx, %rdx
	jb	vm_refuse
	xorl	%edx, %edx			# not the shim's: where it is, is nobody's business
	jmp	vm_refuse

.Lmisplaced:
	xorl	%r9d, %r9d			# there is no frame to tell of
	movl	$REASON_EXCEPTION, %esi
	xorl	%edx, %edx
	jmp	vm_refuse
	.size	trap_exception, . - trap_exception

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
	cmpl	$0, pvm_host(%rip)
	jne	pvm_return
	pushq	$RFLAGS_FIXED
	popfq					# AC
	pop_registers
	addq	$16, %rsp			# vector and error code
	swapgs
	lfence
	iretq
	.size	trap_return, . - trap_return

	.section .note.GNU-stack, "", @progbits
