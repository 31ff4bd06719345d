// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';

/** No bytes: a run of zero pages. */
export const NO_BYTES: ByteSource = bytesSource(new Uint8Array(0));

/** A copy of `bytes` without the zeros at its end, which a run supplies by itself. */
export function trimmedSource(bytes: Uint8Array): ByteSource {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end === 0 ? NO_BYTES : bytesSource(new Uint8Array(bytes.subarray(0, end)));
}

/** `lead` zero bytes, then `source`. */
export function leadSource(lead: number, source: ByteSource): ByteSource {
  if (lead === 0 || source.size === 0) return source;
  return {
    size: lead + source.size,
    read(offset, into) {
      const zeros = Math.min(into.length, Math.max(0, lead - offset));
      into.fill(0, 0, zeros);
      if (zeros < into.length) source.read(offset + zeros - lead, into.subarray(zeros));
    },
  };
}

/** `pattern` over and over until there are `size` bytes; nothing of that size is held. */
export function fillSource(pattern: Uint8Array, size: number): ByteSource {
  const own = new Uint8Array(pattern);
  return {
    size,
    read(offset, into) {
      const once = Math.min(own.length, into.length);
      for (let i = 0; i < once; i++) into[i] = own[(offset + i) % own.length] ?? 0;
      // What is there is whole patterns, so that doubling it keeps in step.
      for (let done = once; done < into.length; done *= 2) into.copyWithin(done, 0, done);
    },
  };
}

/** Bytes that replace those of a source at `at`. */
export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** `source` with `patches` written over it, a later patch over an earlier one. */
export function patchedSource(source: ByteSource, patches: readonly Patch[]): ByteSource {
  return {
    size: source.size,
    read(offset, into) {
      source.read(offset, into);
      for (const { at, bytes } of patches) {
        const from = Math.max(at, offset);
        const to = Math.min(at + bytes.length, offset + into.length);
        if (from < to) into.set(bytes.subarray(from - at, to - at), from - offset);
      }
    },
  };
}
