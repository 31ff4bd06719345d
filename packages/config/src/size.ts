// SPDX-License-Identifier: Apache-2.0

const UNITS: Readonly<Record<string, bigint>> = {
  B: 1n,
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
  TiB: 1n << 40n,
};

/** The bytes that a size such as `256MiB` says, or `undefined` when it is not one. Units are powers of 1024. */
export function parseSize(text: string): bigint | undefined {
  const [, digits, unit] = /^(0|[1-9][0-9]{0,18}) ?([KMGT]iB|B)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  return digits === undefined || factor === undefined ? undefined : BigInt(digits) * factor;
}

/** `bytes` in the largest unit that divides it: the inverse of `parseSize`. */
export function formatSize(bytes: bigint): string {
  const [unit, factor] = Object.entries(UNITS).findLast(([, f]) => bytes >= f && bytes % f === 0n) ?? [
    'B',
    1n,
  ];
  return `${bytes / factor}${unit}`;
}

/** `bytes` for people, one decimal: `3.1 MiB`. */
export function roughSize(bytes: bigint | number): string {
  const value = BigInt(bytes);
  const [unit, factor] = Object.entries(UNITS).findLast(([, f]) => value >= f) ?? ['B', 1n];
  return factor === 1n ? `${value} B` : `${(Number((value * 10n) / factor) / 10).toFixed(1)} ${unit}`;
}
