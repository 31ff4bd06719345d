/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where EENTER arrives, at either CSSA (docs/adr/0004). Nothing that the host chose is used before it is replaced:
 * every stack is found from RBX, where the CPU leaves the address of the TCS.
 *
 * An exception anywhere in this file has its RIP within the shim and ends the Keep (exception.c). An interrupt may
 * arrive anywhere, and the host may then enter at CSSA 1 with no exception to show: that changes nothing and leaves.
 */
#include "include/site.h"
#include "include/thread.h"
#include "shim_config.h"

	.text

/*
 * In:  RAX CSSA, RBX TCS, RCX the host's instruction after its EENTER; FS and GS base the thread page.
 *      The host's: RSP, RBP, RDI and RSI (the host-call block and its size), RFLAGS, all else.
 * Out: never returns; leaves by keep_leave, or into hostcall_transfer's caller, or into the exec.
 */
	.globl	keep_entry
	.type	keep_entry, @function
keep_entry:
	cld					# the C code relies on it
	movq	%rsp, %r8			# the host's stack pointer: kept to be given back, never used
	movq	%rbp, %r9			# and its frame pointer
	testq	%rax, %rax			# which SSA frame is current?
	jnz	.Lexception			# one is in use: this is about an exception
	leaq	TCS_TO_STACK0(%rbx), %rsp	# our own stack, at its very top
	pushq	$2				# the scratch word: all flags clear
	popfq					# AC above all
	lfence					# no speculation with the host's registers
	movl	$THREAD_AWAITING, %eax
	movl	$THREAD_RUNNING, %edx
	lock cmpxchgl %edx, %gs:THREAD_STATE	# awaiting -> running, or leave it alone
	lfence
	je	.Lanswered			# the host's answer to a host call
	movl	$THREAD_FRESH, %eax
	lock cmpxchgl %edx, %gs:THREAD_STATE	# fresh -> running
	lfence
	je	.Lfirst
#if SHIM_THREADS
	movl	$THREAD_EXPECTED, %eax
	lock cmpxchgl %edx, %gs:THREAD_STATE	# expected -> running
	lfence
	je	.Ltask
#endif
.Lrefuse_entry:					# nobody was waiting for this
	movl	$1, %edx
	xchgl	%edx, keep_ending + ENDING_CLAIMED(%rip)
	lfence
	testl	%edx, %edx
	jnz	1f				# the Keep ends already
	movq	$REASON_ENTRY_STATE, keep_ending + ENDING_RSI(%rip)
	movq	$EXIT_WHY_REFUSED, keep_ending + ENDING_WHY(%rip)
1:	movl	$EXIT_WHY_REFUSED, %edi
	movl	$REASON_ENTRY_STATE, %esi
	xorl	%edx, %edx
	jmp	keep_leave

.Lover:						# every entry leaves as the thread did that ended the Keep
	movq	keep_ending + ENDING_WHY(%rip), %rdi
	movq	keep_ending + ENDING_RSI(%rip), %rsi
	movq	keep_ending + ENDING_RDX(%rip), %rdx
	lfence
	jmp	keep_leave

.Lanswered:
	cmpq	$0, keep_ending + ENDING_WHY(%rip)
	lfence
	jne	.Lover
	movq	%r8, %gs:THREAD_HOST_RSP	# the host may have entered from elsewhere
	movq	%r9, %gs:THREAD_HOST_RBP
	movq	%rcx, %gs:THREAD_HOST_RETURN
	xorl	%edi, %edi			# the host's registers end here
	xorl	%esi, %esi
	jmp	hostcall_answered

/* A thread's first entry: what its C function is called with. */
.macro first_entry
	cmpq	$0, keep_ending + ENDING_WHY(%rip)
	lfence
	jne	.Lover
	movq	%r8, %gs:THREAD_HOST_RSP
	movq	%r9, %gs:THREAD_HOST_RBP
	movq	%rcx, %gs:THREAD_HOST_RETURN
	leaq	TCS_TO_THREAD(%rbx), %rdx
	movq	%rdx, %gs:THREAD_SELF		# from now on the page is found by GS
	movl	$-1, %eax
	movl	$-1, %edx			# RFBM: XCR0 is XFRM here
	xrstor	xstate_init(%rip)		# all extended state as after reset
	movq	%gs:THREAD_SELF, %rax
	lfence
	leaq	THREAD_TO_FRAME(%rax), %rsp	# 16-byte aligned, below the frame that a task starts with
	xorl	%ebp, %ebp			# the outermost frame
	movq	%rsi, %rdx			# size of the block, by the host
	movq	%rdi, %rsi			# address of the block, by the host
	movq	%rax, %rdi
.endm

.Lfirst:
	first_entry
	call	boot_first_entry		# (thread, block, size); does not return
	ud2

#if SHIM_THREADS
.Ltask:
	first_entry
	call	boot_task			# (thread, block, size); does not return
	ud2
#endif

/*
 * At CSSA 1 the handler runs to its end or not at all: NSSA is 2, so it cannot be entered anew while it runs, and
 * stack 1 is free whenever this is reached.
 */
.Lexception:
	leaq	TCS_TO_STACK1(%rbx), %rsp
	pushq	$2
	popfq					# as above
	lfence
	testl	$EXITINFO_VALID, TCS_TO_FRAME + FRAME_GPRSGX + OFF_GPRSGX_EXITINFO(%rbx)
	lfence
	jz	.Lignore			# no exception: an interrupt, or one that was dealt with already
	movl	$1, %eax
	xchgl	%eax, %gs:THREAD_IN_EXCEPTION	# mark it, atomically
	lfence
	testl	%eax, %eax
	jnz	.Lrefuse_entry			# cannot be: the handler never leaves without clearing it
	movl	$-1, %eax
	movl	$-1, %edx
	xrstor	xstate_init(%rip)
	movq	%r8, %gs:THREAD_HOST_RSP	# if the handler ends the Keep, it leaves this entry's way
	movq	%r9, %gs:THREAD_HOST_RBP
	movq	%rcx, %gs:THREAD_HOST_RETURN
	leaq	TCS_TO_STACK1(%rbx), %rsp
	subq	$STACK_SCRATCH, %rsp		# room for struct leaving {rsi, rdx}; 16-byte aligned
	xorl	%ebp, %ebp
	leaq	TCS_TO_FRAME(%rbx), %rdi	# the frame that the CPU filled
	movq	%rsp, %rsi
	call	exception_handle		# (frame, &leaving) -> why
	movl	%eax, %edi
	popq	%rsi
	popq	%rdx
	movl	$0, %gs:THREAD_IN_EXCEPTION
	jmp	sgx_end

.Lignore:
	movl	$EXIT_WHY_IGNORED, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	jmp	keep_leave
	.size	keep_entry, . - keep_entry

/*
 * Leaves the Keep (SECURITY.md, rule 7): whatever is not the contract's is zero, extended state included.
 *
 * In:  RDI why, RSI and RDX what goes with it, RCX where to go, R8 and R9 the host's RSP and RBP; RSP on a stack of
 *      ours. Out: EEXIT. Clobbers everything.
 */
	.globl	keep_leave
	.type	keep_leave, @function
keep_leave:
	movq	%rcx, %rbx			# EEXIT's target
	movq	%r9, %rbp
	movq	%rdx, %r10			# xrstor needs RDX
	movl	$-1, %eax
	movl	$-1, %edx
	xrstor	xstate_init(%rip)		# x87, SSE, AVX and what else XFRM has
	movq	%r10, %rdx
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	movl	$0, %ecx			# EEXIT loads it with the AEP
	pushq	$2
	popfq					# no arithmetic flag tells anything either
	lfence
	movq	%r8, %rsp			# the host's stack from here on: not touched again
	movl	$0, %r8d			# mov leaves the flags alone
	movl	$ENCLU_EEXIT, %eax
	enclu_site
	ud2
	.size	keep_leave, . - keep_leave

/* An XSAVE image with nothing in it: XRSTOR sets each component to its initial state, and MXCSR from here. */
	.section .rodata, "a"
	.balign	64
	.globl	xstate_init
xstate_init:
	.word	FPU_INIT_FCW
	.fill	OFF_XSAVE_LEGACY_MXCSR - 2, 1, 0
	.long	FPU_INIT_MXCSR
	.fill	SIZEOF_XSAVE_LEGACY + SIZEOF_XSAVE_HEADER - OFF_XSAVE_LEGACY_MXCSR - 4, 1, 0

	.section .note.GNU-stack, "", @progbits
