// SPDX-License-Identifier: Apache-2.0
import { MotteError } from './error.js';

/** A descriptor, and where in its file something begins. */
export interface OpenRange {
  readonly fd: number;
  readonly offset: number;
}

/**
 * Bytes that are read where they are wanted: a file, an array in memory, a slice of either. Reading is
 * synchronous, so that folding over a plan is a plain loop; nothing needs the whole of a large image in memory.
 */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Where the bytes lie in a file that is open, for whoever hands it on. */
  readonly open?: OpenRange;
  /** Fills the whole of `into` with the bytes from `offset` on. Throws STRUCT_TRUNCATED when they end before. */
  read(offset: number, into: Uint8Array): void;
}

function checkRead(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > size) {
    throw new MotteError('STRUCT_TRUNCATED', {
      expected: `${length} bytes`,
      found: Math.max(0, Math.min(length, size - offset)),
      offset: Math.max(0, Math.trunc(offset)),
    });
  }
}

/** The bytes of `array`, which stays the caller's and must not change while the source is in use. */
export function bytesSource(array: Uint8Array): ByteSource {
  return {
    size: array.length,
    read(offset, into) {
      checkRead(array.length, offset, into.length);
      into.set(array.subarray(offset, offset + into.length));
    },
  };
}

/** The `size` bytes of `source` from `offset` on. Throws STRUCT_TRUNCATED when they do not exist. */
export function sliceSource(source: ByteSource, offset: number, size: number): ByteSource {
  checkRead(source.size, offset, size);
  const { open } = source;
  return {
    size,
    ...(open === undefined ? {} : { open: { fd: open.fd, offset: open.offset + offset } }),
    read(at, into) {
      checkRead(size, at, into.length);
      source.read(offset + at, into);
    },
  };
}

/** A fresh array of the `length` bytes of `source` from `offset` on; the caller owns it. */
export function readBytes(source: ByteSource, offset: number, length: number): Uint8Array {
  checkRead(source.size, offset, length);
  const out = new Uint8Array(length);
  source.read(offset, out);
  return out;
}

/** `input` as a source: arrays are wrapped, sources pass through. */
export function toSource(input: Uint8Array | ByteSource): ByteSource {
  return input instanceof Uint8Array ? bytesSource(input) : input;
}
