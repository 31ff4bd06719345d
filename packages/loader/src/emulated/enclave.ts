// SPDX-License-Identifier: Apache-2.0
// The driver and the CPU of an emulated launch: the same calls as on hardware, the same refusals, the same bytes.
import { PAGE_SIZE } from '@motte/binary/range';
import { PAGE_TYPE } from '@motte/binary/sgx/secinfo';
import { EMULATED_CPU, gp } from './cpu.js';
import { checkPlace, checkSecinfo, loadTcs } from './eadd.js';
import { ecreate } from './ecreate.js';
import { einit } from './einit.js';
import { EpcState, SharedMemory } from './epc.js';
import { Measuring } from './measuring.js';
import type { Backend, LoadingEnclave, PageBatch, ReadyEnclave } from '../backend.js';
import type { SgxCpu } from './cpu.js';
import type { PageState } from './eadd.js';
import type { Secs } from './ecreate.js';

class EmulatedEnclave implements LoadingEnclave {
  readonly #secs: Secs;
  readonly #memory: SharedMemory;
  readonly #epc: EpcState;
  readonly #measuring: Measuring;
  #initialised = false;

  constructor(secs: Uint8Array, cpu: SgxCpu) {
    this.#secs = ecreate(secs, cpu);
    this.#measuring = new Measuring(secs);
    this.#memory = new SharedMemory('motte-keep', Number(this.#secs.size));
    try {
      this.#epc = new EpcState(this.#secs.size);
    } catch (error) {
      this.#memory.close();
      throw error;
    }
  }

  addPages(batch: PageBatch): void {
    if (this.#initialised) throw gp('EADD', 'SECS.ATTRIBUTES', { expected: 'INIT clear', found: 'INIT set' });
    const state = checkSecinfo(batch.secinfo);
    checkPlace(batch.offset, batch.pages, this.#secs);
    const bytes = this.#contents(batch, state);
    this.#epc.add(batch.offset / PAGE_SIZE, batch.pages, state);
    if (bytes !== undefined) this.#memory.write(batch.offset, bytes);
    this.#measuring.add({ ...batch, ...(bytes === undefined ? {} : { bytes }) }, state);
  }

  /** The pages as the CPU keeps them. */
  #contents(batch: PageBatch, state: PageState): Uint8Array | undefined {
    const { bytes, pages } = batch;
    if (bytes !== undefined && bytes.length !== pages * PAGE_SIZE) {
      throw gp('EADD', 'SRCPGE', { expected: `${pages * PAGE_SIZE} bytes`, found: bytes.length });
    }
    if (state.type !== PAGE_TYPE.TCS) return bytes;
    const given = bytes ?? new Uint8Array(pages * PAGE_SIZE);
    const kept = new Uint8Array(given.length);
    for (let at = 0; at < given.length; at += PAGE_SIZE) {
      kept.set(loadTcs(given.subarray(at, at + PAGE_SIZE), this.#secs), at);
    }
    return kept;
  }

  init(sigstruct: Uint8Array): ReadyEnclave {
    if (this.#initialised)
      throw gp('EINIT', 'SECS.ATTRIBUTES', { expected: 'INIT clear', found: 'INIT set' });
    const measurement = this.#measuring.end();
    this.#initialised = true;
    this.#epc.setSecs(einit(this.#secs, measurement, sigstruct));
    return {
      emulated: true,
      base: this.#secs.baseaddr,
      measurement,
      memory: this.#memory.descriptor,
      epc: this.#epc.memory.descriptor,
      close: () => this.abandon(),
    };
  }

  abandon(): void {
    this.#memory.close();
    this.#epc.memory.close();
  }
}

/** A launch that does all that the SGX driver and the CPU do but protect the Keep. */
export function emulatedBackend(cpu: SgxCpu = EMULATED_CPU): Backend {
  return { emulated: true, create: (secs) => new EmulatedEnclave(secs, cpu) };
}
