// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import { WINDOW_BYTES } from '@motte/plan/walk';
import { newSha256 } from './hash.js';
import type { NewHasher } from './hash.js';

/** What is encrypted before an SEV or SEV-ES guest starts, in order. */
export interface SevLaunch {
  readonly firmware: ByteSource;
  /** The table of kernel hashes (`@motte/plan/snp/kernel-hashes`), when a kernel is booted directly. */
  readonly hashTable?: Uint8Array;
  /** SEV-ES: the initial VMSA page of each vCPU. */
  readonly vmsas?: readonly Uint8Array[];
}

/**
 * The launch digest of an SEV or SEV-ES guest: SHA-256 over all that LAUNCH_UPDATE_DATA and
 * LAUNCH_UPDATE_VMSA took. AMD 55766 rev 3.24, LAUNCH_MEASURE. The caller owns the result.
 */
export function measureSev(launch: SevLaunch, sha256: NewHasher = newSha256): Uint8Array {
  const { firmware, hashTable, vmsas = [] } = launch;
  const hasher = sha256();
  const window = new Uint8Array(WINDOW_BYTES);
  for (let at = 0; at < firmware.size; at += window.length) {
    const part = window.subarray(0, Math.min(window.length, firmware.size - at));
    firmware.read(at, part);
    hasher.update(part);
  }
  if (hashTable !== undefined) hasher.update(hashTable);
  for (const vmsa of vmsas) hasher.update(vmsa);
  return hasher.digest();
}
