/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps of several threads. What a thread has for itself is found by GS: its page, with its stack behind it, at 0x48000 + 0x2000
 * for each; its SSA frames at 0x50000 + 0x2000 for each, its TCS at 0x60000 + 0x1000 for each. SHARED is everybody's.
 */
	.text
base:
	.set	SHARED, base + 0x40000
	.set	LATER, base + 0x80000

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

	/* A host call; afterwards R15 is the block, and all other registers are lost. */
.macro HOSTCALL number, arg0=0, arg1=0, arg2=0, length=0
	mov	%gs:24, %r15
	movl	$1, (%r15)
	incl	4(%r15)
	movl	$\number, 8(%r15)
	movq	$\arg0, 0x10(%r15)
	movq	$\arg1, 0x18(%r15)
	movq	$\arg2, 0x20(%r15)
	movl	$\length, 0x48(%r15)
	lea	9f(%rip), %rax
	mov	%rax, %gs:32
	LEAVE	1, 0
9:	mov	%gs:24, %r15
.endm

.macro START index, result=0
	HOSTCALL 0x10004, \index
	EXPECT	\result, 0x40(%r15), 50
.endm

.macro WAKE index, result=0
	HOSTCALL 0x10005, \index
	EXPECT	\result, 0x40(%r15), 51
.endm

	/* For so long, without any descriptor; seconds -1: until it is woken. */
.macro WAIT seconds=-1, nanoseconds=0
	mov	%gs:24, %r15
	movq	$\seconds, 0x1000(%r15)
	movq	$\nanoseconds, 0x1008(%r15)
	HOSTCALL 0x10006, 0, 0, 0, 16
	EXPECT	0, 0x40(%r15), 52
.endm
