// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { newSha256, newSha512 } from '../hash.js';
import type { NewHasher } from '../hash.js';

/** A number of an operation, and where its bytes stand in what is hashed. */
export interface OperationField {
  readonly name: string;
  readonly at: number;
  readonly bytes: 1 | 8;
  readonly signed?: true;
}

/** How the monitor measures an operation: `head` bytes with its numbers, then its data. */
export interface OperationKind {
  readonly head: number;
  /** The first 8 bytes of the head. */
  readonly opcode?: bigint;
  readonly fields: readonly OperationField[];
  /** How many bytes of data follow: a number of them, or any. */
  readonly data?: number | 'any';
}

/** A monitor's way to measure. */
export interface SanctumFlavour {
  readonly newHasher: NewHasher;
  /** The operation that an enclave starts with; there is one of it. */
  readonly first: string;
  readonly operations: Readonly<Record<string, OperationKind>>;
  /** What is hashed at the end. */
  readonly final?: OperationKind;
}

/** Whose monitor it is. */
export type SanctumFlavourName = 'pwnall' | 'mit';

const BLOCK = 64;

/** A block {u64 opcode, u64 ptr1-4, u64 size1-2, 8 zero bytes}; `slots` gives numbers their places. */
function block(
  opcode: bigint,
  slots: Readonly<Record<string, Slot>>,
  data?: OperationKind['data'],
): OperationKind {
  const fields = Object.entries(slots).map(([name, slot]): OperationField => ({
    name,
    at: SLOTS[slot],
    bytes: 8,
  }));
  return { head: BLOCK, opcode, fields, ...(data === undefined ? {} : { data }) };
}

const SLOTS = { ptr1: 0x08, ptr2: 0x10, ptr3: 0x18, ptr4: 0x20, size1: 0x28, size2: 0x30 } as const;
type Slot = keyof typeof SLOTS;

/** Numbers one after the other. */
function packed(
  fields: readonly (readonly [name: string, bytes?: 1 | 8, signed?: true])[],
  data?: OperationKind['data'],
): OperationKind {
  let head = 0;
  const placed = fields.map(([name, bytes = 8, signed]): OperationField => {
    const at = head;
    head += bytes;
    return { name, at, bytes, ...(signed === undefined ? {} : { signed }) };
  });
  return { head, fields: placed, ...(data === undefined ? {} : { data }) };
}

/**
 * The monitors of Sanctum that there are. `pwnall`: pwnall/sanctum ae0650c, measure_inl.h. `mit`:
 * mit-enclaves/security_monitor 2cdb12b, December 2019 and later; the monitor before it hashed memory beyond a
 * structure, so that nobody can compute its measurements.
 */
export const SANCTUM_FLAVOURS: Readonly<Record<SanctumFlavourName, SanctumFlavour>> = {
  pwnall: {
    newHasher: newSha256,
    first: 'init',
    operations: {
      init: block(0xaaaaaaaan, { ev_base: 'ptr1', ev_mask: 'ptr2', mailboxes: 'size1', debug: 'size2' }),
      load_page_table: block(0xbbbbbbbbn, { va: 'ptr1', acl: 'ptr2', level: 'size1' }),
      load_page: block(0xccccccccn, { va: 'ptr1', acl: 'ptr2' }, PAGE_SIZE),
      load_thread: block(0xddddddddn, {
        entry_pc: 'ptr1',
        entry_sp: 'ptr2',
        fault_pc: 'ptr3',
        fault_sp: 'ptr4',
      }),
    },
    final: block(0xeeeeeeeen, {}),
  },
  mit: {
    newHasher: newSha512,
    first: 'enclave_create',
    operations: {
      enclave_create: packed([['ev_base'], ['ev_mask'], ['num_mailboxes', 8, true], ['debug', 1]]),
      load_handler: packed([], 'any'),
      load_page_table: packed([['va'], ['level'], ['acl']]),
      load_page: packed([['va'], ['acl']], PAGE_SIZE),
      thread_load: packed([['entry_pc'], ['entry_sp'], ['timer_limit']]),
    },
  },
};
