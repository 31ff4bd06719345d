// SPDX-License-Identifier: Apache-2.0

/**
 * Reads a debug Keep's memory at an address: up to `length` bytes, fewer where it ends or cannot be read, none where nothing
 * is. What it gives is the Keep's to choose, at any moment: whoever reads is bounded by himself.
 */
export type ReadMemory = (address: bigint, length: number) => Promise<Uint8Array>;

/** `length` bytes, or undefined where not all of them can be read. */
export async function readWhole(
  memory: ReadMemory,
  address: bigint,
  length: number,
): Promise<DataView | undefined> {
  const bytes = await memory(address, length);
  return bytes.length === length ? new DataView(bytes.buffer, bytes.byteOffset, length) : undefined;
}
