/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest VM-based Keeps, one a page: ring 0 alone, for tests of the loader that need no shim. Addresses are those of
 * test/kvm/guest.ts.
 */
	.intel_syntax noprefix
	.text

	.set	DATA, 0x100020000	/* four pages, RW */
	.set	SHARED, 0x80000000
	.set	BLOCK, 0x21000
	.set	PORT, 0x4d54
	.set	LATER, 0x50000000000	/* what balloon_add gives, seen here */

	/* rbx: the block. Other registers but rsp are lost. */
.macro CALL number, arg0=0, arg1=0, arg2=0, input=0
	mov dword ptr [rbx], 1
	inc dword ptr [rbx + 4]
	mov dword ptr [rbx + 8], \number
	mov rax, \arg0
	mov [rbx + 0x10], rax
	mov rax, \arg1
	mov [rbx + 0x18], rax
	mov rax, \arg2
	mov [rbx + 0x20], rax
	mov dword ptr [rbx + 0x48], \input
	mov edx, PORT
	mov eax, 1
	out dx, eax
.endm

.macro LEAVE why, value, more=0
	mov esi, \value
	mov r8d, \more
	mov edi, \why
	mov eax, edi
	mov edx, PORT
	out dx, eax
	hlt
.endm

.macro CASE index
	.org 0x1000 * \index
	mov rsp, DATA + 0x4000
	mov ebx, SHARED
.endm

CASE 0					/* write, then status 42 */
	mov rax, 0x0a6f6c6c6568		/* "hello\n" */
	mov [rbx + 0x1000], rax
	CALL 1, 1, 0, 6, 6
	cmp qword ptr [rbx + 0x40], 6
	jne 1f
	LEAVE 3, 42 << 8
1:	LEAVE 3, 1 << 8

CASE 1
	LEAVE 3, 11

CASE 2
	LEAVE 4, 3, 0x123

CASE 3
	LEAVE 77, 0

CASE 4
	hlt

CASE 5					/* no IDT: a triple fault */
	ud2

CASE 6
	mov edx, 0x80
	mov eax, 1
	out dx, eax
	hlt

CASE 7					/* no memory behind it */
	mov rdi, LATER
	mov rax, [rdi]
	hlt

CASE 8					/* memory by host call: given, used, not given twice */
	CALL 0x10008, 0x400000, 0x200000
	cmp qword ptr [rbx + 0x40], 0
	jne 8f
	mov rdi, LATER
	mov rax, 0x1122334455667788
	mov [rdi + 0x1ffff8], rax
	cmp [rdi + 0x1ffff8], rax
	jne 8f
	CALL 0x10008, 0x400000, 0x200000
	cmp qword ptr [rbx + 0x40], -17	/* EEXIST */
	jne 8f
	LEAVE 3, 0
8:	LEAVE 3, 1 << 8

CASE 9					/* a second vCPU, which is kicked */
	CALL 0x10004, 1
	mov rdi, DATA
1:	pause
	cmp dword ptr [rdi + 0x100], 1
	jne 1b
	CALL 0x1000a, 1
	mov rdi, DATA
1:	pause
	cmp dword ptr [rdi + 0x104], 1
	jne 1b
	LEAVE 3, 9 << 8

	.org 0x9800			/* vCPU 1 */
	mov rdi, DATA
	lea rsp, [rdi + 0x3000]
	mov rax, 0x00209b0000000000	/* GDT: none, code, data */
	mov [rdi + 0x208], rax
	mov rax, 0x00cf93000000ffff
	mov [rdi + 0x210], rax
	mov word ptr [rdi + 0x300], 23
	lea rax, [rdi + 0x200]
	mov [rdi + 0x302], rax
	lgdt [rdi + 0x300]
	lea rax, [rip + 5f]		/* IDT: vector 32 */
	mov [rdi + 0x1000 + 32 * 16], ax
	mov word ptr [rdi + 0x1000 + 32 * 16 + 2], 8
	mov word ptr [rdi + 0x1000 + 32 * 16 + 4], 0x8e00
	shr rax, 16
	mov [rdi + 0x1000 + 32 * 16 + 6], ax
	shr rax, 16
	mov [rdi + 0x1000 + 32 * 16 + 8], rax
	mov word ptr [rdi + 0x310], 33 * 16 - 1
	lea rax, [rdi + 0x1000]
	mov [rdi + 0x312], rax
	lidt [rdi + 0x310]
	mov dword ptr [rdi + 0x100], 1
	mov ecx, 100000			/* kicked with interrupts off, mostly: it waits */
2:	pause
	dec ecx
	jnz 2b
	sti
3:	pause
	jmp 3b
5:	mov dword ptr [rdi + 0x104], 1
	iretq

CASE 10					/* for ever */
1:	pause
	jmp 1b

CASE 11					/* sleeps in a host call: waits for nothing, without end */
	mov qword ptr [rbx + 0x1000], -1
	mov qword ptr [rbx + 0x1008], 0
	CALL 0x10006, 0, 0, 0, 16
	LEAVE 3, 1 << 8

	.org 0xc000
