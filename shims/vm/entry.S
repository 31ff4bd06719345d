/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a vCPU starts, in 64-bit mode with the plan's page tables (docs/vm-keep.md). Nothing here comes from the host: the
 * stack is found from GS.base, which is the plan's.
 */
#include "include/vcpu.h"
#include "../core/generated/vm_map.h"
#include "../core/generated/vm_info.h"
#include "shim_config.h"

	.text

/*
 * In:  the state of docs/vm-keep.md. There is no IDT yet: an exception ends the VM.
 * Out: never returns; into the exec, or out.
 */
	.globl	vm_entry
	.type	vm_entry, @function
vm_entry:
	cld
	movl	$0xc0000101, %ecx		# GS_BASE: this vCPU's page
	rdmsr
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, %rbx
	leaq	VCPU_TO_STACK(%rbx), %rsp
	movl	$VCPU_FRESH, %eax
	movl	$VCPU_RUNNING, %edx
	lock cmpxchgl %edx, VCPU_STATE(%rbx)	# fresh -> running
	je	.Lfirst
#if SHIM_THREADS
	movl	$VCPU_EXPECTED, %eax
	lock cmpxchgl %edx, VCPU_STATE(%rbx)	# expected -> running
	je	.Ltask
#endif
	movl	$REASON_ENTRY_STATE, %esi	# nobody was waiting for this
	xorl	%edx, %edx
	jmp	vm_refuse

.Lfirst:
	movq	%rbx, VCPU_SELF(%rbx)
	movq	%rsp, VCPU_STACK(%rbx)
	cmpl	$VM_MODE_KVM, shim_end + PAGE_SIZE + OFF_VM_INFO_MODE(%rip)
	jne	1f
	movl	$VM_MAP_HOST_IS, %eax		# the host's word for what it is: nothing is protected there
	movl	(%rax), %eax
	testl	$HOST_PVM, %eax
	jz	1f
	movl	%eax, pvm_host(%rip)
1:	xorl	%esi, %esi
	jmp	.Lbegin

#if SHIM_THREADS
.Ltask:
	movq	%rbx, VCPU_SELF(%rbx)
	movq	%rsp, VCPU_STACK(%rbx)
	movl	$1, %esi			# clone() has filled its trap frame
#endif
.Lbegin:
	movq	%rbx, %rdi
	subq	$TRAP_FRAME_SIZE, %rsp		# where the exec's registers are
	xorl	%ebp, %ebp			# the outermost frame
	cmpl	$0, pvm_host(%rip)
	jne	pvm_begin			# (vcpu, which)

/* In: RDI: the vCPU; ESI: 0 for the boot, 1 for a task; RSP, GS, RBP 0. */
	.globl	vm_begin
vm_begin:
#if SHIM_THREADS
	testl	%esi, %esi
	jz	1f
	call	boot_task			# (vcpu); does not return
1:
#endif
	call	boot_first_entry		# (vcpu); does not return
	ud2
	.size	vm_entry, . - vm_entry

/*
 * vm_refuse: the Keep is over, whatever state the shim is in, and its other vCPUs go no further than their next host call. It needs no
 * stack. In: ESI: the reason; RDX: where it was.
 */
	.globl	vm_refuse
	.type	vm_refuse, @function
vm_refuse:
	movl	$1, %eax
	xchgl	%eax, keep_ending + ENDING_CLAIMED(%rip)
	testl	%eax, %eax
	jnz	1f
	movq	%rsi, keep_ending + ENDING_RSI(%rip)
	movq	%rdx, keep_ending + ENDING_RDX(%rip)
	movq	$EXIT_WHY_REFUSED, keep_ending + ENDING_WHY(%rip)	# what makes it count, last
1:	movl	$EXIT_WHY_REFUSED, %edi
	cmpl	$VM_MODE_SNP, shim_end + PAGE_SIZE + OFF_VM_INFO_MODE(%rip)
	je	snp_terminate
	.size	vm_refuse, . - vm_refuse		# and on into vm_leave

/*
 * void vm_leave(uint32_t why, uint64_t rsi, uint64_t rdx): the Keep is over. The host may look at RDI, RSI and, since OUT needs
 * RDX, R8. A host that runs the vCPU again gets the same.
 */
	.globl	vm_leave
	.type	vm_leave, @function
vm_leave:
	movq	%rdx, %r8
	movl	%cs, %eax
	testl	$3, %eax			# in ring 3 on a KVM in software, whose ring 0 knows no INT3
	jnz	pvm_leave
	movl	$VM_MAP_PORT, %edx
1:	movl	%edi, %eax
	outl	%eax, %dx
	jmp	1b
	.size	vm_leave, . - vm_leave

/*
 * void vm_out(uint32_t why): the host does what the block asks for, and the vCPU goes on here.
 *
 * In:  RDI. Stack: the caller's. Clobbers RAX, RDX.
 */
	.globl	vm_out
	.type	vm_out, @function
vm_out:
	cmpl	$0, pvm_host(%rip)
	jne	pvm_out
	movl	%edi, %eax
	movl	$VM_MAP_PORT, %edx
	outl	%eax, %dx
	ret
	.size	vm_out, . - vm_out

/* The direct entry, in a page that ring 3 can execute and that has nothing else. */
	.section .user, "ax"
	.globl	direct_entry
direct_entry:
	syscall
	ret

	.section .note.GNU-stack, "", @progbits
