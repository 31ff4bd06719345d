// SPDX-License-Identifier: Apache-2.0
// The launch on hardware: /dev/sgx_enclave of Linux 5.11 and later.
import { PAGE_SIZE } from '@motte/binary/range';
import { SECS } from '@motte/binary/sgx/secs';
import { sgxErrorName } from '@motte/binary/sgx/error-codes';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { MotteError } from '@motte/binary/error';
import { isErrorCode } from '@motte/binary/errors/table';
import { native, systemCode } from '../native.js';
import { SGX_DEVICE } from './device.js';
import { driverError, OPERATION } from './errors.js';
import { unlessInterrupted, untilDone } from './retry.js';
import type { Backend, LoadingEnclave, PageBatch, ReadyEnclave } from '../backend.js';
import type { Descriptor, Mapping, Native } from '../native.js';

/** Bytes that are handed to the driver at once. */
const STAGE_BYTES: number = 64 * PAGE_SIZE;

/** What of the addon a launch needs: tests put a driver of their own in its place. */
export type SgxCalls = Pick<Native, 'open' | 'map' | 'sgxCreate' | 'sgxAddPages' | 'sgxInit'>;

/**
 * Where a Keep of `size` bytes is put: high enough that neither the helper's image nor what the kernel maps below
 * the stack is near, and aligned to its size as ECREATE wants. The helper owns its address space, so nothing needs
 * to be reserved and trimmed; it maps with MAP_FIXED_NOREPLACE and says so if something is in the way.
 */
export function hardwareBase(size: bigint): bigint {
  const LOWEST = 0x100000000000n;
  return size > LOWEST ? size : LOWEST;
}

function open(calls: SgxCalls): Descriptor {
  try {
    return calls.open(SGX_DEVICE);
  } catch (error) {
    throw driverError(OPERATION.OPEN, systemCode(error) ?? 'no system error', error);
  }
}

class HardwareEnclave implements LoadingEnclave {
  readonly #calls: SgxCalls;
  readonly #device: Descriptor;
  readonly #base: bigint;
  // Page aligned, as the driver wants its source; the second half stays zero.
  readonly #stage: Mapping;

  constructor(secs: Uint8Array, calls: SgxCalls) {
    this.#calls = calls;
    this.#base = SECS.read(secs).baseaddr;
    this.#device = open(calls);
    try {
      this.#stage = calls.map(2 * STAGE_BYTES);
    } catch (error) {
      this.#device.close();
      throw error;
    }
    try {
      unlessInterrupted(OPERATION.CREATE, () => calls.sgxCreate(this.#device.fd, secs), systemCode);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  addPages(batch: PageBatch): void {
    const { bytes, offset, secinfo, measure } = batch;
    const length = batch.pages * PAGE_SIZE;
    for (let at = 0; at < length; at += STAGE_BYTES) {
      const now = Math.min(STAGE_BYTES, length - at);
      if (bytes !== undefined) this.#stage.write(0, bytes.subarray(at, at + now));
      const from = bytes === undefined ? STAGE_BYTES : 0;
      untilDone(OPERATION.ADD_PAGES, now, (done, left) =>
        this.#calls.sgxAddPages(
          this.#device.fd,
          this.#stage,
          from + done,
          offset + at + done,
          left,
          secinfo,
          measure,
        ),
      );
    }
  }

  init(sigstruct: Uint8Array): ReadyEnclave {
    const result = unlessInterrupted(
      OPERATION.INIT,
      () => this.#calls.sgxInit(this.#device.fd, sigstruct),
      systemCode,
    );
    if (result !== 0) throw einitError(result);
    this.#stage.unmap();
    return {
      emulated: false,
      base: this.#base,
      // EINIT has just compared them.
      measurement: SIGSTRUCT.read(sigstruct).enclavehash,
      memory: this.#device,
      close: () => this.#device.close(),
    };
  }

  abandon(): void {
    this.#stage.unmap();
    this.#device.close();
  }
}

/** Drivers before Linux 5.11 passed the CPU's own code on. */
function einitError(code: number): MotteError {
  const name = sgxErrorName(code);
  return isErrorCode(name)
    ? new MotteError(name, { field: 'EINIT' })
    : new MotteError('SGX_DRIVER', { field: OPERATION.INIT, message: 'EINIT failed', found: name ?? code });
}

/** The launch on hardware. `calls` is the addon, or what a test puts in its place. */
export function hardwareBackend(calls: SgxCalls = native()): Backend {
  return { emulated: false, create: (secs) => new HardwareEnclave(secs, calls) };
}
