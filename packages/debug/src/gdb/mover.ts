// SPDX-License-Identifier: Apache-2.0
// How a program is moved: steps over system calls, which the shim serves in many instructions of its own.
import { Breakpoints } from './breakpoints.js';
import { NUMBER } from './registers.js';
import { CallRegisters } from './register-file.js';
import type { Halt, Moves, Target } from './target.js';

const RIP = NUMBER.get('rip') as number;
/** The instruction SYSCALL. */
const SYSCALL = [0x0f, 0x05] as const;

/** A step that ends at an INT3 of ours. */
interface Detour {
  readonly thread: number;
  readonly address: bigint;
  readonly moves: Moves;
}

export class Mover {
  readonly #target: Target;
  /** Those of the debugger. */
  readonly breakpoints: Breakpoints;
  /** Ours. */
  readonly #own: Breakpoints;
  #detour: Detour | undefined;
  /** A thread that met another's detour is being stepped over it. */
  #stepsOver = false;

  constructor(target: Target) {
    this.#target = target;
    this.breakpoints = new Breakpoints(target);
    this.#own = new Breakpoints(target);
  }

  async #rip(thread: number): Promise<bigint | undefined> {
    const bytes = (await this.#target.registers(thread))?.get(RIP);
    return bytes === undefined
      ? undefined
      : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }

  /** Where a step of the thread ends, if it is not for the CPU to step it. */
  async #landing(thread: number): Promise<bigint | undefined> {
    const rip = await this.#rip(thread);
    if (rip === undefined) return undefined;
    if ((await this.#target.registers(thread)) instanceof CallRegisters) return rip;
    const code = await this.breakpoints.read(rip, SYSCALL.length);
    return SYSCALL.every((byte, i) => code[i] === byte) ? rip + BigInt(SYSCALL.length) : undefined;
  }

  async move(moves: Moves): Promise<void> {
    const threads = new Map(moves.threads);
    const now = { ...moves, threads };
    for (const [thread, move] of moves.threads) {
      const address = move === 'step' ? await this.#landing(thread) : undefined;
      if (address === undefined || this.#detour !== undefined) continue;
      threads.set(thread, 'go');
      this.#detour = { thread, address, moves: now };
      if (!this.breakpoints.has(address)) await this.#own.set(address);
    }
    this.#target.go(now);
  }

  /** What the debugger is to see of a stop; undefined where it is not its business and all goes on. */
  async halted(halt: Halt): Promise<Halt | undefined> {
    const detour = this.#detour;
    if (this.#stepsOver && detour !== undefined && halt.why.kind === 'step') {
      this.#stepsOver = false;
      await this.#own.set(detour.address);
      this.#target.go(detour.moves);
      return undefined;
    }
    const at = halt.why.kind === 'breakpoint' ? await this.#rip(halt.thread) : undefined;
    const theirs = at === undefined || this.breakpoints.has(at);
    const ours = !theirs && at === detour?.address;
    if (ours && halt.thread !== detour.thread) {
      this.#stepsOver = true;
      await this.#own.clear(at);
      this.#target.go({ threads: new Map([[halt.thread, 'step']]), others: false });
      return undefined;
    }
    this.#stepsOver = false;
    this.#detour = undefined;
    await this.#own.clearAll();
    if (theirs) return halt;
    if (!ours) await this.#pass(halt.thread, at);
    return { thread: halt.thread, why: { kind: 'step' } };
  }

  /** Over an INT3 of the program's own: elsewhere than in an enclave RIP is behind it when it stops. */
  async #pass(thread: number, rip: bigint): Promise<void> {
    const file = await this.#target.registers(thread);
    if (file?.set(RIP, new Uint8Array(BigUint64Array.of(rip + 1n).buffer)) === true)
      await this.#target.store(thread, file);
  }

  /** No INT3 of anybody's is left. */
  async clear(): Promise<void> {
    this.#detour = undefined;
    await this.#own.clearAll();
    await this.breakpoints.clearAll();
  }
}
