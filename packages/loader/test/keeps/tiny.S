/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest Keeps there can be, one an entry point, for tests of the loader that need no shim. */

	.intel_syntax noprefix
	.text

	/* in: rdi why, rsi first argument; rcx where EENTER came from. Leaves as docs/sgx-keep.md wants it. */
.macro LEAVE
	mov rbx, rcx			# EEXIT goes back behind the ENCLU that entered
	vzeroall			# all vector state
	xor edx, edx
	xor ecx, ecx
	xor r8d, r8d
	xor r9d, r9d
	xor r10d, r10d
	xor r11d, r11d
	xor r12d, r12d
	xor r13d, r13d
	xor r14d, r14d
	xor r15d, r15d
	mov eax, 4			# EEXIT
	enclu
.endm

	.org 0x000			/* ends with status 42 */
	mov edi, 3
	mov esi, 42 << 8
	LEAVE

	.org 0x100			/* spins for ever */
1:	pause
	jmp 1b

	.org 0x200			/* ends by signal 11 */
	mov edi, 3
	mov esi, 11
	LEAVE

	.org 0x300			/* refuses for reason 3 at shim offset 0 */
	mov edi, 4
	mov esi, 3
	LEAVE

	.org 0x400			/* leaves without a known reason */
	mov edi, 99
	xor esi, esi
	LEAVE

	.org 0x500			/* reads where nothing is mapped */
	mov rax, [rip + 0x40000]
	ud2

	.org 0x600			/* leaves with a secret in r12 */
	mov rbx, rcx
	mov r12, 0x1234
	mov edi, 3
	xor esi, esi
	mov eax, 4
	enclu

	.org 0x1000
