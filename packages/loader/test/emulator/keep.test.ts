// SPDX-License-Identifier: Apache-2.0
// The emulated CPU: what code inside a Keep finds. Each case judges for itself and ends with status 0, or with the
// number of the check that failed; each runs with patched sites and with traps.
import { native } from '@motte/loader/native';
import { START_FLAGS } from '@motte/loader/protocol/messages';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, runEnclave } from '../support/enclave.js';
import type { Code } from '../support/enclave.js';

const RESUME = 'LEAVE 2, 0';
/** Bytes of a patchable ENCLU with its NOP. */
const SITE = 5;
/** A handler that expects an EXITINFO, skips `bytes` of code and goes on. */
const skip = (exitinfo: number, bytes: number): string => `
	mov	SSA_EXITINFO(%rip), %eax
	mov	$0x${exitinfo.toString(16)}, %ecx
	cmp	%ecx, %eax
	je	2f
	EXIT	30
2:	addq	$${bytes}, SSA_RIP(%rip)
	${RESUME}`;

interface Case extends Code {
  readonly name: string;
}

const CASES: readonly Case[] = [
  { name: 'EENTER and EEXIT', body: 'EXIT 0' },
  {
    name: 'EENTER: RAX is CSSA, RBX the TCS, FS and GS bases as of the TCS',
    body: `
	lea	base+0x60000(%rip), %rdx
	cmp	%rdx, %rbx
	je	1f
	EXIT	1
1:	movq	$0x77, DATA+0x200(%rip)
	mov	%gs:0x200, %rdx
	EXPECT	0x77, %rdx, 2
	call	rdfsbase_call
	lea	DATA(%rip), %rdx
	cmp	%rdx, %rax
	je	1f
	EXIT	3
1:	EXIT	0`,
  },
  {
    name: 'SYSCALL is #UD at the instruction itself, and all registers survive AEX and ERESUME',
    body: `
	mov	$39, %eax
	mov	$0x1212, %r12d
	mov	$0x1313, %r13d
	mov	$0x0808, %r8d
	mov	$0x1717, %edx
	vpcmpeqd %ymm7, %ymm7, %ymm7
	stc
3:	syscall
	jc	1f
	EXIT	1
1:	EXPECT	42, %rax, 2
	EXPECT	0x1212, %r12, 3
	EXPECT	0x1313, %r13, 4
	EXPECT	0x0808, %r8, 5
	EXPECT	0x1717, %rdx, 6
	vpextrq	$1, %xmm7, %rax
	EXPECT	-1, %rax, 7
	vextracti128 $1, %ymm7, %xmm6
	vmovq	%xmm6, %rax
	EXPECT	-1, %rax, 8
	EXIT	0`,
    handler: `
	EXPECT	39, SSA_RAX(%rip), 20
	mov	SSA_RIP(%rip), %rax
	cmpw	$0x050f, (%rax)
	je	2f
	EXIT	21
2:	movq	$42, SSA_RAX(%rip)
	vpxor	%ymm7, %ymm7, %ymm7
	${skip(0x80000306, 2)}`,
  },
  { name: 'INT 80h is #UD', body: 'int $0x80\n\tEXIT 0', handler: skip(0x80000306, 2) },
  { name: 'INT 21h is #UD', body: 'int $0x21\n\tEXIT 0', handler: skip(0x80000306, 2) },
  { name: 'IN is #UD', body: 'in %dx, %al\n\tEXIT 0', handler: skip(0x80000306, 1) },
  { name: 'UD2 is #UD', body: 'ud2\n\tEXIT 0', handler: skip(0x80000306, 2) },
  {
    name: 'INT3 is a fault: its own RIP, a software exception',
    body: 'int3\n\tEXIT 0',
    handler: skip(0x80000603, 1),
  },
  {
    name: 'division by zero is #DE',
    body: 'xor %ecx, %ecx\n\tmov $1, %eax\n\tcltd\n\tdiv %ecx\n\tEXIT 0',
    handler: skip(0x80000300, 2),
  },
  {
    name: 'SSE exception is #XM',
    body: `
	movl	$0x1d00, DATA+0x300(%rip)
	ldmxcsr	DATA+0x300(%rip)
	xorps	%xmm0, %xmm0
	xorps	%xmm1, %xmm1
	divss	%xmm0, %xmm1
	EXIT	0`,
    handler: skip(0x80000313, 4),
  },
  {
    name: 'misaligned access with AC is #AC',
    body: `
	pushq	$0x40002
	popfq
	mov	DATA+0x301(%rip), %eax
	pushq	$2
	popfq
	EXIT	0`,
    handler: skip(0x80000311, 6),
  },
  {
    name: 'HLT is #GP, with EXINFO',
    body: 'hlt\n\tEXIT 0',
    handler: `EXPECT 0, SSA_MADDR(%rip), 20\n\t${skip(0x8000030d, 1)}`,
  },
  {
    name: 'a write to code is #PF of the EPCM: MADDR, W, U, P, SGX',
    body: 'lea base+0x123(%rip), %r9\n\tmovb $1, (%r9)\n\tEXIT 0',
    handler: `
	lea	base+0x123(%rip), %rax
	cmp	%rax, SSA_MADDR(%rip)
	je	2f
	EXIT	20
2:	mov	SSA_ERRCD(%rip), %eax
	EXPECT	0x8007, %rax, 21
	${skip(0x8000030e, 4)}`,
  },
  {
    name: 'a page that is missing within a mapping is added and pending: #PF with SGX',
    body: 'mov LATER(%rip), %eax\n\tEXIT 0',
    handler: `mov SSA_ERRCD(%rip), %eax\n\tEXPECT 0x8005, %rax, 21\n\t${skip(0x8000030e, 6)}`,
  },
  {
    name: 'a page outside every mapping is #PF, not present',
    body: 'mov base+0x70000(%rip), %eax\n\tEXIT 0',
    handler: `mov SSA_ERRCD(%rip), %eax\n\tEXPECT 4, %rax, 21\n\t${skip(0x8000030e, 6)}`,
  },
  {
    name: 'the TCS page cannot be read',
    body: 'mov base+0x60000(%rip), %eax\n\tEXIT 0',
    handler: `mov SSA_ERRCD(%rip), %eax\n\tEXPECT 0x8005, %rax, 21\n\t${skip(0x8000030e, 6)}`,
  },
  {
    name: 'EACCEPT of a missing page, once; SGX_PAGE_ATTRIBUTES_MISMATCH for a second time',
    body: `
	lea	accept_rw(%rip), %rbx
	lea	LATER(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 1
	lea	LATER(%rip), %rcx
	EXPECT	0, (%rcx), 2
	movq	$5, (%rcx)
	ENCLU	5
	jz	1f
	EXIT	3
1:	EXPECT	19, %rax, 4
	EXPECT	5, LATER(%rip), 5
	EXIT	0`,
  },
  {
    name: 'EACCEPT with other permissions than the page has: SGX_PAGE_ATTRIBUTES_MISMATCH',
    body: `
	lea	accept_r(%rip), %rbx
	lea	DATA(%rip), %rcx
	ENCLU	5
	EXPECT	19, %rax, 1
	EXIT	0`,
  },
  {
    name: 'EACCEPT keeps the vector registers',
    body: `
	vpcmpeqd %ymm3, %ymm3, %ymm3
	lea	accept_rw(%rip), %rbx
	lea	LATER+0x1000(%rip), %rcx
	ENCLU	5
	vextracti128 $1, %ymm3, %xmm3
	vmovq	%xmm3, %rax
	EXPECT	-1, %rax, 1
	EXIT	0`,
  },
  {
    name: 'EACCEPT: SECINFO that is not aligned is #GP',
    body: 'lea accept_rw+8(%rip), %rbx\n\tlea LATER(%rip), %rcx\n\tENCLU 5\n\tEXIT 0',
    handler: skip(0x8000030d, SITE),
  },
  {
    name: 'EACCEPT: SECINFO with a reserved bit is #GP',
    body: 'lea reserved_bit(%rip), %rbx\n\tlea LATER(%rip), %rcx\n\tENCLU 5\n\tEXIT 0',
    handler: skip(0x8000030d, SITE),
  },
  {
    name: 'EACCEPT: a state that cannot be accepted is #GP',
    body: 'lea plain_rw(%rip), %rbx\n\tlea DATA(%rip), %rcx\n\tENCLU 5\n\tEXIT 0',
    handler: skip(0x8000030d, SITE),
  },
  {
    name: 'EACCEPT of a page outside the mappings is #PF',
    body: 'lea accept_rw(%rip), %rbx\n\tlea base+0x70000(%rip), %rcx\n\tENCLU 5\n\tEXIT 0',
    handler: skip(0x8000030e, SITE),
  },
  {
    name: 'EACCEPT of an address outside the ELRANGE is #GP',
    body: 'lea accept_rw(%rip), %rbx\n\tlea base+0x100000(%rip), %rcx\n\tENCLU 5\n\tEXIT 0',
    handler: skip(0x8000030d, SITE),
  },
  {
    name: 'EACCEPTCOPY makes a page of code of a page of data; it cannot be written then',
    body: `
	lea	DATA+0x1000(%rip), %rdx
	movl	$0xc3002ab8, (%rdx)		# not whole: mov $42, %eax; ret follows
	movb	$0xb8, (%rdx)
	movl	$42, 1(%rdx)
	movb	$0xc3, 5(%rdx)
	lea	copy_rx(%rip), %rbx
	lea	LATER+0x2000(%rip), %rcx
	ENCLU	7
	EXPECT	0, %rax, 1
	# the mapping is RW: the host must make it executable
	HOSTCALL 0x10003, 0x82000, 0x1000, 5, 0
	EXPECT	0, 0x40(%r15), 2
	lea	LATER+0x2000(%rip), %rcx
	call	*%rcx
	EXPECT	42, %rax, 3
	lea	LATER+0x2000(%rip), %rcx
	movb	$0, (%rcx)
	EXIT	0`,
    handler: `mov SSA_ERRCD(%rip), %eax\n\tEXPECT 0x8007, %rax, 21\n\t${skip(0x8000030e, 3)}`,
  },
  {
    name: 'EMODPE adds; EMODPR by the host takes away, and EACCEPT confirms it',
    body: `
	lea	accept_rw(%rip), %rbx
	lea	LATER+0x3000(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 1
	lea	extend_x(%rip), %rbx
	ENCLU	6
	HOSTCALL 0x10000, 0x83000, 0x1000, 1, 0
	EXPECT	0x1000, 0x40(%r15), 2
	lea	accept_r(%rip), %rbx
	lea	LATER+0x3000(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 3
	lea	LATER+0x3000(%rip), %r9
	movb	$0, (%r9)
	EXIT	0`,
    handler: `mov SSA_ERRCD(%rip), %eax\n\tEXPECT 0x8007, %rax, 21\n\t${skip(0x8000030e, 4)}`,
  },
  {
    name: 'TRIM, EACCEPT, EREMOVE, and a page that is added again is zero',
    body: `
	lea	accept_rw(%rip), %rbx
	lea	LATER+0x4000(%rip), %rcx
	ENCLU	5
	movq	$7, LATER+0x4000(%rip)
	HOSTCALL 0x10001, 0x84000, 0x1000, 0, 0
	EXPECT	0x1000, 0x40(%r15), 1
	HOSTCALL 0x10002, 0x84000, 0x1000, 0, 0
	EXPECT	-1, 0x40(%r15), 2		# EPERM: not accepted yet
	lea	accept_trim(%rip), %rbx
	lea	LATER+0x4000(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 3
	HOSTCALL 0x10002, 0x84000, 0x1000, 0, 0
	EXPECT	0x1000, 0x40(%r15), 4
	lea	accept_rw(%rip), %rbx
	lea	LATER+0x4000(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 5
	EXPECT	0, LATER+0x4000(%rip), 6
	EXIT	0`,
  },
  {
    name: 'the host may not map a page wider than it was added',
    body: 'HOSTCALL 0x10003, 0x40000, 0x1000, 7, 0\n\tEXPECT -13, 0x40(%r15), 1\n\tEXIT 0',
  },
  {
    name: 'a range outside the Keep is EINVAL',
    body: 'HOSTCALL 0x10000, 0xff000, 0x2000, 1, 0\n\tEXPECT -22, 0x40(%r15), 1\n\tEXIT 0',
  },
  {
    name: 'EGETKEY: SGX_INVALID_ATTRIBUTE for the provisioning key, SGX_INVALID_KEYNAME for no key',
    body: `
	movw	$1, DATA+0x1000(%rip)
	lea	DATA+0x1000(%rip), %rbx
	lea	DATA+0x100(%rip), %rcx
	ENCLU	1
	EXPECT	2, %rax, 1
	movw	$9, DATA+0x1000(%rip)
	ENCLU	1
	EXPECT	256, %rax, 2
	movw	$4, DATA+0x1000(%rip)
	movw	$6, DATA+0x1004(%rip)		# ISVSVN above the SECS's 5
	ENCLU	1
	EXPECT	64, %rax, 3
	movw	$5, DATA+0x1004(%rip)
	ENCLU	1
	EXPECT	0, %rax, 4
	cmpq	$0, DATA+0x100(%rip)
	jne	1f
	EXIT	5
1:	EXIT	0`,
  },
  {
    name: 'ENCLU leaves of later CPUs, and EENTER inside, are #GP',
    body: 'ENCLU 9\n\tENCLU 8\n\tENCLU 2\n\tENCLU 3\n\tEXIT 0',
    handler: skip(0x8000030d, SITE),
  },
  {
    name: 'WRFSBASE, RDFSBASE, and FS after AEX and ERESUME',
    body: `
	lea	DATA+0x400(%rip), %rax
	movq	$0x5a, (%rax)
	call	wrfsbase_call
	xor	%eax, %eax
	call	rdfsbase_call
	lea	DATA+0x400(%rip), %rdx
	cmp	%rdx, %rax
	je	1f
	EXIT	1
1:	mov	%fs:0, %rdx
	EXPECT	0x5a, %rdx, 2
	ud2
	mov	%fs:0, %rdx
	EXPECT	0x5a, %rdx, 3
	EXIT	0`,
    handler: skip(0x80000306, 2),
  },
  { name: 'CPUID runs', body: 'xor %eax, %eax\n\tcpuid\n\ttest %eax, %eax\n\tjnz 1f\n\tEXIT 1\n1:\tEXIT 0' },
];

/** State that XFRM has no room for in the SSA frame, on a CPU that lets programs use it. */
const AVX512: Case = {
  name: 'AVX-512 registers survive AEX and ERESUME',
  body: `
	vpternlogd $0xff, %zmm19, %zmm19, %zmm19
	mov	$0x5a5a, %eax
	kmovw	%eax, %k3
	vpternlogd $0xff, %zmm2, %zmm2, %zmm2
	ud2
	kmovw	%k3, %eax
	EXPECT	0x5a5a, %rax, 1
	vextracti64x4 $1, %zmm19, %ymm3
	vmovq	%xmm3, %rax
	EXPECT	-1, %rax, 2
	vextracti64x4 $1, %zmm2, %ymm3
	vmovq	%xmm3, %rax
	EXPECT	-1, %rax, 3
	EXIT	0`,
  handler: `
	vpxord	%zmm19, %zmm19, %zmm19
	kxorw	%k3, %k3, %k3
	vzeroall
	${skip(0x80000306, 2)}`,
};
// CPUID leaf 7, EBX bit 16: AVX512F. The kernel turns it on with the CPU.
const avx512 = ((native().cpuid(7, 0)[1] >>> 16) & 1) === 1;
if (!avx512) console.log('skipped: AVX-512 after AEX: this CPU has none');
const ALL = avx512 ? [...CASES, AVX512] : CASES;
const code = assemble(ALL);

ALL.forEach(({ name }, i) => {
  for (const [how, flags] of [
    ['patched', START_FLAGS.PATCH],
    ['trapped', 0],
  ] as const) {
    test(`${name} (${how})`, async () => {
      const { end, stats, status } = await runEnclave(code, i, { flags });
      assert.equal(end, { ended: 'exited', status: 0 });
      assert.is(status, 0);
      assert.ok(
        stats.patchedSites === 4 || how === 'trapped' || stats.patchedSites === 2,
        `${stats.patchedSites} sites`,
      );
    });
  }
});

test.run();
