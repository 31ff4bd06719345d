// SPDX-License-Identifier: Apache-2.0
import { SECINFO } from '@motte/binary/sgx/secinfo';
import { SECS } from '@motte/binary/sgx/secs';
import { PAGE_SIZE, toSafeNumber } from '@motte/binary/range';
import { secinfoFlags } from '@motte/plan/sgx/secinfo-flags';
import { planSecs } from '@motte/plan/sgx/secs';
import { walkPlan } from '@motte/plan/walk';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import type { Backend, PageBatch, ReadyEnclave } from './backend.js';

/** Contents that are handed to the backend at once: a driver's call, or a write, for 256 KiB. */
const WINDOW_BYTES: number = 64 * PAGE_SIZE;

/** What a launch needs beside the plan. */
export interface LaunchInput {
  readonly sigstruct: Uint8Array;
  /** SECS.CONFIGID, 64 bytes. */
  readonly configId: Uint8Array;
  readonly configSvn?: number;
  /** Where the Keep will lie; 0 leaves it to the helper (emulated only). */
  readonly base: bigint;
}

/** The SECS that ECREATE is given: the plan's, and what only the launch knows. */
export function launchSecs(plan: PagePlan, input: LaunchInput): Uint8Array {
  return SECS.write({
    ...planSecs(plan),
    baseaddr: input.base,
    configid: input.configId,
    configsvn: input.configSvn ?? 0,
  });
}

/**
 * ECREATE, EADD and EEXTEND of every page of the plan, EINIT: one fold for hardware and emulation. Whoever calls
 * closes what comes back; when it throws nothing is left open.
 */
export function launch(plan: PagePlan, backend: Backend, input: LaunchInput): ReadyEnclave {
  const enclave = backend.create(launchSecs(plan, input));
  let secinfo: Uint8Array = new Uint8Array(0);
  const batch = (run: PageRun, first: number, pages: number): PageBatch => ({
    offset: toSafeNumber(run.address, 'address') + first * PAGE_SIZE,
    pages,
    secinfo,
    measure: run.measured,
  });
  try {
    walkPlan(
      plan,
      {
        begin(run) {
          secinfo = SECINFO.write({ flags: BigInt(secinfoFlags(run)) });
          return run.kind !== 'secs';
        },
        content: (run, first, bytes) =>
          enclave.addPages({ ...batch(run, first, bytes.length / PAGE_SIZE), bytes }),
        zeros: (run, first, count) => enclave.addPages(batch(run, first, count)),
      },
      new Uint8Array(WINDOW_BYTES),
    );
    return enclave.init(input.sigstruct);
  } catch (error) {
    enclave.abandon();
    throw error;
  }
}
