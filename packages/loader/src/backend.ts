// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './native.js';

/**
 * What the SGX driver does, and what emulation does in its place. Launching goes from one interface to the next,
 * so that the wrong order does not compile: pages are added to a LoadingEnclave, only a ReadyEnclave is entered.
 */
export interface Backend {
  readonly emulated: boolean;
  /** ECREATE. `secs` is the 4096 bytes of the SECS, BASEADDR included. */
  create(secs: Uint8Array): LoadingEnclave;
}

/** Pages that are alike and follow each other. */
export interface PageBatch {
  /** From the base, a multiple of 4096. */
  readonly offset: number;
  readonly pages: number;
  /** SECINFO, 64 bytes. */
  readonly secinfo: Uint8Array;
  /** Whether each page is EEXTENDed. */
  readonly measure: boolean;
  /** The contents, whole pages, read before the call returns; without it all pages are zero. */
  readonly bytes?: Uint8Array;
}

/** An enclave after ECREATE. Whoever does not go on to `init` calls `abandon`. */
export interface LoadingEnclave {
  /** EADD, and EEXTEND where the batch says so, of each page. */
  addPages(batch: PageBatch): void;
  /** EINIT. The enclave cannot be used through this interface afterwards. */
  init(sigstruct: Uint8Array): ReadyEnclave;
  abandon(): void;
}

/** An enclave after EINIT, which its owner closes. */
export interface ReadyEnclave {
  readonly emulated: boolean;
  /** 0 when the helper is to choose (emulated only). */
  readonly base: bigint;
  /** MRENCLAVE of the bytes that were handed over. */
  readonly measurement: Uint8Array;
  /** What the helper maps: a memfd, or the driver's descriptor of this enclave. */
  readonly memory: Descriptor;
  /** Emulated: the state of the EPC. */
  readonly epc?: Descriptor;
  close(): void;
}
