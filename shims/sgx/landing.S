/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the exec's system calls reach the dispatcher, at CSSA 0 and on stack 0:
 *
 *   landing_trapped  after its `syscall` faulted, by way of exception.c, with the registers that SYSCALL leaves;
 *   landing_direct   by a `call` of the address in the auxiliary vector.
 *
 * Both return by way of landing_signal when a signal is due: exception.c delivers it, where all registers are at hand.
 *
 * GS is the shim's: arch_prctl(ARCH_SET_GS) is refused, so it still points to the thread page here.
 */
#include "include/site.h"
#include "include/thread.h"
#include "shim_config.h"

	.text

/* struct landing_frame (thread.h) below its last two words, which ends with struct syscall_frame: from its end to its start. */
.macro push_frame
	subq	$8, %rsp			# 16-byte aligned at the call
	pushq	%rbx				# what C keeps for us, but clone() copies
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%r9				# argument 5
	pushq	%r8
	pushq	%r10				# argument 3: RCX is not free in a system call
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rax				# number
.endm

/* Its registers but for RAX; RSP is then at the last two words, flags and RIP. */
.macro pop_frame
	addq	$8, %rsp			# the number
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
	addq	$8, %rsp
.endm

/*
 * What the exec is left with after the call, for a shim that tells of calls (core/debug.c). RCX: where it goes on.
 * \above: bytes of its stack that will be gone by then.
 */
.macro keep_caller above
#ifdef SHIM_HAS_DEBUG
	movq	%rcx, %gs:THREAD_CALLER
	leaq	\above(%rsp), %rcx
	movq	%rcx, %gs:THREAD_CALLER + 0x08
	movq	%rbx, %gs:THREAD_CALLER + 0x10
	movq	%rbp, %gs:THREAD_CALLER + 0x18
	movq	%r12, %gs:THREAD_CALLER + 0x20
	movq	%r13, %gs:THREAD_CALLER + 0x28
	movq	%r14, %gs:THREAD_CALLER + 0x30
	movq	%r15, %gs:THREAD_CALLER + 0x38
	movq	%gs:THREAD_CALLER, %rcx
	lfence
#endif
.endm

/*
 * In:  RCX where the exec goes on, R11 its flags, RAX the number, RDI RSI RDX R10 R8 R9 the arguments; RSP and all
 *      else the exec's. RFLAGS: DF and AC clear (exception.c).
 * Out: to RCX, with RAX the result, everything else unchanged. Stack: stack 0, from its top.
 */
	.globl	landing_trapped
	.type	landing_trapped, @function
landing_trapped:
	keep_caller 0
	movq	%rsp, %gs:THREAD_EXEC_RSP
	movq	%gs:THREAD_SELF, %rsp
	lfence
	leaq	THREAD_TO_STACK0(%rsp), %rsp
	movq	$1, %gs:THREAD_TRAPPED		# host calls keep the vector registers
	pushq	%rcx
	pushq	%r11
	push_frame
	movq	%rax, %rcx
	movq	%rsp, %r8
	call	syscall_dispatch		# (argument 0, 1, 2, number, frame) -> result
.Lreturn:
	pop_frame
	movq	(%rsp), %r11
	movq	8(%rsp), %rcx
	cmpq	$0, %gs:THREAD_SIGNAL_DUE
	lfence
	jne	1f
	popfq					# the exec's flags, from R11's place
	movq	%gs:THREAD_EXEC_RSP, %rsp
	lfence					# ADR 0005: the one indirect jump of the shim's own
	jmp	*%rcx
1:	popfq
	movq	%gs:THREAD_EXEC_RSP, %rsp
	lfence
	/* Falls through. */
/*
 * In:  RCX where the exec goes on; RSP, RAX and all else the exec's, RFLAGS too. Out: an exception, after which RIP is
 * RCX or a handler. Stack: none.
 */
	.globl	landing_signal
landing_signal:
	ud2
	.size	landing_trapped, . - landing_trapped

#if SHIM_THREADS
/*
 * void landing_task(void): a task's first instruction, as platform_thread_copy() has it in this thread's page and on its
 * stack 0. The registers are those of the task that called clone(), but for RAX, RSP and the FS base.
 *
 * In:  GS. Out: to the frame's RIP. Stack: stack 0, from its top. Clobbers everything.
 */
	.globl	landing_task
	.type	landing_task, @function
landing_task:
	movq	%gs:THREAD_SELF, %rcx
	lfence
	leaq	THREAD_TO_FRAME(%rcx), %rsp
	movl	$XSAVE_COMPONENTS, %eax
	xorl	%edx, %edx
	xrstor64 THREAD_XSAVE(%rcx)
	movq	%gs:THREAD_EXEC_FS, %rax
	lfence
	wrfsbase_rax_site
	xorl	%eax, %eax			# clone()'s result in the new task
	jmp	.Lreturn
	.size	landing_task, . - landing_task
#endif

/*
 * In:  as a function call with the system call's registers: RAX the number, RDI RSI RDX R10 R8 R9 the arguments.
 * Out: RAX the result; caller-saved registers are clobbered. Stack: stack 0, from its top.
 */
	.globl	landing_direct
	.type	landing_direct, @function
landing_direct:
#ifdef SHIM_HAS_DEBUG
	movq	(%rsp), %rcx			# a call clobbers it anyway
	lfence
#endif
	keep_caller 8
	movq	%rsp, %gs:THREAD_EXEC_RSP
	movq	%gs:THREAD_SELF, %rsp
	lfence
	leaq	THREAD_TO_STACK0 - 16(%rsp), %rsp	# flags and RIP are not known here
	movq	$0, %gs:THREAD_TRAPPED
	push_frame
	movq	%rax, %rcx
	movq	%rsp, %r8
	pushq	$2
	popfq					# AC, whatever the caller did
	cld					# and DF, of which nobody has to wait for a load
	call	syscall_dispatch
	cmpq	$0, %gs:THREAD_SIGNAL_DUE
	movq	%gs:THREAD_EXEC_RSP, %rcx
	lfence					# for both
	jne	1f
	movq	%rcx, %rsp
	ret
1:	pop_frame				# the arguments too: the call may be made again
	movq	%gs:THREAD_EXEC_RSP, %rsp
	lfence
	popq	%rcx				# as `ret` would, but to be gone to from there
	lfence
	jmp	landing_signal
	.size	landing_direct, . - landing_direct

/*
 * void landing_start(uint64_t entry, uint64_t stack): the exec's first instruction. RDX is zero (no function to
 * register with atexit), as are all other registers.
 *
 * In:  RDI, RSI. Stack: the exec's, 16 bytes below what it is given. Clobbers everything.
 */
	.globl	landing_start
	.type	landing_start, @function
landing_start:
	movl	$-1, %eax
	movl	$-1, %edx
	xrstor	xstate_init(%rip)		# of a program before it, nothing is left
	movq	%rsi, %rsp
	pushq	%rdi				# below its stack: overwritten by its first push
	pushq	$2
	popfq
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	ret
	.size	landing_start, . - landing_start

	.section .note.GNU-stack, "", @progbits
