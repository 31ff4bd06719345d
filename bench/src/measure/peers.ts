// SPDX-License-Identifier: Apache-2.0
// Other measurers, from checkouts that the user has: none of them is installable from npm or Debian, and none is copied.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@motte/test-helpers/vectors';
import { spawned } from '../spawned.js';
import type { Spawned } from '../spawned.js';

/** A measurer by somebody else. */
export interface Peer {
  readonly name: string;
  /** What it took elsewhere (../shared/FACTS.md): bytes a second, and milliseconds to start. */
  readonly quoted: { readonly speed: number; readonly startMs: number };
  /** Measures a file. Undefined where the peer is not on this machine. */
  readonly run?: (file: string) => Spawned;
  /** Why there is no `run`. */
  readonly missing: string;
}

const PYTHON = '/usr/bin/python3';
const MIB = 1 << 20;

/** A file of a checkout below $MOTTE_PEERS. */
function found(...path: string[]): string | undefined {
  const folder = process.env['MOTTE_PEERS'];
  const file = folder === undefined ? undefined : join(folder, ...path);
  return file !== undefined && existsSync(file) && existsSync(PYTHON) ? file : undefined;
}

function missing(source: string, folder: string): string {
  return `not on this machine: put a checkout of ${source} at $MOTTE_PEERS/${folder}`;
}

/** sev-snp-measure, with the options that `motte measure snp` has from it. */
export function sevSnpMeasure(options: readonly string[]): Peer {
  const script = found('sev-snp-measure', 'sev-snp-measure.py');
  return {
    name: 'sev-snp-measure',
    quoted: { speed: 235 * MIB, startMs: 190 },
    missing: missing('github.com/virtee/sev-snp-measure', 'sev-snp-measure'),
    ...(script === undefined
      ? {}
      : { run: (file) => spawned(PYTHON, [script, '--mode', 'snp', ...options, '--ovmf', file]) }),
  };
}

/** Gramine's signer, on a file as one segment of an enclave of this size; bench/peers says how. */
export function gramine(size: bigint): Peer {
  const signer = found('gramine', 'python', 'graminelibos', 'sgx_sign.py');
  const driver = join(ROOT, 'bench/peers/gramine-measure.py');
  return {
    name: 'Gramine’s signer',
    quoted: { speed: 346 * MIB, startMs: 0 },
    missing: missing('github.com/gramineproject/gramine', 'gramine'),
    ...(signer === undefined
      ? {}
      : {
          run: (file) =>
            spawned(PYTHON, [driver, join(process.env['MOTTE_PEERS'] ?? '', 'gramine'), file, `${size}`]),
        }),
  };
}

/** Intel's signer, which has to be built with its SDK. */
export const sgxSign: Peer = {
  name: 'Intel’s sgx_sign',
  quoted: { speed: 366 * MIB, startMs: 0 },
  missing:
    'not on this machine: neither npm nor Debian has it, and its source builds with the whole SDK alone',
};
