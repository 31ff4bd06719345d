/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls at CSSA 0: out by EEXIT, back by EENTER (docs/sgx-keep.md). The exec's FS base belongs to the shim's
 * record (arch_prctl), since EENTER overwrites the register.
 */
#include "include/site.h"
#include "include/thread.h"

	.text

/*
 * void hostcall_transfer(struct hostcall *call): returns when the host has entered again.
 *
 * In:  the block is filled. Stack: stack 0. Clobbers what a C function may.
 */
	.globl	hostcall_transfer
	.type	hostcall_transfer, @function
hostcall_transfer:
	pushq	%rbx				# C's callee-saved registers
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cmpq	$0, %gs:THREAD_TRAPPED		# did the exec come by `syscall`?
	lfence
	je	1f				# no: it does not expect its vector registers back
	movl	$XSAVE_COMPONENTS, %eax
	xorl	%edx, %edx
	movq	%gs:THREAD_SELF, %rcx
	lfence
	xsave64	THREAD_XSAVE(%rcx)		# leaving clears them
1:	movq	%rsp, %gs:THREAD_SHIM_RSP
	movq	%gs:THREAD_HOST_RSP, %r8
	movq	%gs:THREAD_HOST_RBP, %r9
	movq	%gs:THREAD_HOST_RETURN, %rcx
	lfence
	movl	$THREAD_AWAITING, %eax
	xchgl	%eax, %gs:THREAD_STATE		# from here on an entry at CSSA 0 is the answer
	movl	$EXIT_WHY_HOSTCALL, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	jmp	keep_leave
	.size	hostcall_transfer, . - hostcall_transfer

/*
 * In:  from keep_entry: the thread is running again, FS base is the thread page. Out: hostcall_transfer's caller.
 * Stack: stack 0, where hostcall_transfer left it. Clobbers RAX, RCX, RDX, flags.
 */
	.globl	hostcall_answered
	.type	hostcall_answered, @function
hostcall_answered:
	movl	$-1, %eax
	movl	$-1, %edx
	xrstor	xstate_init(%rip)		# nothing of the host's extended state stays
	cmpq	$0, %gs:THREAD_TRAPPED
	lfence
	je	1f
	movl	$XSAVE_COMPONENTS, %eax
	xorl	%edx, %edx
	movq	%gs:THREAD_SELF, %rcx
	lfence
	xrstor64 THREAD_XSAVE(%rcx)		# the exec's, saved above within the Keep
1:	movq	%gs:THREAD_EXEC_FS, %rax
	lfence
	wrfsbase_rax_site
	movq	%gs:THREAD_SHIM_RSP, %rsp
	lfence
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size	hostcall_answered, . - hostcall_answered

/*
 * void platform_set_fs(uint64_t base): the exec's FS base, now and after every host call.
 *
 * In:  RDI, GS. Stack: the caller's. Clobbers RAX.
 */
	.globl	platform_set_fs
	.type	platform_set_fs, @function
platform_set_fs:
	movq	%rdi, %gs:THREAD_EXEC_FS
	movq	%rdi, %rax
	wrfsbase_rax_site
	nop					# right behind bytes the assembler fences no return
	ret
	.size	platform_set_fs, . - platform_set_fs

/*
 * void sgx_save_state(void *image): the application's x87 and vector registers, which C code here leaves alone. The image's
 * reserved bytes are zero already.
 *
 * In:  RDI. Stack: none. Clobbers RAX, RDX.
 */
	.globl	sgx_save_state
	.type	sgx_save_state, @function
sgx_save_state:
	movl	$XSAVE_COMPONENTS, %eax
	xorl	%edx, %edx
	xsave64	(%rdi)
	ret
	.size	sgx_save_state, . - sgx_save_state

/*
 * void sgx_end(uint32_t why, uint64_t rsi, uint64_t rdx): leaves the way that the host last entered, and does not
 * come back: the thread's state stays, so that no entry finds anybody waiting.
 *
 * In:  RDI, RSI, RDX as keep_leave wants them, GS. Stack: either of ours. Clobbers everything.
 */
	.globl	sgx_end
	.type	sgx_end, @function
sgx_end:
	movq	%gs:THREAD_HOST_RSP, %r8
	movq	%gs:THREAD_HOST_RBP, %r9
	movq	%gs:THREAD_HOST_RETURN, %rcx
	lfence
	jmp	keep_leave
	.size	sgx_end, . - sgx_end

/*
 * uint64_t sgx_enclu(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx): EREPORT, EACCEPT, EMODPE. Returns
 * RAX: the error code of EACCEPT; the leaf itself for the others, which fault where they fail.
 *
 * In:  RDI, RSI, RDX, RCX as of C. Stack: the caller's, 8 bytes. Clobbers RAX, RCX, RDX, flags.
 */
	.globl	sgx_enclu
	.type	sgx_enclu, @function
sgx_enclu:
	pushq	%rbx
	movq	%rdi, %rax
	movq	%rsi, %rbx
	xchgq	%rcx, %rdx			# C's third and fourth argument are RDX and RCX
	enclu_site
	popq	%rbx
	ret
	.size	sgx_enclu, . - sgx_enclu

	.section .note.GNU-stack, "", @progbits
