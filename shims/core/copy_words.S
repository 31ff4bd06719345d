/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void copy_words(void *to, const void *from, uint64_t words): the only instructions of the shim that touch host
 * memory. One aligned 8-byte access a word (INTEL-SA-00657, INTEL-SA-00615): a string instruction may split or
 * widen its accesses.
 *
 * In:  RDI to, RSI from, RDX words. Clobbers RAX, RCX. What is loaded is only stored; the LFENCE covers its later use.
 */
	.text
	.globl	copy_words
	.type	copy_words, @function
copy_words:
	xorl	%ecx, %ecx
	lfence					# the range was checked: no copy before that is known
1:	cmpq	%rdx, %rcx
	jae	2f
	movq	(%rsi, %rcx, 8), %rax
	movq	%rax, (%rdi, %rcx, 8)
	incq	%rcx
	jmp	1b
2:	lfence
	xorl	%eax, %eax			# no word of the host stays in a register
	ret
	.size	copy_words, . - copy_words

	.section .note.GNU-stack, "", @progbits
