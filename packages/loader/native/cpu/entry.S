/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the host's C code and the Keep's: the emulated twin of __vdso_sgx_enter_enclave, and where patched sites
 * and traps arrive. The helper is linked at a fixed low address, so that `cpu+X` is an absolute operand and code that
 * has no register to spare can reach it.
 */
#include "cpu.h"
#include "sgx.h"
#include "sgx_uapi.h"

#define SCRUB_FLAGS 0x44500 /* AC, NT, DF, TF: flags that break C code or IRETQ */

	.text

	/* All general registers but RSP, from cpu.regs. */
	.macro LOAD_REGS
	mov	cpu+CPU_RAX, %rax
	mov	cpu+CPU_RCX, %rcx
	mov	cpu+CPU_RDX, %rdx
	mov	cpu+CPU_RBX, %rbx
	mov	cpu+CPU_RBP, %rbp
	mov	cpu+CPU_RSI, %rsi
	mov	cpu+CPU_RDI, %rdi
	mov	cpu+CPU_R8, %r8
	mov	cpu+CPU_R9, %r9
	mov	cpu+CPU_R10, %r10
	mov	cpu+CPU_R11, %r11
	mov	cpu+CPU_R12, %r12
	mov	cpu+CPU_R13, %r13
	mov	cpu+CPU_R14, %r14
	mov	cpu+CPU_R15, %r15
	.endm

	/* All general registers but RAX and RSP, to cpu.regs. */
	.macro SAVE_REGS
	mov	%rcx, cpu+CPU_RCX
	mov	%rdx, cpu+CPU_RDX
	mov	%rbx, cpu+CPU_RBX
	mov	%rbp, cpu+CPU_RBP
	mov	%rsi, cpu+CPU_RSI
	mov	%rdi, cpu+CPU_RDI
	mov	%r8, cpu+CPU_R8
	mov	%r9, cpu+CPU_R9
	mov	%r10, cpu+CPU_R10
	mov	%r11, cpu+CPU_R11
	mov	%r12, cpu+CPU_R12
	mov	%r13, cpu+CPU_R13
	mov	%r14, cpu+CPU_R14
	mov	%r15, cpu+CPU_R15
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
	mov	16(%rbp), %rbx			# run
	SAVE_REGS
	mov	%ecx, %eax
	mov	%rax, cpu+CPU_RAX
	mov	%rsp, cpu+CPU_RSP
	movq	$after_enclu, cpu+CPU_RCX	# the AEP; after EENTER also where EEXIT shall go
	mov	OFF_SGX_ENCLAVE_RUN_TCS(%rbx), %rax
	mov	%rax, cpu+CPU_RBX
	mov	%rbx, %rdi
	mov	%ecx, %esi
	and	$-16, %rsp
	call	cpu_enter
	cmp	$CPU_FRESH, %eax
	je	go_fresh
	cmp	$CPU_RESUME, %eax
	je	go_resume
	mov	cpu+CPU_RSP, %rsp		# CPU_RETURN, or the errno of a bad argument
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

/* EENTER: flags and registers as in cpu.regs; the image is there only to poison. */
go_fresh:
	mov	cpu+CPU_IMAGE, %rdi
	test	%rdi, %rdi
	jz	1f
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%rdi)
1:	pushq	cpu+CPU_RFLAGS
	popfq
	LOAD_REGS
	mov	cpu+CPU_RSP, %rsp
	jmp	*cpu+CPU_RIP

/* ERESUME: the whole extended state, then as CPU_STAY. */
go_resume:
	mov	cpu+CPU_IMAGE, %rdi
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%rdi)
/* IRETQ restores all flags, RSP and RIP at once and needs no register, nor the Keep's stack. */
go_stay:
	mov	cpu+CPU_RIP, %rax
	mov	%rax, cpu+CPU_FRAME
	mov	%cs, %eax
	mov	%rax, cpu+CPU_FRAME+8
	mov	cpu+CPU_RFLAGS, %rax
	mov	%rax, cpu+CPU_FRAME+16
	mov	cpu+CPU_RSP, %rax
	mov	%rax, cpu+CPU_FRAME+24
	mov	%ss, %eax
	mov	%rax, cpu+CPU_FRAME+32
	LOAD_REGS
	mov	$cpu+CPU_FRAME, %rsp
	iretq

/*
 * A patched ENCLU. The stub has stored RAX, and in cpu.regs.rip the address of the next instruction. Everything else
 * is the Keep's, its stack included.
 */
	.globl	cpu_stub_enclu
cpu_stub_enclu:
	mov	%rsp, cpu+CPU_RSP
	mov	cpu+CPU_STACK, %rsp
	pushfq
	popq	cpu+CPU_RFLAGS
	testl	$SCRUB_FLAGS, cpu+CPU_RFLAGS
	jz	1f
	pushq	$2
	popfq
1:	SAVE_REGS
	call	cpu_enclu_patched
	cmp	$CPU_STAY, %eax
	je	go_stay
	cmp	$CPU_LEFT, %eax
	je	go_left
	jmp	go_return

/*
 * A patched WRFSBASE RAX; registers as above. Flags survive SYSCALL and JRCXZ. A base that the kernel refuses is #GP.
 */
	.globl	cpu_stub_wrfsbase
cpu_stub_wrfsbase:
	mov	%rcx, cpu+CPU_RCX
	mov	cpu+CPU_SET_FS, %rcx
	not	%rcx
	lea	1(%rcx,%rax), %rcx		# RAX - set_fs; NOT and LEA change no flag
	jrcxz	3f				# the kernel has it already
	mov	%r11, cpu+CPU_R11
	mov	%rdi, cpu+CPU_RDI
	mov	%rsi, cpu+CPU_RSI
	mov	$0x1002, %edi			# ARCH_SET_FS
	mov	%rax, %rsi
	mov	$158, %eax			# arch_prctl
	syscall
	mov	%rax, %rcx
	mov	%rsi, %rax
	jrcxz	1f
	mov	$cpu_stub_refused, %rsi
	jmp	2f
1:	mov	%rax, cpu+CPU_FSBASE
	mov	%rax, cpu+CPU_SET_FS
	mov	$0f, %rsi
2:	mov	cpu+CPU_RCX, %rcx
	mov	cpu+CPU_R11, %r11
	mov	cpu+CPU_RDI, %rdi
	xchg	%rsi, cpu+CPU_RSI		# the Keep's RSI back, and where to go on
	jmp	*cpu+CPU_RSI
0:	jmp	*cpu+CPU_RIP
3:	mov	%rax, cpu+CPU_FSBASE
	mov	cpu+CPU_RCX, %rcx
	jmp	*cpu+CPU_RIP

	/* #GP at the patched site, with all registers as they were. */
cpu_stub_refused:
	mov	%rsp, cpu+CPU_RSP
	mov	cpu+CPU_STACK, %rsp
	pushfq
	popq	cpu+CPU_RFLAGS
	pushq	$2
	popfq
	SAVE_REGS
	call	cpu_wrfsbase_refused
	jmp	go_return

/* EEXIT: the host's stack again, other registers as the Keep left them. From C: cpu_go_left(). */
	.globl	cpu_go_left
cpu_go_left:
go_left:
	LOAD_REGS
	mov	cpu+CPU_RSP, %rsp
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

/* After AEX: the host finds synthetic registers. From C: cpu_go_return(). */
	.globl	cpu_go_return
cpu_go_return:
go_return:
	mov	cpu+CPU_URSP, %rsp
	mov	cpu+CPU_URBP, %rbp
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
