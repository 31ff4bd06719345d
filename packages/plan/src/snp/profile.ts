// SPDX-License-Identifier: Apache-2.0
import type { SnpPageType } from './plan.js';
import type { VmsaState } from './vmsa.js';

/** What a VMM does in its own way; the profiles themselves are data (`packages/measure/profiles`). */
export interface VmmProfile {
  readonly name: string;
  /** Where this is known from: project, version, and the vector that shows it. */
  readonly source: string;
  /** vCPU 0, and those after it. */
  readonly firstVcpu: VmsaState;
  readonly otherVcpus: VmsaState;
  /** RDX has the CPU's signature (CPUID 1 EAX), which the launch then depends on. */
  readonly signatureInRdx: boolean;
  /** How a section of a type (SEV_SECTION) is launched; a type that is not here is refused. */
  readonly sections: Readonly<Record<number, SnpPageType>>;
  /** Where the page with the hashes of a kernel comes: as a section of the firmware's, or before all sections. */
  readonly kernelHashes: 'section' | 'first';
  /** CPUID pages come after all other sections. */
  readonly cpuidLast: boolean;
}
