/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the host's C code and the Keep's: the emulated twin of __vdso_sgx_enter_enclave, and where patched sites
 * and traps arrive. The state of the logical processor is found by RSP on a stack of its arena, and on the Keep's stack by
 * the GS base (struct slot).
 */
#include "cpu.h"
#include "sgx.h"
#include "sgx_uapi.h"

#define SCRUB_FLAGS 0x44500 /* AC, NT, DF, TF: flags that break C code or IRETQ */

	.text

	/* All general registers but RSP, from the struct cpu at RBX. */
	.macro LOAD_REGS
	mov	CPU_RAX(%rbx), %rax
	mov	CPU_RCX(%rbx), %rcx
	mov	CPU_RDX(%rbx), %rdx
	mov	CPU_RBP(%rbx), %rbp
	mov	CPU_RSI(%rbx), %rsi
	mov	CPU_RDI(%rbx), %rdi
	mov	CPU_R8(%rbx), %r8
	mov	CPU_R9(%rbx), %r9
	mov	CPU_R10(%rbx), %r10
	mov	CPU_R11(%rbx), %r11
	mov	CPU_R12(%rbx), %r12
	mov	CPU_R13(%rbx), %r13
	mov	CPU_R14(%rbx), %r14
	mov	CPU_R15(%rbx), %r15
	mov	CPU_RBX(%rbx), %rbx
	.endm

	/* All general registers but RAX and RSP, to the struct cpu at RAX. */
	.macro SAVE_REGS
	mov	%rcx, CPU_RCX(%rax)
	mov	%rdx, CPU_RDX(%rax)
	mov	%rbx, CPU_RBX(%rax)
	mov	%rbp, CPU_RBP(%rax)
	mov	%rsi, CPU_RSI(%rax)
	mov	%rdi, CPU_RDI(%rax)
	mov	%r8, CPU_R8(%rax)
	mov	%r9, CPU_R9(%rax)
	mov	%r10, CPU_R10(%rax)
	mov	%r11, CPU_R11(%rax)
	mov	%r12, CPU_R12(%rax)
	mov	%r13, CPU_R13(%rax)
	mov	%r14, CPU_R14(%rax)
	mov	%r15, CPU_R15(%rax)
	.endm

/*
 * int emulated_enter(rdi, rsi, rdx, ecx = function, r8, r9, struct sgx_enclave_run *run on the stack)
 * The ABI of the vDSO's function: RDI, RSI, RDX, R8, R9 go into the Keep and come back as the Keep left them;
 * RBX and RBP are preserved, R12 to R15 are not.
 */
	.globl	emulated_enter
	.type	emulated_enter, @function
emulated_enter:
	push	%rbp
	mov	%rsp, %rbp
	push	%rbx
enter_again:
	lea	-ENCLU_EENTER(%rcx), %eax
	cmp	$1, %eax			# EENTER and ERESUME are neighbours
	ja	bad_function
	mov	%rsp, %rax
	and	$-CPU_ARENA, %rax		# this thread's struct cpu
	SAVE_REGS
	mov	16(%rbp), %rdi			# run
	mov	%ecx, %esi
	mov	%rsi, CPU_RAX(%rax)
	mov	%rsp, CPU_RSP(%rax)
	movq	$after_enclu, CPU_RCX(%rax)	# the AEP; after EENTER also where EEXIT shall go
	mov	OFF_SGX_ENCLAVE_RUN_TCS(%rdi), %rcx
	mov	%rcx, CPU_RBX(%rax)
	mov	%rax, %rbx
	and	$-16, %rsp
	call	cpu_enter
	cmp	$CPU_FRESH, %eax
	je	go_fresh
	cmp	$CPU_RESUME, %eax
	je	go_resume
	mov	CPU_RSP(%rbx), %rsp		# CPU_RETURN, or the errno of a bad argument
	test	%eax, %eax
	jnz	return_eax
	jmp	after_exit
bad_function:
	mov	$-22, %eax			# EINVAL
return_eax:
	lea	-8(%rbp), %rsp
	pop	%rbx
	pop	%rbp
	ret

/* EENTER of the struct cpu at RBX: flags and registers as there; the image is there only to poison. */
go_fresh:
	mov	CPU_IMAGE(%rbx), %rdi
	test	%rdi, %rdi
	jz	1f
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%rdi)
1:	mov	CPU_RSP(%rbx), %rsp
	pushq	CPU_RIP(%rbx)			# below the host's stack pointer, for RET
	pushq	CPU_RFLAGS(%rbx)
	LOAD_REGS
	popfq
	ret

/* ERESUME: the whole extended state, then as CPU_STAY. */
go_resume:
	mov	CPU_IMAGE(%rbx), %rdi
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%rdi)
/* IRETQ restores all flags, RSP and RIP at once and needs no register, nor the Keep's stack. */
go_stay:
	mov	CPU_RIP(%rbx), %rax
	mov	%rax, CPU_FRAME(%rbx)
	mov	%cs, %eax
	mov	%rax, CPU_FRAME+8(%rbx)
	mov	CPU_RFLAGS(%rbx), %rax
	mov	%rax, CPU_FRAME+16(%rbx)
	mov	CPU_RSP(%rbx), %rax
	mov	%rax, CPU_FRAME+24(%rbx)
	mov	%ss, %eax
	mov	%rax, CPU_FRAME+32(%rbx)
	lea	CPU_FRAME(%rbx), %rsp
	LOAD_REGS
	iretq

/*
 * From the stub of a patched site: RAX is the struct cpu, the Keep's RAX is in its slot, and regs.rip is the next
 * instruction. Everything else is the Keep's, its stack and flags included. Leaves with RBX the struct cpu.
 */
	.macro SAVE_FROM_SITE
	mov	%rsp, CPU_RSP(%rax)
	mov	CPU_STACK(%rax), %rsp
	pushfq
	popq	CPU_RFLAGS(%rax)
	testl	$SCRUB_FLAGS, CPU_RFLAGS(%rax)
	jz	1f
	pushq	$2
	popfq
1:	SAVE_REGS
	mov	%rax, %rbx
	mov	CPU_SLOT(%rbx), %rcx
	mov	SLOT_RAX(%rcx), %rcx
	mov	%rcx, CPU_RAX(%rbx)
	.endm

/* A patched ENCLU. */
	.globl	cpu_stub_enclu
cpu_stub_enclu:
	SAVE_FROM_SITE
	call	cpu_enclu_patched
	cmp	$CPU_STAY, %eax
	je	go_stay
	cmp	$CPU_LEFT, %eax
	je	go_left
	jmp	go_return

/*
 * A patched WRFSBASE RAX; goes on at `back`, in the stub, with RAX the struct cpu and all else the Keep's again. Flags
 * survive SYSCALL and JRCXZ. A base that the kernel refuses is #GP at the site.
 */
	.globl	cpu_stub_wrfsbase
cpu_stub_wrfsbase:
	mov	%rcx, CPU_RCX(%rax)
	mov	%rsi, CPU_RSI(%rax)
	mov	CPU_SLOT(%rax), %rsi
	mov	SLOT_RAX(%rsi), %rsi		# the base
	mov	CPU_SET_FS(%rax), %rcx
	not	%rcx
	lea	1(%rcx,%rsi), %rcx		# base - set_fs; NOT and LEA change no flag
	jrcxz	2f				# the kernel has it already
	mov	%rbx, CPU_RBX(%rax)
	mov	%r11, CPU_R11(%rax)
	mov	%rdi, CPU_RDI(%rax)
	mov	%rax, %rbx
	mov	$0x1002, %edi			# ARCH_SET_FS
	mov	$158, %eax			# arch_prctl
	syscall
	mov	%rax, %rcx
	mov	%rbx, %rax
	mov	CPU_RBX(%rax), %rbx
	mov	CPU_R11(%rax), %r11
	mov	CPU_RDI(%rax), %rdi
	jrcxz	1f
	jmp	3f
1:	mov	%rsi, CPU_SET_FS(%rax)
2:	mov	%rsi, CPU_FSBASE(%rax)
	mov	CPU_RSI(%rax), %rsi
	mov	CPU_RCX(%rax), %rcx
	jmp	*CPU_BACK(%rax)
3:	mov	CPU_RSI(%rax), %rsi
	mov	CPU_RCX(%rax), %rcx
	SAVE_FROM_SITE
	call	cpu_wrfsbase_refused
	jmp	go_return

/* EEXIT: the host's stack again, other registers as the Keep left them. From C: cpu_go_left(cpu). */
	.globl	cpu_go_left
cpu_go_left:
	mov	%rdi, %rbx
go_left:
	mov	CPU_RSP(%rbx), %rsp
	LOAD_REGS
	/* falls through: the only place that EEXIT may go to */
	.globl	after_enclu
after_enclu:
	mov	16(%rbp), %rbx
	movl	$ENCLU_EEXIT, OFF_SGX_ENCLAVE_RUN_FUNCTION(%rbx)
after_exit:
	mov	16(%rbp), %rbx
	cmpq	$0, OFF_SGX_ENCLAVE_RUN_USER_HANDLER(%rbx)
	jne	call_handler
	xor	%eax, %eax
	cld
	jmp	return_eax

/* After AEX: the host finds synthetic registers. From C: cpu_go_return(cpu). */
	.globl	cpu_go_return
cpu_go_return:
	mov	%rdi, %rbx
go_return:
	mov	CPU_URSP(%rbx), %rsp
	mov	CPU_URBP(%rbx), %rbp
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	jmp	after_exit

/*
 * int handler(rdi, rsi, rdx, rsp, r8, r9, run): as the vDSO calls it. What it returns is ours to return if it is
 * not positive, and the function to enter with if it is. RBX carries the stack pointer over the call.
 */
call_handler:
	mov	%rsp, %rcx
	mov	OFF_SGX_ENCLAVE_RUN_USER_HANDLER(%rbx), %rax
	mov	%rbx, %r10
	mov	%rsp, %rbx
	and	$-16, %rsp
	sub	$8, %rsp
	push	%r10
	cld
	call	*%rax
	mov	%rbx, %rsp
	mov	%eax, %ecx
	test	%eax, %eax
	jg	enter_again
	jmp	return_eax

/*
 * Every signal arrives here, on the alternate stack, with flags of the Keep: clear those that C code cannot bear.
 * Arguments stay as the kernel put them.
 */
	.globl	cpu_trap_entry
	.type	cpu_trap_entry, @function
cpu_trap_entry:
	pushq	$2
	popfq
	jmp	cpu_trap

	.section .note.GNU-stack, "", @progbits
