// SPDX-License-Identifier: Apache-2.0
// Numbers and bytes as GDB's remote protocol writes them.

export const OK = 'OK';
/** A packet that we do not know: gdb does without. */
export const UNKNOWN = '';
/** The request cannot be served as it is. */
export const BAD = 'E01';
/** No memory there. */
export const NO_MEMORY = 'E0e';

export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Undefined for what is not whole bytes in hex. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export const textOf = (bytes: Uint8Array): string => {
  let out = '';
  for (const byte of bytes) out += String.fromCharCode(byte);
  return out;
};

/** A piece of an object of qXfer; `l` before the last. Latin-1. */
export function piece(object: string, offset: number, length: number): string {
  const part = object.slice(offset, offset + length);
  return `${offset + length >= object.length ? 'l' : 'm'}${part}`;
}

/** gdb's numbers of signals are its own (include/gdb/signals.def); of those that end a Keep the others are Linux's. */
const GDB_SIGNAL: Readonly<Record<number, number>> = { 7: 10, 10: 30, 12: 31, 31: 12 };

export const gdbSignal = (signal: number): string =>
  (GDB_SIGNAL[signal] ?? signal).toString(16).padStart(2, '0');
