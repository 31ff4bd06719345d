// SPDX-License-Identifier: Apache-2.0
import type { Descriptor, Mapping, Partial } from '@motte/loader/native';
import type { SgxCalls } from '@motte/loader/sgx/enclave';

const PAGE = 4096;

export interface FakePage {
  readonly bytes: Uint8Array;
  readonly secinfo: Uint8Array;
  readonly measure: boolean;
}

export interface FakeOptions {
  /** Most pages that one ADD_PAGES does. */
  readonly most: number;
  /** Every n-th ADD_PAGES is interrupted before its first page; 0: none. */
  readonly interrupt: number;
  readonly fail?: {
    readonly open?: string;
    readonly create?: string;
    /** ADD_PAGES fails with `add` once this many pages are there. */
    readonly addAt?: number;
    readonly add?: string;
    readonly init?: string;
    readonly initResult?: number;
  };
}

function system(code: string): Error {
  return Object.assign(new Error(code), { code });
}

class Memory implements Mapping {
  readonly bytes: Uint8Array;
  constructor(
    length: number,
    readonly released: () => void,
  ) {
    this.bytes = new Uint8Array(length);
  }
  write(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
  }
  read(offset: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(offset, offset + into.length));
  }
  unmap(): void {
    this.released();
  }
}

/** The SGX driver as far as launching goes: keeps what it is given, does it in parts, fails on request. */
export class FakeDriver implements SgxCalls {
  secs: Uint8Array | undefined;
  sigstruct: Uint8Array | undefined;
  readonly pages: Map<number, FakePage> = new Map();
  #open = 0;
  mapped = 0;
  #calls = 0;

  constructor(readonly options: FakeOptions) {}

  get descriptors(): number {
    return this.#open;
  }

  open(): Descriptor {
    const { fail } = this.options;
    if (fail?.open !== undefined) throw system(fail.open);
    this.#open++;
    let closed = false;
    return {
      fd: 100,
      close: () => {
        if (!closed) this.#open--;
        closed = true;
      },
      take: () => 100,
    };
  }

  map(length: number): Mapping {
    this.mapped++;
    let released = false;
    return new Memory(length, () => {
      if (!released) this.mapped--;
      released = true;
    });
  }

  sgxCreate(_fd: number, secs: Uint8Array): void {
    if (this.options.fail?.create !== undefined) throw system(this.options.fail.create);
    this.secs = secs.slice();
  }

  sgxAddPages(
    _fd: number,
    mapping: Mapping,
    from: number,
    offset: number,
    length: number,
    secinfo: Uint8Array,
    measure: boolean,
  ): Partial {
    const { most, interrupt, fail } = this.options;
    if (interrupt > 0 && ++this.#calls % interrupt === 0) return { count: 0, code: 'EINTR' };
    let count = 0;
    while (count < length && count < most * PAGE) {
      if (fail?.add !== undefined && this.pages.size === fail.addAt) return { count, code: fail.add };
      const bytes = new Uint8Array(PAGE);
      mapping.read(from + count, bytes);
      this.pages.set(offset + count, { bytes, secinfo: secinfo.slice(), measure });
      count += PAGE;
    }
    return { count, code: null };
  }

  sgxInit(_fd: number, sigstruct: Uint8Array): number {
    const { fail } = this.options;
    if (fail?.init !== undefined) throw system(fail.init);
    this.sigstruct = sigstruct.slice();
    return fail?.initResult ?? 0;
  }
}
