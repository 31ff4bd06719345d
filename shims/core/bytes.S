/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcpy and its kin, on memory of the Keep. The string instructions load, but nothing that they load becomes an
 * address or a branch within them; the LFENCE at the end covers what follows (docs/adr/0005).
 *
 * In:  RDI to, RSI from or value, RDX length. Out: RAX. Clobbers RCX, RDX, RSI, RDI, R8, R9, flags. DF is clear.
 */
	.text

	.globl	memcpy
	.type	memcpy, @function
memcpy:
	movq	%rdi, %rax			# the result
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq				# whole words
	movl	%edx, %ecx
	andl	$7, %ecx
	rep movsb				# and what is left
	lfence
	ret
	.size	memcpy, . - memcpy

	.globl	memmove
	.type	memmove, @function
memmove:
	movq	%rdi, %rax
	subq	%rsi, %rax			# distance, modulo 2^64
	cmpq	%rdx, %rax			# does the target start within the source?
	jae	memcpy				# no: forwards is right
	movq	%rdi, %rax
	leaq	-1(%rdi, %rdx), %rdi		# the last bytes
	leaq	-1(%rsi, %rdx), %rsi
	movq	%rdx, %rcx
	std
	rep movsb				# backwards
	cld					# as C expects it
	lfence
	ret
	.size	memmove, . - memmove

	.globl	memset
	.type	memset, @function
memset:
	movq	%rdi, %r8			# the result
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax			# the value, eight times
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep stosq
	movl	%edx, %ecx
	andl	$7, %ecx
	rep stosb
	movq	%r8, %rax
	ret
	.size	memset, . - memset

	.globl	memcmp
	.type	memcmp, @function
memcmp:
	xorl	%eax, %eax
	xorl	%ecx, %ecx			# index
1:	cmpq	%rdx, %rcx
	je	2f				# all equal
	movzbl	(%rdi, %rcx), %eax
	movzbl	(%rsi, %rcx), %r8d
	lfence
	incq	%rcx
	subl	%r8d, %eax
	jz	1b
2:	ret
	.size	memcmp, . - memcmp

	.globl	strlen
	.type	strlen, @function
strlen:
	movq	$-1, %rax
1:	incq	%rax
	movzbl	(%rdi, %rax), %ecx
	lfence
	testl	%ecx, %ecx
	jnz	1b
	ret
	.size	strlen, . - strlen

	.section .note.GNU-stack, "", @progbits
