// SPDX-License-Identifier: Apache-2.0
import { hashLaunch } from './sev/parts.js';
import type { MeasureSevOptions, SevData } from './sev/parts.js';

export type { MeasureSevOptions, SevData } from './sev/parts.js';

/** What is encrypted before an SEV-ES guest starts. */
export interface SevEsLaunch extends SevData {
  /** The initial VMSA page of each vCPU (`@motte/plan/snp/launch`, with no feature set). */
  readonly vmsas: readonly Uint8Array[];
}

/**
 * The launch digest of an SEV-ES guest: that of an SEV guest, and the state of its vCPUs. AMD 55766 rev 3.24,
 * LAUNCH_MEASURE. The caller owns the result.
 */
export function measureSevEs({ vmsas, ...data }: SevEsLaunch, options: MeasureSevOptions = {}): Uint8Array {
  return hashLaunch(data, vmsas, options);
}
