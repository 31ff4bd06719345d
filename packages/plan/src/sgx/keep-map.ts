// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { alignUp, nextPowerOfTwo, PAGE_SIZE } from '@motte/binary/range';
import { MAX_SIZE } from './check.js';
import { SGX_MAP } from './map.js';

/** Where the parts of a Keep lie: offsets from its base, as docs/sgx-keep.md has them. */
export interface KeepMap {
  readonly info: bigint;
  readonly threadStart: bigint;
  readonly execStart: bigint;
  readonly execEnd: bigint;
  readonly heapStart: bigint;
  readonly heapEnd: bigint;
  /** SECS.SIZE. */
  readonly size: bigint;
}

/** What decides where things lie. */
export interface KeepMapInput {
  /** First address after the shim's pages. */
  readonly shimEnd: bigint;
  /** First address after the exec's pages, its first being 0. */
  readonly execEnd: bigint;
  readonly threads: number;
  /** Bytes of heap. */
  readonly memory: bigint;
  /** As in KeepInput. */
  readonly version: 1 | 2;
}

const PAGE = BigInt(PAGE_SIZE);
const REGION = BigInt(SGX_MAP.REGION_ALIGN);
const STRIDE = BigInt(SGX_MAP.THREAD_STRIDE);

/** More threads than any machine has, and few enough runs for a plan. */
export const MAX_THREADS = 4096;

/**
 * Addresses of the heap for each byte of memory, where pages are added as they are used: C libraries and Go's runtime
 * reserve far more than they ever use, and what is reserved and not used costs nothing.
 */
const ADDRESSES = 16n;

/** Reservations alone make no enclave larger than this: CPUID.12H.0:EDX[15:8] is 36 on many CPUs. */
const ROOMY_SIZE = 1n << 36n;

/** SECS.SIZE; the heap ends with it when pages are added as they are used. */
function keepSize(heapStart: bigint, { memory, version }: KeepMapInput): bigint {
  const least = nextPowerOfTwo(heapStart + memory);
  if (version === 1) return least;
  const roomy = nextPowerOfTwo(heapStart + ADDRESSES * memory);
  const most = roomy < ROOMY_SIZE ? roomy : ROOMY_SIZE;
  return least > most ? least : most;
}

/** Lays a Keep out. Throws PLAN_THREADS, PLAN_MEMORY, PLAN_TOO_LARGE. */
export function keepMap(input: KeepMapInput): KeepMap {
  const { threads, memory } = input;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new MotteError('PLAN_THREADS', {
      field: 'threads',
      expected: `1 to ${MAX_THREADS}`,
      found: threads,
    });
  }
  if (memory <= 0n || memory % PAGE !== 0n) {
    const expected = `a multiple of ${PAGE_SIZE} bytes, and not 0`;
    throw new MotteError('PLAN_MEMORY', { field: 'memory', expected, found: `${memory} bytes` });
  }
  const info = alignUp(input.shimEnd, PAGE) + PAGE;
  const threadStart = info + 2n * PAGE;
  const execStart = alignUp(threadStart + BigInt(threads) * STRIDE, REGION);
  const execEnd = execStart + input.execEnd;
  const heapStart = alignUp(execEnd + PAGE, REGION);
  const size = keepSize(heapStart, input);
  const heapEnd = input.version === 1 ? heapStart + memory : size;
  if (size > MAX_SIZE) {
    throw new MotteError('PLAN_TOO_LARGE', {
      field: input.execEnd > memory ? 'exec' : 'memory',
      message:
        'the Keep does not fit a process, which has 47 bits of addresses and must align it to its size',
      expected: `at most 0x${MAX_SIZE.toString(16)}`,
      found: `0x${size.toString(16)}: exec 0x${input.execEnd.toString(16)}, memory 0x${memory.toString(16)}`,
    });
  }
  return { info, threadStart, execStart, execEnd, heapStart, heapEnd, size };
}
