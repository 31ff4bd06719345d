/* SPDX-License-Identifier: Apache-2.0 */
	/* After the cases: what they call. Sites at 0x3f100 and 0x3f200; those of the FS base, 0x3f300 and 0x3f310, nobody calls. */
	.org	0x3f000
leave:
	mov	$7, %eax
	xor	%edx, %edx
	xrstor	xstate_init(%rip)
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	pushq	$2
	popfq
	mov	%gs:0, %rbx
	mov	%gs:8, %rsp
	mov	%gs:16, %rbp
	mov	$4, %eax
	jmp	leave_site
	.org	0x3f100
leave_site:
	.byte	0x0f, 0x01, 0xd7, 0x66, 0x90
	ud2
	.org	0x3f200
enclu_call:
	.byte	0x0f, 0x01, 0xd7, 0x66, 0x90
	ret
	.org	0x3f300
	.byte	0xf3, 0x48, 0x0f, 0xae, 0xd0
	.org	0x3f310
	.byte	0xf3, 0x48, 0x0f, 0xae, 0xc0
	.org	0x3f400				/* an XSAVE image with nothing in it but FCW and MXCSR */
xstate_init:
	.short	0x037f
	.fill	22, 1, 0
	.long	0x1f80
	.fill	548, 1, 0
	/* SECINFOs, 64-byte aligned: RW regular pending; R only after EMODPR; trimmed */
	.org	0x3f800
accept_rw:
	.quad	0x20b, 0, 0, 0, 0, 0, 0, 0
accept_r:
	.quad	0x221, 0, 0, 0, 0, 0, 0, 0
accept_trim:
	.quad	0x410, 0, 0, 0, 0, 0, 0, 0
	.org	0x40000
