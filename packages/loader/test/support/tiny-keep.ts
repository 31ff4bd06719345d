// SPDX-License-Identifier: Apache-2.0
import { TCS } from '@motte/binary/sgx/tcs';
import { bytesSource } from '@motte/binary/source';
import { configBlob } from '@motte/config/blob';
import { defaultConfig } from '@motte/config/keep-toml';
import { measureSgx } from '@motte/measure/sgx';
import { secsRun } from '@motte/plan/sgx/secs';
import { NO_BYTES } from '@motte/plan/sources';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';
import { planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteSource } from '@motte/binary/source';
import type { PageKind, PagePlan, PageRun } from '@motte/plan/plan';
import type { Image } from '@motte/loader/load';

/** Entry points of test/keeps/tiny.S. */
export const TINY = {
  EXIT_42: 0x000,
  SPIN: 0x100,
  SIGNAL_11: 0x200,
  REFUSE_3: 0x300,
  NO_REASON: 0x400,
  FAULT: 0x500,
  LEAK: 0x600,
} as const;

const PAGE = 4096;
const SIZE = 0x10000n;

let code: Uint8Array | undefined;

function assemble(): Uint8Array {
  const folder = tempFolder('motte-tiny');
  const [object, binary] = [join(folder, 'tiny.o'), join(folder, 'tiny.bin')];
  const source = join(ROOT, 'packages/loader/test/keeps/tiny.S');
  execFileSync('gcc-12', ['-c', source, '-o', object]);
  execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
  return readFileSync(binary);
}

function run(
  at: number,
  pages: number,
  permissions: string,
  bytes: ByteSource,
  kind: PageKind = 'reg',
): PageRun {
  const has = (letter: string): boolean => permissions.includes(letter);
  return {
    address: BigInt(at * PAGE),
    pages,
    kind,
    permissions: { read: has('r'), write: has('w'), execute: has('x') },
    measured: true,
    bytes,
    source: { file: 'tiny', section: 'tiny', offset: 0 },
  };
}

/** Where the parts are: code in page 0, a thread page, two SSA frames, a TCS; holes between. */
export const TINY_AT = { PAGE: 0x2000, SSA: 0x4000, TCS: 0x7000 } as const;

/** SECS.ATTRIBUTES: MODE64BIT and KSS, and DEBUG of a debug Keep. */
const ATTRIBUTES = 0x84n;
const DEBUG = 0x2n;

/** The Keep that starts at `entry`; `debug`: one that a debugger may look into. */
export function tinyPlan(entry: number, debug = false): PagePlan {
  code ??= assemble();
  const tcs = TCS.write({
    ossa: BigInt(TINY_AT.SSA),
    nssa: 2,
    oentry: BigInt(entry),
    ofsbase: BigInt(TINY_AT.PAGE),
    ogsbase: BigInt(TINY_AT.PAGE),
    fslimit: 0xfff,
    gslimit: 0xfff,
  });
  return {
    tee: 'sgx',
    size: SIZE,
    runs: [
      secsRun({
        size: SIZE,
        ssaFrameSize: 1,
        attributes: debug ? ATTRIBUTES | DEBUG : ATTRIBUTES,
        xfrm: 7n,
        miscselect: 1,
      }),
      run(0, 1, 'rx', bytesSource(code)),
      run(TINY_AT.PAGE / PAGE, 1, 'rw', NO_BYTES),
      run(TINY_AT.SSA / PAGE, 2, 'rw', NO_BYTES),
      run(TINY_AT.TCS / PAGE, 1, '', bytesSource(tcs), 'tcs'),
    ],
  };
}

const signer = signerFromPem(createSgxKey());

/** A signed image of it. */
export function tinyImage(entry: number, debug = false): Image {
  const plan = tinyPlan(entry, debug);
  const unsigned = planSigstruct(plan, measureSgx(plan), { date: 0x20200101, isvprodid: 0, isvsvn: 0 });
  return { plan, sigstruct: signSigstruct(unsigned, signer), config: configBlob(defaultConfig(), 'tiny') };
}
