// SPDX-License-Identifier: Apache-2.0
import {
  PLATFORM_STATES,
  SEV_DEVICE_COMMAND,
  SEV_PLATFORM_STATUS,
  SNP_PLATFORM_STATUS,
} from '@motte/binary/snp/platform-status';
import { native } from '../native.js';
import type { Descriptor, Native } from '../native.js';
import type { PlatformReaders } from './readers.js';

export const SEV_DEVICE = '/dev/sev';

/** What of the addon is needed here: tests put a kernel of their own in its place. */
export type SevCalls = Pick<Native, 'open' | 'sevCommand'>;

/** What firmware answers to a command without an input; `undefined` where it, or the kernel, does not. */
export function sevCommand(
  command: number,
  size: number,
  calls: SevCalls = native(),
): Uint8Array | undefined {
  let device: Descriptor | undefined;
  try {
    device = calls.open(SEV_DEVICE);
    const out = new Uint8Array(size);
    calls.sevCommand(device.fd, command, out);
    return out;
  } catch {
    return undefined;
  } finally {
    device?.close();
  }
}

/** SEV's firmware. */
export interface SevFirmware {
  /** `1.55` */
  readonly api: string;
  readonly build: number;
  readonly state: string;
  readonly guests: number;
}

/** SEV-SNP's part of it. */
export interface SnpFirmware extends SevFirmware {
  /** Whether the RMP, which says whose each page is, has been set up. */
  readonly rmp: boolean;
  readonly currentTcb: bigint;
  readonly reportedTcb: bigint;
}

interface Common {
  readonly api_major: number;
  readonly api_minor: number;
  readonly state: number;
  readonly build: number;
  readonly guest_count: number;
}

function common(status: Common): SevFirmware {
  return {
    api: `${status.api_major}.${status.api_minor}`,
    build: status.build,
    state: PLATFORM_STATES[status.state] ?? `state ${status.state}`,
    guests: status.guest_count,
  };
}

/** Firmware as SEV_PLATFORM_STATUS has it; `null` where it does not answer. */
export function sevFirmware(read: PlatformReaders): SevFirmware | null {
  const bytes = read.sevCommand(SEV_DEVICE_COMMAND.PLATFORM_STATUS, SEV_PLATFORM_STATUS.size);
  return bytes === undefined ? null : common(SEV_PLATFORM_STATUS.read(bytes));
}

/** Firmware as SNP_PLATFORM_STATUS has it; `null` where it does not answer. */
export function snpFirmware(read: PlatformReaders): SnpFirmware | null {
  const bytes = read.sevCommand(SEV_DEVICE_COMMAND.SNP_PLATFORM_STATUS, SNP_PLATFORM_STATUS.size);
  if (bytes === undefined) return null;
  const status = SNP_PLATFORM_STATUS.read(bytes);
  return {
    ...common(status),
    rmp: (status.rmp & 1) !== 0,
    currentTcb: status.current_tcb,
    reportedTcb: status.reported_tcb,
  };
}
