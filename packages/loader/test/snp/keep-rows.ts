// SPDX-License-Identifier: Apache-2.0
import { GHCB_EXIT } from '@motte/plan/snp/ghcb';
import { LIE_ANSWER, LIE_KIND } from '@motte/loader/protocol/messages';
import type { Lie } from '@motte/loader/helper/start';
import type { End } from '@motte/loader/load';

/** Where in the Keep a lie is about: the page that programs.c touches, or a page that it has not used yet. */
export type LiePlace = 'target' | 'unused';

export interface KeepLie extends Omit<Lie, 'value'> {
  readonly value: bigint | LiePlace;
}

/** A Keep of programs.c, what its host does, and how it must end. */
export interface KeepRow {
  readonly name: string;
  readonly args: readonly string[];
  readonly lies?: readonly KeepLie[];
  readonly timeMs?: number;
  readonly ioctlPages?: number;
  /** An ID block by a new key, of the Keep's digest or of another one. */
  readonly id?: 'right' | 'wrong';
  /** What `load` says. */
  readonly error?: RegExp;
  readonly ended?: End['ended'];
  readonly status?: number;
  readonly cause?: string;
  readonly out?: string;
}

const WRITE = 1;

function answer(name: string, value: number): KeepRow {
  const lie = { number: GHCB_EXIT.GUEST_REQUEST, nth: 1, kind: LIE_KIND.ANSWER, value: BigInt(value) };
  return {
    name: `a guest request whose answer is ${name}`,
    args: [],
    lies: [lie],
    ended: 'refused',
    cause: 'GUEST_REQUEST',
  };
}

function atWrite(kind: number, value: LiePlace, at = 0n): readonly KeepLie[] {
  return [{ number: WRITE, nth: 1, kind, value, at }];
}

export const KEEP_ROWS: readonly KeepRow[] = [
  { name: 'hello', args: [], ended: 'exited', status: 7, out: 'hello\n' },
  { name: 'threads', args: ['threads'], ended: 'exited', status: 0, out: '600\n' },
  { name: 'files', args: ['files'], ended: 'exited', status: 0, out: 'contents 8\n' },
  { name: 'more memory than at the start', args: ['memory'], ended: 'exited', status: 0 },
  {
    name: 'a launch in ioctls of a few pages each',
    args: [],
    ioctlPages: 3,
    ended: 'exited',
    status: 7,
    out: 'hello\n',
  },
  {
    name: 'a Keep that its ID block expects',
    args: [],
    id: 'right',
    ended: 'exited',
    status: 7,
    out: 'hello\n',
  },
  {
    name: 'a Keep that its ID block does not expect',
    args: [],
    id: 'wrong',
    error: /SNP_LAUNCH_FINISH.*BAD_MEASUREMENT/,
  },
  {
    name: 'a page, untouched by its host',
    args: ['touch'],
    ended: 'exited',
    status: 0,
    out: 'before\nafter\n',
  },
  {
    name: 'a page that the host replaces by another of the guest’s: #VC 404h',
    args: ['touch'],
    lies: atWrite(LIE_KIND.REMAP, 'target', 1n),
    ended: 'refused',
    cause: 'MEMORY_LEDGER',
    out: 'before\n',
  },
  {
    name: 'a page that the host replaces by its own: #NPF',
    args: ['touch'],
    lies: atWrite(LIE_KIND.REMAP, 'target'),
    ended: 'trapped',
    cause: 'MEMORY_FAULT',
    out: 'before\n',
  },
  {
    name: 'a page that is validated before the guest does: CF',
    args: ['grow'],
    lies: atWrite(LIE_KIND.VALIDATED, 'unused'),
    ended: 'refused',
    cause: 'MEMORY_LEDGER',
    out: 'before\n',
  },
  {
    name: 'a vCPU that is not run again after a host call',
    args: ['touch'],
    lies: [{ number: WRITE, nth: 1, kind: LIE_KIND.HOLD, value: BigInt(WRITE), at: 0n, size: 1000 }],
    timeMs: 3000,
    ended: 'killed',
    cause: 'TIME_LIMIT',
    out: 'before\n',
  },
  answer('the one before', LIE_ANSWER.REPLAYED),
  answer('changed in one bit', LIE_ANSWER.SPOILED),
  answer('missing', LIE_ANSWER.MISSING),
  answer('a failure of the firmware', LIE_ANSWER.FAILED),
  answer('that the host is busy, for ever', LIE_ANSWER.BUSY),
  {
    name: 'a CPUID page without AVX2, which the shim requires',
    args: [],
    lies: [{ number: 0, nth: 0, kind: LIE_KIND.CPUID, value: 0xffff_ffdfn, at: 7n, size: 1 }],
    ended: 'refused',
    cause: 'CPUID_PAGE',
  },
  {
    name: 'a secrets page of another version',
    args: [],
    lies: [{ number: 0, nth: 0, kind: LIE_KIND.SECRETS, value: 3n, at: 0n }],
    ended: 'refused',
    cause: 'SECRETS',
  },
  {
    name: 'a secrets page with another key',
    args: [],
    lies: [{ number: 0, nth: 0, kind: LIE_KIND.SECRETS, value: 1n, at: 0x20n }],
    ended: 'refused',
    cause: 'GUEST_REQUEST',
  },
];
