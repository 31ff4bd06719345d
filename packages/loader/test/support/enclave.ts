// SPDX-License-Identifier: Apache-2.0
// Runs hand-written enclaves in the helper, without shim or loader: for what the CPU itself must do.
import { SECS } from '@motte/binary/sgx/secs';
import { TCS } from '@motte/binary/sgx/tcs';
import { PAGE_TYPE } from '@motte/binary/sgx/secinfo';
import { frame, Unframer } from '@motte/loader/helper/framing';
import { decodeEnded } from '@motte/loader/helper/report';
import { native } from '@motte/loader/native';
import { helperPath } from '@motte/loader/prebuilt';
import { ENDED } from '@motte/loader/protocol/ended';
import { EPC_ENTRIES_OFFSET, EPCM_ENTRY, EPCM_FLAGS } from '@motte/loader/protocol/epc';
import {
  BACKEND,
  LIE,
  MAPPING,
  MESSAGE_TYPE,
  PEEK,
  PROTOCOL_VERSION,
  START,
  START_FLAGS,
} from '@motte/loader/protocol/messages';
import { SITE, SITE_KIND } from '@motte/elf/sites';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import type { LayoutValues } from '@motte/binary/layout';
import type { SECS_FIELDS } from '@motte/binary/sgx/secs';
import type { TCS_FIELDS } from '@motte/binary/sgx/tcs';
import type { EPCM_ENTRY_FIELDS } from '@motte/loader/protocol/epc';
import type { LIE_FIELDS, START_FIELDS } from '@motte/loader/protocol/messages';
import type { End, KeepStats } from '@motte/loader/helper/report';

export const SIZE = 0x100000;
const CODE = { at: 0, pages: 64, permissions: 5 };
const DATA = { at: 0x40000, pages: 3, permissions: 3 };
const SSA = { at: 0x50000, pages: 2, permissions: 3 };
export const TCS_AT = 0x60000;
/** Mapped RW, with no page in it. */
export const LATER = { at: 0x80000, pages: 32 };

/** Assembly of a case: at CSSA 0, and at CSSA 1 (which fails with 98 without it). */
export interface Code {
  readonly body: string;
  readonly handler?: string;
}

/** Assembles all cases into one piece of code; case i is at 0x1000 * i. */
export function assemble(cases: readonly Code[]): Uint8Array {
  const text = cases.map(
    ({ body, handler = 'EXIT 98' }, i) => `
	.org	0x${(i * 0x1000).toString(16)}
	test	%eax, %eax
	jnz	handler_${i}
	cmpq	$0, DATA+32(%rip)
	jne	back_${i}
	ENTERED
	lea	DATA+0x2000(%rip), %rsp
	${body}
	EXIT	99
back_${i}:
	ENTERED
	lea	DATA+0x2000(%rip), %rsp
	mov	DATA+32(%rip), %rax
	jmp	*%rax
handler_${i}:
	ENTERED
	lea	DATA+0x3000(%rip), %rsp
	${handler}
	EXIT	97
`,
  );
  return assembleParts('frame.S', text, 'frame-end.S');
}

/** Assembles `text` between two files of test/keeps. */
export function assembleParts(before: string, text: readonly string[], after: string): Uint8Array {
  const keeps = join(ROOT, 'packages/loader/test/keeps');
  const folder = tempFolder('motte-enclave');
  const [source, object, binary] = ['a.S', 'a.o', 'a.bin'].map((name) => join(folder, name));
  if (source === undefined || object === undefined || binary === undefined) throw new Error('three names');
  const part = (name: string): string => readFileSync(join(keeps, name), 'utf8');
  writeFileSync(source, part(before) + text.join('') + part(after));
  execFileSync('gcc-12', ['-c', source, '-o', object]);
  execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
  return readFileSync(binary);
}

/** What is special about a run. */
export interface Special {
  readonly tcs?: Partial<LayoutValues<typeof TCS_FIELDS>>;
  readonly secs?: Partial<LayoutValues<typeof SECS_FIELDS>>;
  /** EPCM entries by page number. */
  readonly epcm?: Readonly<Record<number, Partial<LayoutValues<typeof EPCM_ENTRY_FIELDS>>>>;
  /** Bytes by offset, after everything else. */
  readonly bytes?: Readonly<Record<number, Uint8Array>>;
  readonly start?: Partial<LayoutValues<typeof START_FIELDS>>;
  /** START_FLAGS beside STDOUT. */
  readonly flags?: number;
  readonly lies?: readonly Partial<LayoutValues<typeof LIE_FIELDS>>[];
  readonly helper?: string;
  /** Where the TCSs are, when there are others than one. */
  readonly tcsPages?: readonly number[];
  /** What is mapped in place of the SSA frames of the one thread. */
  readonly mapped?: readonly { readonly at: number; readonly pages: number; readonly permissions: number }[];
  /** Called when the Keep runs. */
  readonly running?: (send: (type: number, payload?: Uint8Array) => void) => void;
  /** What is peeked at after the end. */
  readonly peek?: { readonly offset: bigint; readonly length: bigint };
}

export interface Ran {
  readonly end: End;
  readonly vector: number;
  readonly errorCode: number;
  readonly stats: KeepStats;
  readonly stdout: Buffer;
  readonly peeked: Uint8Array | undefined;
  /** Exit status of the helper. */
  readonly status: number | null;
}

const SITES = [
  { offset: 0x3f100, kind: SITE_KIND.ENCLU },
  { offset: 0x3f200, kind: SITE_KIND.ENCLU },
  { offset: 0x3f300, kind: SITE_KIND.WRFSBASE_RAX },
  { offset: 0x3f310, kind: SITE_KIND.RDFSBASE_RAX },
];

function startPayload(special: Special): Uint8Array {
  const { tcsPages = [TCS_AT], mapped = [SSA] } = special;
  const mappings = [
    ...[CODE, DATA, ...mapped].map(({ at, pages, permissions }) => ({ at, pages, permissions })),
    { at: TCS_AT, pages: tcsPages.length, permissions: 3 },
    { ...LATER, permissions: 3 },
  ].map(({ at, pages, permissions }) =>
    MAPPING.write({ offset: BigInt(at), length: BigInt(pages * 0x1000), permissions }),
  );
  const lies = special.lies ?? [];
  const start = START.write({
    version: PROTOCOL_VERSION,
    backend: BACKEND.EMULATED,
    size: BigInt(SIZE),
    flags: START_FLAGS.STDOUT | (special.flags ?? 0),
    mapping_count: mappings.length,
    tcs_count: tcsPages.length,
    site_count: SITES.length,
    lie_count: lies.length,
    time_limit_ms: 20000,
    ...special.start,
  });
  const tcs = new Uint8Array(new BigUint64Array(tcsPages.map(BigInt)).buffer);
  return Buffer.concat([
    start,
    ...mappings,
    tcs,
    ...SITES.map((site) => SITE.write(site)),
    ...lies.map((lie) => LIE.write(lie)),
  ]);
}

function epcState(special: Special): Uint8Array {
  const out = new Uint8Array(EPC_ENTRIES_OFFSET + (SIZE / 0x1000) * EPCM_ENTRY.size);
  out.set(
    SECS.write({
      size: BigInt(SIZE),
      ssaframesize: 1,
      miscselect: 1,
      attributes: 0x85n,
      xfrm: 7n,
      mrenclave: new Uint8Array(32).fill(0x11),
      mrsigner: new Uint8Array(32).fill(0x22),
      configid: new Uint8Array(64).fill(0x33),
      isvprodid: 4,
      isvsvn: 5,
      ...special.secs,
    }),
  );
  const set = (page: number, values: Partial<LayoutValues<typeof EPCM_ENTRY_FIELDS>>): void =>
    out.set(EPCM_ENTRY.write(values), EPC_ENTRIES_OFFSET + page * EPCM_ENTRY.size);
  for (const { at, pages, permissions } of [CODE, DATA, SSA]) {
    for (let i = 0; i < pages; i++) {
      set(at / 0x1000 + i, { type: PAGE_TYPE.REG, permissions, flags: EPCM_FLAGS.VALID });
    }
  }
  set(TCS_AT / 0x1000, { type: PAGE_TYPE.TCS, flags: EPCM_FLAGS.VALID });
  for (const [page, values] of Object.entries(special.epcm ?? {})) set(Number(page), values);
  return out;
}

function memory(code: Uint8Array, entry: number, special: Special): Uint8Array {
  const out = new Uint8Array(SIZE);
  out.set(code);
  const tcs = TCS.write({
    ossa: BigInt(SSA.at),
    nssa: 2,
    oentry: BigInt(entry * 0x1000),
    ofsbase: BigInt(DATA.at),
    ogsbase: BigInt(DATA.at),
    fslimit: 0xfff,
    gslimit: 0xfff,
    ...special.tcs,
  });
  out.set(tcs, TCS_AT);
  for (const [offset, bytes] of Object.entries(special.bytes ?? {})) out.set(bytes, Number(offset));
  return out;
}

/** Runs case `entry` of the code to its end. */
export async function runEnclave(code: Uint8Array, entry: number, special: Special = {}): Promise<Ran> {
  const contents = [memory(code, entry, special), epcState(special)];
  const files = contents.map((bytes, i) => {
    const file = native().memfdCreate(`test-${i}`);
    native().ftruncate(file.fd, bytes.length);
    native().pwrite(file.fd, bytes, 0);
    return file;
  });
  const child = spawn(special.helper ?? helperPath(), [], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit', 'pipe', ...files.map((file) => file.fd)],
  });
  for (const file of files) file.close();
  const control = child.stdio[3] as Duplex;
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const parts: Buffer[] = [];
  (child.stdout as unknown as Readable).on('data', (bytes: Buffer) => parts.push(bytes));
  const drained = new Promise((resolve) => (child.stdout as unknown as Readable).once('close', resolve));
  const unframer = new Unframer();
  let ended: Uint8Array | undefined;
  let peeked: Uint8Array | undefined;
  const send = (type: number, payload?: Uint8Array): void => {
    control.write(frame(type, 7, payload));
  };
  await new Promise<void>((resolve) => {
    control.on('error', () => resolve());
    control.on('close', () => resolve());
    control.on('data', (bytes: Uint8Array) => {
      for (const message of unframer.push(bytes)) {
        if (message.type === MESSAGE_TYPE.STARTED) special.running?.(send);
        if (message.type === MESSAGE_TYPE.PEEKED) {
          peeked = message.payload;
          resolve();
        }
        if (message.type !== MESSAGE_TYPE.ENDED) continue;
        ended = message.payload;
        if (special.peek === undefined) resolve();
        else send(MESSAGE_TYPE.PEEK, PEEK.write(special.peek));
      }
    });
    control.write(frame(MESSAGE_TYPE.START, 1, startPayload(special)));
  });
  control.end();
  const status = await exited;
  await drained;
  if (ended === undefined) throw new Error(`the helper ended without ENDED, status ${status ?? 'signal'}`);
  const { vector, error_code: errorCode } = ENDED.read(ended);
  return { ...decodeEnded(ended), vector, errorCode, stdout: Buffer.concat(parts), peeked, status };
}
