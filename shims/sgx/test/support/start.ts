// SPDX-License-Identifier: Apache-2.0
// A Keep that is started with a START message of the test's own: the boot message, and which thread is entered.
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { bootMessage } from '@motte/loader/boot';
import { emulatedBackend } from '@motte/loader/emulated/enclave';
import { encodeStart, sgxPlace } from '@motte/loader/helper/start';
import { Keep } from '@motte/loader/keep';
import { dynamicRanges, tcsOffsets } from '@motte/loader/keep-info';
import { launch } from '@motte/loader/launch';
import { helperPath } from '@motte/loader/prebuilt';
import type { PreparedKeep } from '@motte/loader/keep/prepare';
import type { End } from '@motte/loader/load';

/** What the host does. */
export interface Host {
  /** Changes the boot message, or makes another. */
  readonly boot?: (message: Uint8Array) => Uint8Array;
  /** Which TCS is entered first; 0 is the boot thread's. */
  readonly thread?: number;
}

/** Exchanges the first TCS of a START message with another: it holds them as offsets, one after the other. */
function enterFirst(start: Uint8Array, offsets: readonly bigint[], thread: number): Uint8Array {
  const table = Buffer.from(new BigUint64Array(offsets).buffer);
  const at = Buffer.from(start.buffer, start.byteOffset, start.length).indexOf(table);
  if (at < 0) throw new Error('START has no table of threads');
  const order = [offsets[thread] ?? 0n, ...offsets.filter((_, i) => i !== thread)];
  const out = Uint8Array.from(start);
  out.set(new Uint8Array(new BigUint64Array(order).buffer), at);
  return out;
}

/** How the image's Keep ends under this host. */
export async function endUnder(image: PreparedKeep, { boot = (m) => m, thread = 0 }: Host): Promise<End> {
  const configId = new Uint8Array(64);
  configId.set(createHash('sha256').update(image.config).digest());
  const enclave = launch(image.plan, emulatedBackend(), { sigstruct: image.sigstruct, configId, base: 0n });
  try {
    const start = encodeStart({
      place: sgxPlace(image.plan, dynamicRanges(image.plan), enclave.base, true),
      boot: boot(bootMessage(image.config, { args: [], env: [] })),
      sites: image.sites ?? [],
      patch: true,
      strict: false,
      stdin: false,
      stdout: false,
      stderr: false,
      trace: false,
      debugger: false,
      switchless: false,
      timeLimitMs: 60_000,
      epcPages: 0n,
      grants: [],
      parts: [],
    });
    const keep = await Keep.start({
      path: helperPath(),
      stdio: ['ignore', 'ignore', 'ignore'],
      memory: enclave.memory.fd,
      ...(enclave.epc === undefined ? {} : { beside: enclave.epc.fd }),
      grants: [],
      parts: [],
      emulated: true,
      measurement: enclave.measurement,
      start: enterFirst(start, tcsOffsets(image.plan), thread),
      size: image.plan.size,
      tee: 'sgx',
      linger: false,
      begun: performance.now(),
    });
    return await keep.exited;
  } finally {
    enclave.close();
  }
}
