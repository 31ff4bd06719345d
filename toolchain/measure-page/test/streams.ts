// SPDX-License-Identifier: Apache-2.0

/** An .sgxs stream of `count` unmeasured pages with gaps between them, so that no two make one run. */
export function streamOfRuns(count: number): Uint8Array {
  const out = new Uint8Array(64 * (count + 1));
  const view = new DataView(out.buffer);
  const tag = (at: number, name: string): void => out.set(new TextEncoder().encode(name), at);
  tag(0, 'ECREATE');
  view.setUint32(8, 1, true);
  view.setBigUint64(12, 1n << 30n, true);
  for (let i = 0; i < count; i++) {
    const at = 64 * (i + 1);
    tag(at, 'EADD');
    view.setBigUint64(at + 8, BigInt(i * 2 * 4096), true);
    view.setBigUint64(at + 16, 0x203n, true);
  }
  return out;
}
