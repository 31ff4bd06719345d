// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { EPC_ENTRIES_OFFSET, EPCM_ENTRY, EPCM_FLAGS } from '../protocol/epc.js';
import { native, SEAL_SIZE, systemCode } from '../native.js';
import type { Descriptor, Native } from '../native.js';
import type { PageState } from './eadd.js';

/** What of the addon shared memory needs: tests put a kernel of their own in its place. */
export type MemoryCalls = Pick<Native, 'memfdCreate' | 'ftruncate' | 'addSeals' | 'pwrite' | 'pread'>;

/** A memfd of a fixed size, whose descriptor goes to the helper. */
export class SharedMemory {
  readonly descriptor: Descriptor;
  readonly #calls: MemoryCalls;

  constructor(name: string, size: number, calls: MemoryCalls = native()) {
    this.#calls = calls;
    try {
      this.descriptor = calls.memfdCreate(name);
    } catch (cause) {
      throw hostMemory(name, size, cause);
    }
    try {
      calls.ftruncate(this.descriptor.fd, size);
      calls.addSeals(this.descriptor.fd, SEAL_SIZE);
    } catch (cause) {
      this.descriptor.close();
      throw hostMemory(name, size, cause);
    }
  }

  /** Writes all of `bytes` at `offset`. Throws HOST_MEMORY where the machine has no page for them. */
  write(offset: number, bytes: Uint8Array): void {
    this.#whole('pwrite', bytes, (part, done) => this.#calls.pwrite(this.descriptor.fd, part, offset + done));
  }

  read(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.#whole('pread', out, (part, done) => this.#calls.pread(this.descriptor.fd, part, offset + done));
    return out;
  }

  /** Repeats a call that may do a part. */
  #whole(name: string, bytes: Uint8Array, call: (part: Uint8Array, done: number) => number): void {
    for (let done = 0; done < bytes.length;) {
      try {
        const count = call(bytes.subarray(done), done);
        if (count === 0) throw new RangeError('a range outside the memory of the Keep');
        done += count;
      } catch (cause) {
        if (systemCode(cause) === 'EINTR') continue;
        throw hostMemory(name, bytes.length, cause);
      }
    }
  }

  close(): void {
    this.descriptor.close();
  }
}

// What stands behind each error of the calls above.
const MEANINGS: Readonly<Record<string, string>> = {
  ENOMEM: 'the machine or the container is out of memory',
  ENOSPC: 'the machine or the container is out of memory',
  EFBIG: 'the limit of file sizes is below the size of the Keep (ulimit -f)',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'the machine has too many files open',
};

function hostMemory(field: string, size: number, cause: unknown): MotteError {
  const code = systemCode(cause) ?? 'no system error';
  const why = MEANINGS[code] ?? 'an error that is not known here';
  return new MotteError('HOST_MEMORY', {
    field,
    message: `the memory of the Keep cannot be provided: ${code}, ${why}`,
    expected: `${size} bytes`,
    cause,
  });
}

/** EPCM_ENTRYs that are written at once. */
const ENTRIES_AT_ONCE = 8192;
const FLAGS_AT: number = EPCM_ENTRY.offsetOf('flags');

/** The state of the emulated EPC: SECS, then an EPCM_ENTRY for each page of the ELRANGE. */
export class EpcState {
  readonly memory: SharedMemory;

  constructor(size: bigint) {
    const pages = Number(size / BigInt(PAGE_SIZE));
    this.memory = new SharedMemory('motte-epc', EPC_ENTRIES_OFFSET + pages * EPCM_ENTRY.size);
  }

  /** Makes `count` pages from page `first` on valid. Throws SGX_PAGE_TWICE. */
  add(first: number, count: number, state: PageState): void {
    const entry = EPCM_ENTRY.write({ ...state, flags: EPCM_FLAGS.VALID });
    for (let done = 0; done < count; done += ENTRIES_AT_ONCE) {
      const now = Math.min(ENTRIES_AT_ONCE, count - done);
      const at = EPC_ENTRIES_OFFSET + (first + done) * EPCM_ENTRY.size;
      const entries = this.memory.read(at, now * EPCM_ENTRY.size);
      for (let i = 0; i < now; i++) {
        const own = i * EPCM_ENTRY.size;
        if (((entries[own + FLAGS_AT] ?? 0) & EPCM_FLAGS.VALID) !== 0) {
          const page = (first + done + i) * PAGE_SIZE;
          throw new MotteError('SGX_PAGE_TWICE', { field: 'EADD LINADDR', found: BigInt(page) });
        }
        entries.set(entry, own);
      }
      this.memory.write(at, entries);
    }
  }

  /** The SECS as EINIT leaves it. */
  setSecs(page: Uint8Array): void {
    this.memory.write(0, page);
  }
}
