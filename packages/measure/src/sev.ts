// SPDX-License-Identifier: Apache-2.0
import { hashLaunch } from './sev/parts.js';
import type { MeasureSevOptions, SevData } from './sev/parts.js';

export type { MeasureSevOptions, SevData } from './sev/parts.js';

/**
 * The launch digest of an SEV guest: SHA-256 over firmware and kernel hashes. AMD 55766 rev 3.24,
 * LAUNCH_MEASURE. The caller owns the result.
 */
export function measureSev(data: SevData, options: MeasureSevOptions = {}): Uint8Array {
  return hashLaunch(data, [], options);
}
