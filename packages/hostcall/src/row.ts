// SPDX-License-Identifier: Apache-2.0
import type { ErrnoName } from './errno.js';
import type { REASONS } from './reasons.js';

/** A C integer type of an argument or of a field. */
export type IntType = 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64';

/** Why the Keep ends when a check on what the host gave fails. */
export type ReasonName = keyof typeof REASONS;

/** What a number must be. */
export type NumberCheck =
  /** One of these. */
  | { readonly oneOf: readonly number[] }
  /** From the first to the second, both included. */
  | { readonly range: readonly [bigint, bigint] }
  /** No bit outside these. */
  | { readonly bits: number }
  /** A multiple of this power of two, and not zero. */
  | { readonly multipleOf: number };

/** A number that goes out as it is. The Keep answers `otherwise` itself when the check fails, the host as well. */
export interface ValueArg {
  readonly kind: 'value';
  readonly name: string;
  readonly type: IntType;
  readonly check?: NumberCheck;
  /** EINVAL when not given. */
  readonly otherwise?: ErrnoName;
  readonly doc?: string;
}

/** A number that tells this row from others of the same system call (ioctl, fcntl). */
export interface ConstantArg {
  readonly kind: 'constant';
  readonly name: string;
  readonly value: number;
}

/**
 * A descriptor of the host's: the index of something granted. The host translates it to a file descriptor of its
 * own before the handler sees it, and answers EBADF when it is not granted.
 */
export interface HandleArg {
  readonly kind: 'handle';
  readonly name: string;
}

/** How many elements a buffer has. */
export interface LengthArg {
  readonly kind: 'length';
  readonly name: string;
  readonly max: number;
  /** More than `max`: `cut` asks for `max` (a short read or write), an errno refuses within the Keep. */
  readonly over: 'cut' | ErrnoName;
}

/** A page-aligned range of the Keep, as offset from its base: never an address. */
export interface KeepOffsetArg {
  readonly kind: 'keep-offset';
  readonly name: string;
  /** The `value` argument with the length of the range in bytes. */
  readonly length: string;
}

/** What one field of a structure from the host must be. */
export interface FieldCheck {
  readonly at: number;
  readonly name: string;
  readonly type: IntType;
  readonly check?: NumberCheck;
  /** What the Keep sent there (for `inout`). */
  readonly same?: true;
  /**
   * No bit but those of the field of the same type at `at`, and `also`; none at all when the i32 at `handle`, as the
   * Keep sent it, is negative.
   */
  readonly within?: { readonly at: number; readonly also: number; readonly handle: number };
  /** The host's handler wants a descriptor of its own here; the Keep's handle is put back afterwards. */
  readonly handle?: true;
}

/** Bytes of a buffer: `bytes`, or `each` times the value of the length argument `by`. */
export type BufferSize = { readonly bytes: number } | { readonly by: string; readonly each: number };

/** A buffer in the data area. */
export interface BufferArg {
  readonly kind: 'buffer';
  readonly name: string;
  /** `in`: the Keep gives it to the host. `out`: the host gives it to the Keep. */
  readonly direction: 'in' | 'out' | 'inout';
  readonly size: BufferSize;
  /**
   * How much of an `out` buffer is there after success: all of it, as many elements as the result says, or as
   * many bytes as the value-result argument of this buffer says. Default: all.
   */
  readonly filled?: 'whole' | 'result' | 'value-result';
  /** Checks on each element that comes from the host, and on each that goes to it when `in`. */
  readonly fields?: readonly FieldCheck[];
  /** Why the Keep ends when a field fails; HOST_RESULT when not given. */
  readonly reason?: ReasonName;
  /** A path or bytes of any length that the handler may use in place, unlooked at: not copied by the dispatcher. */
  readonly bulk?: true;
}

/**
 * A length that goes in as what there is room for and comes back as what there is (socklen_t): the buffer `of` is
 * as long as this argument says; the host's length follows the buffers in the data area, 8 bytes.
 */
export interface ValueResultArg {
  readonly kind: 'value-result';
  readonly name: string;
  readonly of: string;
  /** Most bytes asked for, and most that the host may answer. */
  readonly max: number;
}

export type Arg = ValueArg | ConstantArg | HandleArg | LengthArg | KeepOffsetArg | BufferArg | ValueResultArg;

/** What a successful result is. */
export type Result =
  /** Nothing but zero. */
  | { readonly kind: 'zero' }
  /** Constants, both included. */
  | { readonly kind: 'range'; readonly from: bigint; readonly to: bigint }
  /** 0 to the length argument. */
  | { readonly kind: 'count'; readonly of: string }
  /** A part of the length in this argument: at least `step`, a multiple of it. Zero would make the Keep spin. */
  | { readonly kind: 'part'; readonly of: string; readonly step: number }
  /** How many elements of the buffer have a field that is not zero. */
  | { readonly kind: 'non-zero'; readonly of: string; readonly at: number; readonly type: IntType };

/** One host call. */
export interface Row {
  /** Linux's number on x86-64, or from PLATFORM_CALLS on the platform's own. */
  readonly number: number;
  /** Of the generated functions `host_NAME` and `serve_NAME`. */
  readonly name: string;
  readonly component: string;
  /** One sentence for docs/syscalls.md. */
  readonly doc: string;
  /** In the order of the header's arg0 to arg5, buffers included (theirs stays zero: the host never gets a pointer). */
  readonly args: readonly Arg[];
  readonly result: Result;
  /** What else than ENOSYS the host may answer. */
  readonly errnos: readonly ErrnoName[];
  /** An honest host may take its time: the guest gives up its lock until the answer is there. */
  readonly blocks?: true;
}

/** Numbers from here on are the platform's own. */
export const PLATFORM_CALLS = 0x10000;

/** Bytes of a value of this type. */
export function intSize(type: IntType): number {
  return Number(type.slice(1)) / 8;
}

/** The C type of a value of this type. */
export function cType(type: IntType): string {
  return `${type.startsWith('u') ? 'u' : ''}int${type.slice(1)}_t`;
}
