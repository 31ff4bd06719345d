// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { alignUp, PAGE_SIZE } from '@motte/binary/range';
import { MAX_THREADS } from '../sgx/keep-map.js';
import { VM_MAP } from './map.js';

/** Where the parts of a Keep lie: offsets from VM_MAP.BASE, as docs/vm-keep.md has them. */
export interface VmKeepMap {
  readonly info: bigint;
  /** SEV-SNP's pages; a Keep on KVM has none there. */
  readonly secrets: bigint;
  readonly cpuid: bigint;
  readonly vcpuStart: bigint;
  /** The PML4 and, after it, all other tables. */
  readonly tables: bigint;
  readonly execStart: bigint;
  readonly execEnd: bigint;
  /** Virtual addresses alone. */
  readonly heapStart: bigint;
  readonly heapEnd: bigint;
  /** Guest pages that the shim hands out, and how far the host has them when the Keep starts. */
  readonly pagesStart: bigint;
  readonly pagesReady: bigint;
  readonly pagesEnd: bigint;
  /** First offset that is neither an address nor a page of the Keep. */
  readonly size: bigint;
}

/** What decides where things lie. */
export interface VmKeepMapInput {
  /** First address after the shim's pages. */
  readonly shimEnd: bigint;
  /** First address after the exec's pages, its first being 0. */
  readonly execEnd: bigint;
  readonly threads: number;
  /** Bytes of heap. */
  readonly memory: bigint;
  /** Page tables that are launched. */
  readonly tables: number;
}

const PAGE = BigInt(PAGE_SIZE);
const REGION = BigInt(VM_MAP.REGION_ALIGN);
const STRIDE = BigInt(VM_MAP.VCPU_STRIDE);

/** Addresses of the heap for each byte of memory, as in an SGX2 Keep; reservations alone take no more than ROOMY. */
const ADDRESSES = 16n;
const ROOMY = 1n << 36n;

/** CPUs of servers have 40 bits of physical addresses at least; the C-bit is above. */
const MAX_SIZE = 1n << 40n;

/** The least that tables get: a small heap may be used here and there too, and the direct map needs some. */
const SPARE = 4n << 20n;

/** What is there from the start: programs that need no more never ask the host. */
const READY = 64n << 20n;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function checkInput({ threads, memory }: VmKeepMapInput): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    const expected = `1 to ${MAX_THREADS}`;
    throw new MotteError('PLAN_THREADS', { field: 'threads', expected, found: threads });
  }
  if (memory <= 0n || memory % PAGE !== 0n) {
    const expected = `a multiple of ${PAGE_SIZE} bytes, and not 0`;
    throw new MotteError('PLAN_MEMORY', { field: 'memory', expected, found: `${memory} bytes` });
  }
}

/** Lays a VM-based Keep out. Throws PLAN_THREADS, PLAN_MEMORY, PLAN_TOO_LARGE. */
export function vmKeepMap(input: VmKeepMapInput): VmKeepMap {
  checkInput(input);
  const { memory } = input;
  const info = alignUp(input.shimEnd, PAGE) + PAGE;
  const vcpuStart = info + 4n * PAGE;
  const tables = vcpuStart + BigInt(input.threads) * STRIDE;
  const execStart = alignUp(tables + BigInt(input.tables) * PAGE, REGION);
  const execEnd = execStart + input.execEnd;
  const heapStart = alignUp(execEnd + PAGE, REGION);
  const roomy = least(ADDRESSES * memory, ROOMY);
  const heapEnd = heapStart + (roomy > memory ? roomy : memory);
  // A table of 4 KiB maps 2 MiB; a heap that is used here and there takes more of them, up to a sixty-fourth.
  const pagesEnd = heapStart + alignUp(memory + memory / 64n + SPARE, REGION);
  const size = heapEnd > pagesEnd ? heapEnd : pagesEnd;
  if (size > MAX_SIZE) {
    throw new MotteError('PLAN_TOO_LARGE', {
      field: input.execEnd > memory ? 'exec' : 'memory',
      message: 'the Keep does not fit the physical addresses that every CPU has',
      expected: `at most 0x${MAX_SIZE.toString(16)}`,
      found: `0x${size.toString(16)}: exec 0x${input.execEnd.toString(16)}, memory 0x${memory.toString(16)}`,
    });
  }
  return {
    info,
    secrets: info + PAGE,
    cpuid: info + 2n * PAGE,
    vcpuStart,
    tables,
    execStart,
    execEnd,
    heapStart,
    heapEnd,
    pagesStart: heapStart,
    pagesReady: least(heapStart + READY, pagesEnd),
    pagesEnd,
    size,
  };
}
