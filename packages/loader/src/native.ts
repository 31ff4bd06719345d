// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { createRequire } from 'node:module';
import { addonPath } from './prebuilt.js';

/** A descriptor of the kernel's, closed by `close` or, at the latest, when nothing refers to it any more. */
export interface Descriptor {
  /** The number; -1 once it is closed. */
  readonly fd: number;
  close(): void;
  /** The number, which is the caller's to close from now on. */
  take(): number;
}

/** Page aligned memory outside the JavaScript heap, zeros at first. */
export interface Mapping {
  write(offset: number, bytes: Uint8Array): void;
  /** Fills `into` with the bytes from `offset` on. */
  read(offset: number, into: Uint8Array): void;
  unmap(): void;
}

/** How far an ioctl got that may stop in the middle: bytes done, and why it stopped (`null`: no error). */
export interface Partial {
  readonly count: number;
  readonly code: string | null;
}

/** How the kernel can hand a system call of the Keep's to us: inclusive ranges are Linux 6.17's. */
export type SyscallDispatch = 'none' | 'exclusive' | 'inclusive';

/** The addon: one function a system call, ioctl or instruction. Failures are Errors with `code` and `syscall`. */
export interface Native {
  memfdCreate(name: string): Descriptor;
  open(path: string): Descriptor;
  /** Two ends of a stream. */
  socketpair(): [Descriptor, Descriptor];
  ftruncate(fd: number, size: number): void;
  /** Bytes written, at `offset`. */
  pwrite(fd: number, bytes: Uint8Array, offset: number): number;
  /** Bytes read, from `offset` on. */
  pread(fd: number, into: Uint8Array, offset: number): number;
  addSeals(fd: number, seals: number): void;
  map(length: number): Mapping;
  sgxCreate(fd: number, secs: Uint8Array): void;
  sgxAddPages(
    fd: number,
    mapping: Mapping,
    from: number,
    offset: number,
    length: number,
    secinfo: Uint8Array,
    measure: boolean,
  ): Partial;
  /** 0, or the error code of EINIT itself. */
  sgxInit(fd: number, sigstruct: Uint8Array): number;
  kvmApiVersion(fd: number): number;
  /** 0 for a capability that KVM has not heard of. */
  kvmCheckExtension(fd: number, capability: number): number;
  /** Fills `out` with what firmware answers to a command of /dev/sev that has no input. */
  sevCommand(fd: number, command: number, out: Uint8Array): void;
  cpuid(leaf: number, subleaf: number): [eax: number, ebx: number, ecx: number, edx: number];
  syscallUserDispatch(): SyscallDispatch;
}

/** `seals` of `addSeals`: from then on the descriptor's size is fixed. */
export const SEAL_SIZE: number = 0x2 | 0x4;

let loaded: Native | undefined;

/** The addon, loaded when it is first asked for. Throws ADDON_MISSING. */
export function native(): Native {
  if (loaded !== undefined) return loaded;
  const path = addonPath();
  try {
    loaded = createRequire(import.meta.url)(path) as Native;
  } catch (cause) {
    throw new MotteError('ADDON_MISSING', {
      field: path,
      message: `the native part of the loader cannot be loaded on ${process.platform}-${process.arch}`,
      cause,
    });
  }
  return loaded;
}

/** The `code` of an error of the kernel's, or `undefined`; our own errors have codes of another kind. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof MotteError || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
