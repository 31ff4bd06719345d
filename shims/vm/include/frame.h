/* SPDX-License-Identifier: Apache-2.0 */
/* For assembly: how the exec's registers become a struct trap_frame, and back. */
#ifndef MOTTE_VM_FRAME_H
#define MOTTE_VM_FRAME_H

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

/* What the CPU pushes for an exception, for SYSCALL: the exec's RSP, and its RFLAGS and RIP as SYSCALL leaves them in registers. */
.macro push_call_frame rsp
	pushq	$SELECTOR_USER_DATA
	pushq	\rsp
	pushq	%r11
	pushq	$SELECTOR_USER_CODE
	pushq	%rcx
	pushq	$0				# no error code
	pushq	$VECTOR_SYSCALL
.endm

/* With a frame's last seven words pushed: the rest of it, and RDI is the frame. Nobody need interrupt the vCPU for its TLB from here on. */
.macro take_registers
	push_registers
	movl	$0, %gs:VCPU_OUTSIDE
	movq	%rsp, %rdi
	clear_registers
.endm

#endif
