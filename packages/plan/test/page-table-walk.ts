// SPDX-License-Identifier: Apache-2.0
// How a CPU reads page tables, as the manual has it: slow, and nothing of it shared with what makes them.
/** A page that the tables map, with what all the entries on the way to it allow together. */
export interface Translated {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean;
  readonly encrypted: boolean;
  readonly large: boolean;
}

const bit = (entry: bigint, index: bigint): boolean => ((entry >> index) & 1n) === 1n;

/** Every page that the PML4 at the physical address `root` leads to, and the tables on the way; all of them lie in `bytes`, at `at`. */
function translateFrom(
  root: bigint,
  bytes: Uint8Array,
  at: bigint,
  cBit: bigint,
): { pages: Translated[]; seen: ReadonlySet<bigint> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: Translated[] = [];
  const seen = new Set<bigint>();
  const visit = (
    table: bigint,
    level: number,
    from: bigint,
    write: boolean,
    execute: boolean,
    user: boolean,
  ): void => {
    if (seen.has(table) || table < at || table + 4096n > at + BigInt(bytes.length))
      throw new Error(`a table at 0x${table.toString(16)}`);
    seen.add(table);
    for (let slot = 0; slot < 512; slot++) {
      const entry = view.getBigUint64(Number(table - at) + slot * 8, true);
      if (!bit(entry, 0n)) {
        if (entry !== 0n) throw new Error('bits in an entry that is not present');
        continue;
      }
      if (!bit(entry, 5n)) throw new Error('an entry whose A the CPU would set');
      const virtual = from + (BigInt(slot) << BigInt(12 + 9 * (level - 1)));
      const encrypted = cBit !== 0n && (entry & cBit) !== 0n;
      const physical = entry & 0x000f_ffff_ffff_f000n & ~cBit;
      const rights = [write && bit(entry, 1n), execute && !bit(entry, 63n), user && bit(entry, 2n)] as const;
      const large = level === 2 && bit(entry, 7n);
      if (level > 1 && !large) {
        if (cBit !== 0n && !encrypted) throw new Error('a table that the host can write');
        visit(physical, level - 1, virtual, ...rights);
        continue;
      }
      if (!bit(entry, 6n)) throw new Error('an entry whose D the CPU would set');
      out.push({
        virtual,
        physical,
        write: rights[0],
        execute: rights[1],
        user: rights[2],
        encrypted,
        large,
      });
    }
  };
  visit(root, 4, 0n, true, true, true);
  return { pages: out, seen };
}

function checkAllSeen(seen: ReadonlySet<bigint>, bytes: Uint8Array): void {
  if (seen.size * 4096 !== bytes.length) throw new Error('a table that nothing leads to');
}

/** Every page of the tables in `bytes`, which lie from the physical address `at` on, the PML4 first. */
export function translate(bytes: Uint8Array, at: bigint, cBit: bigint): Translated[] {
  const { pages, seen } = translateFrom(at, bytes, at, cBit);
  checkAllSeen(seen, bytes);
  return pages;
}

/** The same, of tables with two views, the second PML4 being table `second`: what each of them maps. */
export function translateViews(
  bytes: Uint8Array,
  at: bigint,
  second: number,
): [exec: Translated[], shim: Translated[]] {
  const exec = translateFrom(at, bytes, at, 0n);
  const shim = translateFrom(at + BigInt(second) * 4096n, bytes, at, 0n);
  checkAllSeen(new Set([...exec.seen, ...shim.seen]), bytes);
  return [exec.pages, shim.pages];
}
