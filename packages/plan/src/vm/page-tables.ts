// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import type { Permissions } from '../plan.js';

/** Bits of page table entries. AMD 24593 rev 3.42, 5.4, Page-Translation-Table Entry Fields. */
export const ENTRY = {
  P: 0x1n,
  W: 0x2n,
  U: 0x4n,
  A: 0x20n,
  D: 0x40n,
  PS: 0x80n,
  NX: 0x8000_0000_0000_0000n,
  ADDRESS: 0x000f_ffff_ffff_f000n,
} as const;

/** Pages of 4 KiB or 2 MiB that the CPU translates alike. */
export interface Mapping {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly pages: number;
  readonly permissions: Permissions;
  /** Whether ring 3 may use them. */
  readonly user: boolean;
  /** Whether they are the guest's own under SEV: their entries carry the C-bit. */
  readonly encrypted: boolean;
  /** Pages of 2 MiB. */
  readonly large?: true;
}

/** A PML4, PDPT, page directory or page table. */
interface Table {
  /** Which one it is, in the order in which they were needed. */
  readonly index: number;
  readonly entries: BigUint64Array;
  readonly below: Map<number, Table>;
  /** Whether something in it, or below, is ring 3's; and whether something is not. */
  user: boolean;
  own: boolean;
}

export const LARGE_SIZE: bigint = 1n << 21n;
const PAGE = BigInt(PAGE_SIZE);
const ENTRIES = 512;

/** The lower half of 48 bits, where ring 3 is. */
const VIRTUAL_END = 1n << 47n;

const hex = (value: bigint): string => `0x${value.toString(16)}`;

function bad(mapping: Mapping, field: string, expected: string, found: string): MotteError {
  return new MotteError('PLAN_INVALID', {
    field: `page tables, ${hex(mapping.virtual)}: ${field}`,
    expected,
    found,
  });
}

function checkMapping(mapping: Mapping, cBit: bigint): void {
  const { virtual, physical, pages, permissions } = mapping;
  const size = mapping.large === true ? LARGE_SIZE : PAGE;
  if (!Number.isSafeInteger(pages) || pages < 1) throw bad(mapping, 'pages', 'at least one', `${pages}`);
  for (const [name, at] of [
    ['virtual', virtual],
    ['physical', physical],
  ] as const)
    if (at < 0n || at % size !== 0n) throw bad(mapping, name, `a multiple of ${hex(size)}`, hex(at));
  const length = BigInt(pages) * size;
  if (virtual + length > VIRTUAL_END)
    throw bad(mapping, 'virtual', `at most ${hex(VIRTUAL_END)}`, hex(virtual + length));
  const physicalEnd = cBit === 0n ? ENTRY.ADDRESS + PAGE : cBit;
  if (physical + length > physicalEnd)
    throw bad(mapping, 'physical', `at most ${hex(physicalEnd)}`, hex(physical + length));
  if (permissions.write && permissions.execute) throw bad(mapping, 'permissions', 'not both W and X', 'both');
}

function leaf(mapping: Mapping, physical: bigint, cBit: bigint): bigint {
  const { permissions, user, encrypted, large } = mapping;
  return (
    physical |
    // The CPU sets A and D, in memory that is measured: they are set already.
    (ENTRY.P | ENTRY.A | ENTRY.D) |
    (permissions.write ? ENTRY.W : 0n) |
    (permissions.execute ? 0n : ENTRY.NX) |
    (user ? ENTRY.U : 0n) |
    (large === true ? ENTRY.PS : 0n) |
    (encrypted ? cBit : 0n)
  );
}

/**
 * How the Keep is seen: once; or once by the exec and, by a second PML4, once by a shim that is in ring 3 itself and can use
 * all of it there.
 */
export type Views = 1 | 2;

/**
 * Page tables for some mappings, the PML4 first. `cBit` is the bit that marks memory of the guest's own, the tables' too; 0
 * where there is none. Throws PLAN_INVALID for pages that are mapped twice, both writable and executable, or nowhere that an
 * entry can say.
 */
export class PageTables {
  readonly #all: Table[] = [];
  readonly #cBit: bigint;
  readonly #views: Views;

  constructor(mappings: readonly Mapping[], cBit: bigint, views: Views = 1) {
    this.#cBit = cBit;
    this.#views = views;
    this.#make();
    for (const mapping of mappings) {
      checkMapping(mapping, cBit);
      this.#place(mapping);
    }
  }

  #make(): Table {
    const entries = new BigUint64Array(ENTRIES);
    const table = { index: this.#all.length, entries, below: new Map(), user: false, own: false };
    this.#all.push(table);
    return table;
  }

  #place(mapping: Mapping): void {
    const last = mapping.large === true ? 21n : 12n;
    const size = 1n << last;
    let { virtual } = mapping;
    const first = leaf(mapping, mapping.physical, this.#cBit);
    for (let page = 0; page < mapping.pages;) {
      const { entries } = this.#tableFor(mapping, virtual, last);
      let slot = Number((virtual >> last) & 0x1ffn);
      for (; slot < ENTRIES && page < mapping.pages; slot++, page++, virtual += size) {
        if (entries[slot] !== 0n) throw bad(mapping, 'virtual', 'pages that are mapped once', 'twice');
        entries[slot] = first + BigInt(page) * size;
      }
    }
  }

  /** The last table on the way to a page, and those before it, made where they are missing. */
  #tableFor(mapping: Mapping, virtual: bigint, last: bigint): Table {
    let [table] = this.#all as [Table];
    for (let shift = 39n; ; shift -= 9n) {
      if (mapping.user) table.user = true;
      else table.own = true;
      if (shift === last) return table;
      const slot = Number((virtual >> shift) & 0x1ffn);
      let next = table.below.get(slot);
      if (next === undefined) {
        if (table.entries[slot] !== 0n) throw bad(mapping, 'virtual', 'pages that are mapped once', 'twice');
        next = this.#make();
        table.below.set(slot, next);
        table.entries[slot] = ENTRY.P | ENTRY.W | ENTRY.A | this.#cBit;
      }
      // What a page of ring 3's lies in is U all the way; the last entry decides for each page.
      if (mapping.user) table.entries[slot] = (table.entries[slot] ?? 0n) | ENTRY.U;
      table = next;
    }
  }

  /** The tables on the way both to pages of ring 3 and to others: each of these has a second one in the shim's view. */
  get #mixed(): Table[] {
    return this.#views === 1 ? [] : this.#all.filter(({ index, user, own }) => index === 0 || (user && own));
  }

  /** How many there are. */
  get count(): number {
    return this.#all.length + this.#mixed.length;
  }

  /** Which of them is the second view's PML4: the first one after those of the first view. */
  get second(): number {
    return this.#all.length;
  }

  /** As they are when they lie from the physical address `at` on. The caller owns the result. */
  bytes(at: bigint): Uint8Array {
    if (at < 0n || at % PAGE !== 0n) {
      const expected = 'a multiple of 0x1000';
      throw new MotteError('PLAN_INVALID', { field: 'page tables', expected, found: at });
    }
    const out = new Uint8Array(this.count * PAGE_SIZE);
    const view = new DataView(out.buffer);
    const address = (index: number): bigint => at + BigInt(index) * PAGE;
    const put = (index: number, slot: number, entry: bigint): void =>
      view.setBigUint64(index * PAGE_SIZE + slot * 8, entry, true);
    const seconds = new Map(this.#mixed.map(({ index }, i) => [index, this.#all.length + i]));
    for (const { index, entries, below } of this.#all) {
      const second = seconds.get(index);
      entries.forEach((entry, slot) => {
        if (entry === 0n) return;
        const next = below.get(slot)?.index;
        const whole = next === undefined ? entry : entry | address(next);
        // Below a table that only the shim's pages are in, both views are alike: the exec's has no U on the way there.
        put(index, slot, this.#views === 2 && second === undefined ? whole | ENTRY.U : whole);
        if (second === undefined) return;
        const shown = next === undefined ? entry : entry | address(seconds.get(next) ?? next);
        put(second, slot, shown | ENTRY.U);
      });
    }
    return out;
  }
}
