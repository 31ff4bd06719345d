// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import { WINDOW_BYTES } from '@motte/plan/walk';
import { newSha256 } from '../hash.js';
import type { NewHasher } from '../hash.js';
import { stepsOf } from '../transcript.js';
import type { OnStep } from '../transcript.js';

/** What LAUNCH_UPDATE_DATA encrypts before an SEV or SEV-ES guest starts, in order. */
export interface SevData {
  readonly firmware: ByteSource;
  /** The table of kernel hashes (`@motte/plan/snp/kernel-hashes`), when a kernel is booted directly. */
  readonly hashTable?: Uint8Array;
}

/** How such a launch is measured; each has a default. */
export interface MeasureSevOptions {
  /** Starts a SHA-256; without it the platform's. */
  readonly sha256?: NewHasher;
  /** Is told of every part, for a transcript. */
  readonly onStep?: OnStep | undefined;
}

/** SHA-256 over all that LAUNCH_UPDATE_DATA and LAUNCH_UPDATE_VMSA took. The caller owns the result. */
export function hashLaunch(
  { firmware, hashTable }: SevData,
  vmsas: readonly Uint8Array[],
  { sha256 = newSha256, onStep }: MeasureSevOptions,
): Uint8Array {
  const hasher = sha256();
  const step = stepsOf(hasher, onStep);
  const window = new Uint8Array(WINDOW_BYTES);
  for (let at = 0; at < firmware.size; at += window.length) {
    const part = window.subarray(0, Math.min(window.length, firmware.size - at));
    firmware.read(at, part);
    hasher.update(part);
  }
  step(() => `LAUNCH_UPDATE_DATA firmware ${firmware.size}`);
  if (hashTable !== undefined) {
    hasher.update(hashTable);
    step(() => `LAUNCH_UPDATE_DATA hash-table ${hashTable.length}`);
  }
  for (const [vcpu, vmsa] of vmsas.entries()) {
    hasher.update(vmsa);
    step(() => `LAUNCH_UPDATE_VMSA ${vcpu}`);
  }
  return hasher.digest();
}
