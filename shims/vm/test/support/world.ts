// SPDX-License-Identifier: Apache-2.0
// An SEV-SNP guest without one (test/c/snp_world.h): what it starts with, and what its host does.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layout } from '@motte/binary/layout';
import { GHCB, GHCB_MSR } from '@motte/plan/snp/ghcb';
import { VM_MAP } from '@motte/plan/vm/map';
import { nativeProgramIn } from '@motte/test-helpers/native';
import type { NativeProgram } from '@motte/test-helpers/native';

const VM = resolve(fileURLToPath(import.meta.url), '../../../..');
const BEARSSL = join(VM, '../../build/bearssl');

export const hasBearssl: boolean = existsSync(BEARSSL);

const SNP = ['check', 'cpuid', 'exception', 'gcm', 'ghcb', 'key', 'pages', 'report', 'request', 'secrets'];
const LIBRARY = [
  'aead/gcm',
  'codec/ccopy',
  'codec/dec32be',
  'codec/dec32le',
  'codec/enc32be',
  'codec/enc32le',
  'hash/ghash_ctmul64',
  'symcipher/aes_ct64',
  'symcipher/aes_ct64_ctr',
  'symcipher/aes_ct64_enc',
];

const built = new Map<string, NativeProgram>();

/** The program whose `main` is in test/c, with what of the shim it needs besides SEV-SNP's part. */
function program(name: string, more: readonly string[]): NativeProgram {
  const known = built.get(name);
  if (known !== undefined) return known;
  const made = nativeProgramIn(
    VM,
    ['test/c', '../core/test/c', join(BEARSSL, 'inc'), join(BEARSSL, 'src')],
    name,
    [
      `test/c/${name}.c`,
      'test/c/snp_world.c',
      ...more,
      ...SNP.map((one) => `snp/${one}.c`),
      'state.c',
      '../core/copy.c',
      '../core/copy_words.S',
      ...LIBRARY.map((one) => join(BEARSSL, 'src', `${one}.c`)),
    ],
  );
  built.set(name, made);
  return made;
}

const START = layout({ name: 'world_start', size: 8392, source: 'test/c/snp_world.h' }, [
  { at: 0, name: 'sev_status', type: 'u64' },
  { at: 8, name: 'cr0', type: 'u64' },
  { at: 16, name: 'cr4', type: 'u64' },
  { at: 24, name: 'efer', type: 'u64' },
  { at: 32, name: 'mode', type: 'u64' },
  { at: 40, name: 'encrypted', type: 'u64' },
  { at: 48, name: 'xcr0', type: 'u64' },
  { at: 56, name: 'host', type: 'u64' },
  { at: 64, name: 'validated', type: 'bytes64' },
  { at: 128, name: 'code_length', type: 'u64' },
  { at: 136, name: 'code', type: 'bytes64' },
  { at: 200, name: 'secrets', type: 'bytes4096' },
  { at: 4296, name: 'cpuid', type: 'bytes4096' },
] as const);

/** What the guest starts with. */
export interface Start {
  readonly sevStatus: bigint;
  readonly cr0: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
  readonly xcr0: bigint;
  readonly encrypted: bigint;
  /** VM_INFO's. */
  readonly mode: bigint;
  /** What plain KVM's host says that it is. */
  readonly host: bigint;
  /** What PVALIDATE says, time by time; CF is bit 32. */
  readonly validated: readonly bigint[];
  readonly code: Uint8Array;
  readonly secrets: Uint8Array;
  readonly cpuid: Uint8Array;
}

/** What the host does at a VMGEXIT. */
export interface Answer {
  readonly msr?: bigint;
  readonly writes?: readonly (readonly [address: number, bytes: Uint8Array])[];
}

export const C_BIT = 51;

/** As everything should be. */
export const GOOD: Start = {
  sevStatus: 7n,
  cr0: 0x8005_0033n,
  cr4: 0x34_0e20n,
  efer: 0x1d01n,
  xcr0: 7n,
  encrypted: 1n << BigInt(C_BIT),
  mode: 1n,
  host: 0n,
  validated: [1n << 32n],
  code: new Uint8Array(),
  secrets: new Uint8Array(4096),
  cpuid: new Uint8Array(4096),
};

export const u64 = (...values: bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(values).buffer);

const padded = (bytes: Uint8Array, size: number): Uint8Array => {
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
};

function input(start: Start, answers: readonly Answer[]): Uint8Array {
  const last = start.validated.at(-1) ?? 0n;
  const bytes = START.write({
    sev_status: start.sevStatus,
    cr0: start.cr0,
    cr4: start.cr4,
    efer: start.efer,
    mode: start.mode,
    host: start.host,
    encrypted: start.encrypted,
    xcr0: start.xcr0,
    validated: u64(...Array.from({ length: 8 }, (_, i) => start.validated[i] ?? last)),
    code_length: BigInt(start.code.length),
    code: padded(start.code, 64),
    secrets: start.secrets,
    cpuid: start.cpuid,
  });
  const parts = answers.flatMap(({ msr = 0n, writes = [] }) => [
    u64(msr, BigInt(writes.length)),
    ...writes.flatMap(([address, data]) => [u64(BigInt(address), BigInt(data.length)), padded(data, 2048)]),
  ]);
  return Buffer.concat([bytes, ...parts]);
}

function linesOf(made: NativeProgram, args: readonly string[], bytes: Uint8Array): string[] {
  const { status, stdout, stderr } = made([...args], bytes);
  if (status !== 0) throw new Error(`${args.join(' ')}: status ${status}: ${stdout.toString()}${stderr}`);
  return stdout.toString().trimEnd().split('\n');
}

/** Runs snp_driver; the lines that it printed. */
export function run(args: readonly string[], start: Start, answers: readonly Answer[] = []): string[] {
  return linesOf(program('snp_driver', []), args, input(start, answers));
}

/** What the IDT and the handler of ring 3 make of each vector. */
export function vectors(start: Start, at: 'code' | 'external' | 'step' = 'code'): string[] {
  const made = program('vector_driver', ['tee.c', 'kvm.c', 'pvm.c', 'trap.c', '../core/fault.c']);
  return linesOf(made, at === 'code' ? [] : [at], input(start, []));
}

/** The last line: how it ended. */
export const end = (lines: readonly string[]): string | undefined => lines.at(-1);

/** The GHCB of vCPU `index`. */
export const ghcbAt = (index: number): number => VM_MAP.GHCB + index * 4096;

/** The pages of a guest request and of its answer. */
export const REQUEST_PAGE: number = ghcbAt(2);
export const ANSWER_PAGE: number = ghcbAt(3);

/** What a field of vCPU 0's GHCB becomes. */
export const field = (
  name: Parameters<typeof GHCB.offsetOf>[0],
  ...values: bigint[]
): readonly [number, Uint8Array] => [ghcbAt(0) + GHCB.offsetOf(name), u64(...values)];

/** A host that agrees to the protocol. */
export const AGREES: readonly Answer[] = [
  { msr: (2n << 48n) | (1n << 32n) | (BigInt(C_BIT) << 24n) | BigInt(GHCB_MSR.SEV_INFO_ANSWER) },
  { msr: (1n << 12n) | BigInt(GHCB_MSR.FEATURES_ANSWER) },
  { msr: BigInt(ghcbAt(0)) | BigInt(GHCB_MSR.REGISTER_ANSWER) },
];
