/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Keeps of test/emulator have in common. Each case is a page of code: its body runs at CSSA 0, its handler at
 * CSSA 1. The memory: code 0x00000, DATA 0x40000 and the stacks after it, SSA frames 0x50000, TCS 0x60000, memory that
 * is not there yet 0x80000.
 */
	.text
base:
	.set	DATA, base + 0x40000
	.set	SSA, base + 0x50000
	.set	LATER, base + 0x80000
	.set	SSA_RIP, SSA + 0x1000 - 184 + 0x88
	.set	SSA_RAX, SSA + 0x1000 - 184
	.set	SSA_EXITINFO, SSA + 0x1000 - 184 + 0xa0
	.set	SSA_MADDR, SSA + 0x1000 - 184 - 16
	.set	SSA_ERRCD, SSA + 0x1000 - 184 - 8

	/* Where EENTER came from, to go back there; RAX and RDX are lost, and all extended state. */
.macro ENTERED
	mov	%rcx, DATA(%rip)
	mov	%rsp, DATA+8(%rip)
	mov	%rbp, DATA+16(%rip)
	mov	%rdi, DATA+24(%rip)
	cld
	mov	$7, %eax
	xor	%edx, %edx
	xrstor	xstate_init(%rip)
.endm

	/* Leaves the Keep: RDI why, RSI what. */
.macro LEAVE why, value
	mov	$\why, %edi
	mov	$\value, %esi
	jmp	leave
.endm

.macro EXIT status
	LEAVE	3, (\status << 8)
.endm

	/* Ends with `status` unless both are the same. */
.macro EXPECT value, operand, status
	cmpq	$\value, \operand
	je	1f
	EXIT	\status
1:
.endm

.macro ENCLU leaf
	mov	$\leaf, %eax
	call	enclu_call
.endm

	/* A host call with the block's address in R15: number, three arguments, bytes of the data area. */
.macro HOSTCALL number, arg0, arg1, arg2, length
	mov	DATA+24(%rip), %r15
	movl	$1, (%r15)
	incl	4(%r15)
	movl	$\number, 8(%r15)
	movq	$\arg0, 0x10(%r15)
	movq	$\arg1, 0x18(%r15)
	movq	$\arg2, 0x20(%r15)
	movl	$\length, 0x48(%r15)
	lea	9f(%rip), %rax
	mov	%rax, DATA+32(%rip)
	LEAVE	1, 0
9:	mov	DATA+24(%rip), %r15
.endm
