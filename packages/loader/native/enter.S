/* SPDX-License-Identifier: Apache-2.0 */
/*
 * int enter_keep(enter, struct exit_registers *, struct sgx_enclave_run *, function): the vDSO's function, or its twin,
 * from C. It keeps what that function does not: R12 to R15, MXCSR and the x87 control word, and RDI, RSI, RDX as EEXIT
 * left them.
 */
	.text
	.globl	enter_keep
	.type	enter_keep, @function
enter_keep:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rsi				# where the registers come from and go to
	sub	$16, %rsp
	stmxcsr	(%rsp)
	fnstcw	8(%rsp)
	push	%rdx				# run, the seventh argument; the stack is aligned now
	mov	%rdi, %rax
	mov	(%rsi), %rdi
	mov	16(%rsi), %rdx
	mov	8(%rsi), %rsi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	call	*%rax
	add	$8, %rsp
	fninit
	fldcw	8(%rsp)
	ldmxcsr	(%rsp)
	add	$16, %rsp
	pop	%rcx
	mov	%rdi, (%rcx)
	mov	%rsi, 8(%rcx)
	mov	%rdx, 16(%rcx)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
