/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of SEV-SNP that C has no words for (AMD 24594 rev 3.36: VMGEXIT, PVALIDATE). */
#include "../include/site.h"
#include "../include/vcpu.h"
#include "../../core/generated/snp.h"

	.text

/*
 * void snp_vmgexit(void): the host does what the GHCB MSR, or the page that it names, asks for.
 *
 * In: nothing. Registers are the guest's: the CPU saves and restores them.
 */
	.globl	snp_vmgexit
	.type	snp_vmgexit, @function
snp_vmgexit:
	vmgexit_site
	ret
	.size	snp_vmgexit, . - snp_vmgexit

/*
 * uint64_t snp_pvalidate(uint64_t address, uint32_t large, uint32_t valid): the page is the guest's own from now on, or no more.
 *
 * In:  RDI: its virtual address; ESI: 1 for a page of 2 MiB; EDX: 1 or 0. Out: EAX, and CF in bit 32. Clobbers RCX, RDX.
 */
	.globl	snp_pvalidate
	.type	snp_pvalidate, @function
snp_pvalidate:
	movq	%rdi, %rax
	movl	%esi, %ecx
	pvalidate_site
	setc	%dl
	movl	%eax, %eax			# the upper half is not the instruction's
	movzbl	%dl, %edx
	shlq	$32, %rdx
	orq	%rdx, %rax
	ret
	.size	snp_pvalidate, . - snp_pvalidate

/*
 * snp_terminate: the Keep is over. It has no stack and trusts no memory, for an exception of ring 0 comes here too.
 *
 * In:  ESI: the reason; RDX: where it was, an offset in the shim.
 */
	.globl	snp_terminate
	.type	snp_terminate, @function
snp_terminate:
	movl	$VM_MAP_LAST_WORDS, %edi
	movl	%esi, %eax
	movq	%rax, (%rdi)			# the last words: a hint for who debugs
	movq	%rdx, 8(%rdi)
	shll	$16, %esi			# the reason's number, in 8 bits
	orl	$(GHCB_MSR_TERMINATE | GHCB_TERMINATE_SET << 12), %esi
1:	movl	%esi, %eax
	xorl	%edx, %edx
	movl	$SEV_MSR_GHCB, %ecx
	wrmsr
	vmgexit_site
	jmp	1b				# who runs it again gets the same
	.size	snp_terminate, . - snp_terminate

	.section .note.GNU-stack, "", @progbits
