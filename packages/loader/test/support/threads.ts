// SPDX-License-Identifier: Apache-2.0
// Hand-written enclaves of several threads, for what the CPU and the host do for them (test/keeps/threads.S).
import { TCS } from '@motte/binary/sgx/tcs';
import { PAGE_TYPE } from '@motte/binary/sgx/secinfo';
import { EPCM_FLAGS } from '@motte/loader/protocol/epc';
import { assembleParts, runEnclave, TCS_AT } from './enclave.js';
import type { LayoutValues } from '@motte/binary/layout';
import type { TCS_FIELDS } from '@motte/binary/sgx/tcs';
import type { Ran, Special } from './enclave.js';

/** As many as the memory of these enclaves has room for. */
export const THREADS = 4;
const PAGES = 0x48000;
const SSA = 0x50000;

/** Assembly of a case. */
export interface ThreadCode {
  /** Of the thread that boots. */
  readonly first: string;
  /** Of each other, whose index is in EAX. */
  readonly other?: string;
  /** At CSSA 1, with EXITINFO in EAX and RIP of the frame at FRAME_RIP(%rdx); IGNORED without it. */
  readonly handler?: string;
}

function text({ first, other = 'EXIT 95', handler = 'LEAVE 5, 0' }: ThreadCode, i: number): string {
  return `
	.org	0x${(i * 0x1000).toString(16)}
	mov	%rcx, %gs:0
	mov	%rsp, %gs:8
	mov	%rbp, %gs:16
	cld
	/* 0x1000 for each thread before this one, and its stack. */
	lea	base+0x60000(%rip), %rdx
	mov	%rbx, %rcx
	sub	%rdx, %rcx
	lea	base+0x4a000(%rip), %rdx
	lea	(%rdx, %rcx, 2), %rsp
	test	%eax, %eax
	jnz	handler_${i}
	mov	%rdi, %gs:24
	mov	$7, %eax
	xor	%edx, %edx
	xrstor	xstate_init(%rip)
	mov	%gs:32, %rax
	test	%rax, %rax
	jnz	back_${i}
	mov	%rcx, %rax
	shr	$12, %rax
	jnz	other_${i}
	${first}
	EXIT	99
other_${i}:
	${other}
	EXIT	98
back_${i}:
	jmp	*%rax
handler_${i}:
	sub	$0x100, %rsp			/* what was interrupted has the stack above */
	lea	base+0x50000(%rip), %rdx
	lea	(%rdx, %rcx, 2), %rdx		/* the SSA frame */
	mov	0x1000 - 184 + 0xa0(%rdx), %eax
	${handler}
`;
}

/** Assembles all cases into one piece of code; case i is at 0x1000 * i. */
export function assembleThreads(cases: readonly ThreadCode[]): Uint8Array {
  return assembleParts('threads.S', cases.map(text), 'threads-end.S');
}

/** The TCS of thread `i`, with what is wrong about it. */
export function threadTcs(
  entry: number,
  i: number,
  wrong: Partial<LayoutValues<typeof TCS_FIELDS>> = {},
): Uint8Array {
  const page = BigInt(PAGES + i * 0x2000);
  return TCS.write({
    ossa: BigInt(SSA + i * 0x2000),
    nssa: 2,
    oentry: BigInt(entry * 0x1000),
    ofsbase: page,
    ogsbase: page,
    fslimit: 0xfff,
    gslimit: 0xfff,
    ...wrong,
  });
}

/** Runs case `entry` of the code to its end. */
export async function runThreads(code: Uint8Array, entry: number, special: Special = {}): Promise<Ran> {
  const all = Array.from({ length: THREADS }, (_, i) => i);
  const regular = { type: PAGE_TYPE.REG, permissions: 3, flags: EPCM_FLAGS.VALID };
  const pages = [
    ...Array.from({ length: 8 }, (_, i) => PAGES + i * 0x1000),
    ...Array.from({ length: 8 }, (_, i) => SSA + i * 0x1000),
  ];
  return runEnclave(code, entry, {
    ...special,
    tcsPages: all.map((i) => TCS_AT + i * 0x1000),
    mapped: [
      { at: PAGES, pages: 8, permissions: 3 },
      { at: SSA, pages: 8, permissions: 3 },
    ],
    epcm: {
      ...Object.fromEntries(pages.map((at) => [at / 0x1000, regular])),
      ...Object.fromEntries(
        all.map((i) => [TCS_AT / 0x1000 + i, { type: PAGE_TYPE.TCS, flags: EPCM_FLAGS.VALID }]),
      ),
      ...special.epcm,
    },
    bytes: {
      ...Object.fromEntries(all.map((i) => [TCS_AT + i * 0x1000, threadTcs(entry, i)])),
      ...special.bytes,
    },
  });
}
