// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { PAGE_TYPE } from '@motte/binary/sgx/secinfo';
import { bytesSource } from '@motte/binary/source';
import { newSha256 } from '@motte/measure/hash';
import { sgxRecords } from '@motte/measure/sgx-records';
import { NO_PERMISSIONS } from '@motte/plan/sgx/secinfo-flags';
import { NO_BYTES } from '@motte/plan/sources';
import type { PageKind, PageRun, Permissions } from '@motte/plan/plan';
import type { PageBatch } from '../backend.js';
import type { PageState } from './eadd.js';

function run(
  kind: PageKind,
  permissions: Permissions,
  batch: Pick<PageBatch, 'offset' | 'pages' | 'measure'>,
): PageRun {
  return {
    address: BigInt(batch.offset),
    pages: batch.pages,
    kind,
    permissions,
    measured: batch.measure,
    bytes: NO_BYTES,
    source: { file: 'launch', section: kind, offset: 0 },
  };
}

/**
 * MRENCLAVE as the CPU computes it while pages come in. It sees what was handed to the backend and not the plan,
 * so that a loader which adds other bytes than the plan's gets another measurement (SECURITY.md, rule 21).
 */
export class Measuring {
  readonly #hasher = newSha256();
  readonly #records = sgxRecords((bytes) => this.#hasher.update(bytes));

  constructor(secs: Uint8Array) {
    const first = run('secs', NO_PERMISSIONS, { offset: 0, pages: 1, measure: false });
    this.#records.visitor.begin({ ...first, bytes: bytesSource(secs) }, 0);
  }

  add(batch: PageBatch, state: PageState): void {
    const { visitor, window } = this.#records;
    const permissions = {
      read: (state.permissions & 1) !== 0,
      write: (state.permissions & 2) !== 0,
      execute: (state.permissions & 4) !== 0,
    };
    const own = run(state.type === PAGE_TYPE.TCS ? 'tcs' : 'reg', permissions, batch);
    if (!visitor.begin(own, 0)) return;
    const { bytes } = batch;
    if (bytes === undefined) {
      visitor.zeros(own, 0, batch.pages);
      return;
    }
    for (let at = 0; at < bytes.length; at += window.length) {
      const part = bytes.subarray(at, at + window.length);
      window.set(part);
      visitor.content(own, at / PAGE_SIZE, window.subarray(0, part.length));
    }
  }

  /** MRENCLAVE; nothing can be added afterwards. */
  end(): Uint8Array {
    this.#records.end();
    return this.#hasher.digest();
  }
}
