// SPDX-License-Identifier: Apache-2.0
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { kvmApiVersion } from '../kvm/device.js';
import { kvmExtensions } from '../kvm/extensions.js';
import { native, systemCode } from '../native.js';
import type { SyscallDispatch } from '../native.js';
import { sevCommand } from './sev-device.js';

/** What this user can do with a device file. */
export type DeviceState = 'usable' | 'denied' | 'missing';

/** Everything that is asked of a machine; tests put one of their own in its place. */
export interface PlatformReaders {
  cpuid(leaf: number, subleaf: number): readonly [number, number, number, number];
  device(path: string): DeviceState;
  /** A file's text, or `undefined` where it cannot be read. */
  text(path: string): string | undefined;
  exists(path: string): boolean;
  /** A value of the auxiliary vector of this process; 0 for a type that is not there. */
  auxiliary(type: number): bigint;
  /** Whether the kernel's vDSO has this symbol. */
  vdso(symbol: string): boolean;
  syscallUserDispatch(): SyscallDispatch;
  /** KVM_GET_API_VERSION; `undefined` where /dev/kvm does not open. */
  kvmApi(): number | undefined;
  /** KVM_CHECK_EXTENSION of each capability, 0 for one that it has not; `undefined` where /dev/kvm does not open. */
  kvmExtensions(capabilities: readonly number[]): readonly number[] | undefined;
  /** What SEV's firmware answers to a command of /dev/sev, `size` bytes; `undefined` where it does not. */
  sevCommand(command: number, size: number): Uint8Array | undefined;
  /** Whether a file has this text in it; `undefined` where it cannot be read. */
  contains(path: string, text: string): boolean | undefined;
}

const MISSING: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR']);

function device(path: string): DeviceState {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return 'usable';
  } catch (error) {
    return MISSING.has(systemCode(error)) ? 'missing' : 'denied';
  }
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function text(path: string): string | undefined {
  return bytesOf(path)?.toString('utf8');
}

function auxiliary(type: number): bigint {
  const bytes = bytesOf('/proc/self/auxv') ?? Buffer.alloc(0);
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    if (bytes.readBigUInt64LE(at) === BigInt(type)) return bytes.readBigUInt64LE(at + 8);
  }
  return 0n;
}

/** The vDSO's bytes, from the memory of this process: it is in no file. */
function vdsoImage(): Buffer | undefined {
  const line = text('/proc/self/maps')
    ?.split('\n')
    .find((entry) => entry.endsWith('[vdso]'));
  const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line ?? '');
  if (range === null) return undefined;
  const [from, to] = [BigInt(`0x${range[1]}`), BigInt(`0x${range[2]}`)];
  const image = Buffer.alloc(Number(to - from));
  let memory: number | undefined;
  try {
    memory = openSync('/proc/self/mem', 'r');
    return readSync(memory, image, 0, image.length, from) === image.length ? image : undefined;
  } catch {
    return undefined;
  } finally {
    if (memory !== undefined) closeSync(memory);
  }
}

const AT_HWCAP2 = 26;
const HWCAP2_FSGSBASE = 2n;

/** Whether the kernel lets programs use RDFSBASE and WRFSBASE, as every Keep does. */
export function kernelFsgsbase(read: PlatformReaders): boolean {
  return (read.auxiliary(AT_HWCAP2) & HWCAP2_FSGSBASE) !== 0n;
}

/** The machine that this runs on. */
export const SYSTEM_READERS: PlatformReaders = {
  cpuid: (leaf, subleaf) => native().cpuid(leaf, subleaf),
  device,
  text,
  exists: (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
  auxiliary,
  vdso: (symbol) => vdsoImage()?.includes(`\0${symbol}\0`, 0, 'latin1') ?? false,
  syscallUserDispatch: () => native().syscallUserDispatch(),
  kvmApi: kvmApiVersion,
  kvmExtensions,
  sevCommand,
  contains: (path, part) => bytesOf(path)?.includes(part, 0, 'latin1'),
};
