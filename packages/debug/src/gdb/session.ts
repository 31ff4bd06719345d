// SPDX-License-Identifier: Apache-2.0
// One debugger's connection: what each packet asks for, and what it is told of stops. GDB manual 13.1, E.2 to E.4.
import { PACKET_MOST, Unpacker, pack } from './packet.js';
import { queries } from './queries.js';
import { REGISTERS } from './registers.js';
import { parseMoves } from './moves.js';
import { Mover } from './mover.js';
import type { Exit, Halt, Target } from './target.js';
import { BAD, NO_MEMORY, OK, UNKNOWN, bytesOfHex, gdbSignal, hexBytes, textOf } from './text.js';

/** Where the session's bytes go. */
export interface Connection {
  write(bytes: Uint8Array): void;
  close(): void;
  /** The program goes on without the debugger. */
  left(): void;
}

const SIGINT = 2;
const SIGTRAP = 5;

/**
 * A session starts with a program that stands still: the first thing that gdb asks for is why. Packets are answered one
 * after the other.
 */
export class Session {
  readonly #target: Target;
  readonly #mover: Mover;
  readonly #connection: Connection;
  readonly #unpacker = new Unpacker();
  #queue: Promise<void> = Promise.resolve();
  #acknowledge = true;
  #last: Uint8Array = new Uint8Array(0);
  /** Why it stands still; undefined while it runs. */
  #halt: Halt | undefined;
  #exit: Exit | undefined;
  /** The thread that registers are of. */
  #selected: number;
  #closed = false;

  constructor(target: Target, connection: Connection, halt: Halt) {
    this.#target = target;
    this.#connection = connection;
    this.#mover = new Mover(target);
    this.#halt = halt;
    this.#selected = halt.thread;
  }

  /** Bytes have come in. Throws GDB_PROTOCOL. */
  push(bytes: Uint8Array): void {
    for (const come of this.#unpacker.push(bytes))
      switch (come.kind) {
        case 'ack':
          break;
        case 'nack':
          this.#connection.write(this.#last);
          break;
        case 'interrupt':
          // After the packets before it: one of them may have made the program run.
          this.#next(() => Promise.resolve(this.#target.stop()));
          break;
        case 'corrupt':
          this.#connection.write(Uint8Array.of(0x2d));
          break;
        case 'packet':
          if (this.#acknowledge) this.#connection.write(Uint8Array.of(0x2b));
          this.#next(() => this.#answer(textOf(come.body)));
      }
  }

  /** All threads stand still. */
  halted(halt: Halt): void {
    this.#next(async () => {
      this.#halt = await this.#mover.halted(halt);
      if (this.#halt === undefined) return;
      this.#selected = this.#halt.thread;
      if (this.#closed) await this.#release();
      else this.#send(haltReply(this.#halt));
    });
  }

  /** The program has ended. */
  ended(exit: Exit): void {
    this.#exit = exit;
    this.#next(async () => {
      if (!this.#closed) this.#send(exitReply(exit));
      return Promise.resolve();
    });
  }

  /** The debugger is gone; the program may have to stand still once more before it goes on. */
  get leaving(): boolean {
    return this.#closed;
  }

  /** Nothing follows. */
  close(): void {
    this.#connection.close();
  }

  /** The connection is gone: no INT3 stays behind, and the program goes on without a debugger. */
  leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#next(async () => {
      if (this.#exit !== undefined) return;
      if (this.#halt !== undefined) await this.#release();
      else this.#target.stop();
    });
  }

  async #release(): Promise<void> {
    await this.#mover.clear();
    this.#halt = undefined;
    const threads = await this.#target.threads();
    await this.#mover.move({ threads: new Map(threads.map(({ id }) => [id, 'go'])), others: true });
    this.#connection.left();
  }

  #next(step: () => Promise<void>): void {
    this.#queue = this.#queue.then(step).catch(() => this.#connection.close());
  }

  #send(reply: string): void {
    this.#last = pack(reply);
    this.#connection.write(this.#last);
  }

  async #answer(packet: string): Promise<void> {
    const reply = await this.#reply(packet);
    if (reply !== undefined && !this.#closed) this.#send(reply);
    if (packet === 'QStartNoAckMode') this.#acknowledge = false;
  }

  /** Undefined for what is answered later or never. */
  async #reply(packet: string): Promise<string | undefined> {
    const rest = packet.slice(1);
    switch (packet.charAt(0)) {
      case '?':
        return this.#exit === undefined ? haltReply(this.#halt as Halt) : exitReply(this.#exit);
      case 'g':
        return this.#registers();
      case 'G':
        return this.#setRegisters(rest);
      case 'p':
        return this.#register(rest);
      case 'P':
        return this.#setRegister(rest);
      case 'm':
        return this.#read(rest);
      case 'M':
      case 'X':
        return this.#write(packet);
      case 'H':
        return this.#select(rest);
      case 'T':
        return (await this.#target.threads()).some(({ id }) => id === parseInt(rest, 16)) ? OK : BAD;
      case 'Z':
      case 'z':
        return this.#breakpoint(packet);
      case 'v':
        return this.#verbose(packet);
      case 'k':
        this.#target.kill();
        return undefined;
      case 'D':
        await this.#release();
        this.#closed = true;
        this.#send(OK);
        this.#connection.close();
        return undefined;
      case 'q':
      case 'Q':
        return queries(packet, this.#target, this.#selected);
      default:
        return UNKNOWN;
    }
  }

  async #registers(): Promise<string> {
    const file = await this.#target.registers(this.#selected);
    if (file === undefined) return BAD;
    return REGISTERS.map(({ size }, number) => {
      const bytes = file.get(number);
      return bytes === undefined ? 'x'.repeat(2 * size) : hexBytes(bytes);
    }).join('');
  }

  async #setRegisters(hex: string): Promise<string> {
    const file = await this.#target.registers(this.#selected);
    if (file === undefined || hex.length !== REGISTERS.reduce((sum, { size }) => sum + 2 * size, 0))
      return BAD;
    let at = 0;
    for (const [number, { size }] of REGISTERS.entries()) {
      const part = hex.slice(at, at + 2 * size);
      at += part.length;
      if (/^x+$/.test(part)) continue;
      const bytes = bytesOfHex(part);
      if (bytes === undefined || !file.set(number, bytes)) return BAD;
    }
    return (await this.#target.store(this.#selected, file)) ? OK : BAD;
  }

  async #register(hex: string): Promise<string> {
    const number = parseInt(hex, 16);
    const register = REGISTERS[number];
    const file = await this.#target.registers(this.#selected);
    if (file === undefined || register === undefined) return BAD;
    const bytes = file.get(number);
    return bytes === undefined ? 'x'.repeat(2 * register.size) : hexBytes(bytes);
  }

  async #setRegister(text: string): Promise<string> {
    const [, hex, value] = /^([0-9a-f]+)=([0-9a-fA-F]+)$/.exec(text) ?? [];
    const bytes = bytesOfHex(value ?? '');
    const number = parseInt(hex ?? '', 16);
    const file = await this.#target.registers(this.#selected);
    if (file === undefined || bytes === undefined || REGISTERS[number] === undefined) return BAD;
    return file.set(number, bytes) && (await this.#target.store(this.#selected, file)) ? OK : BAD;
  }

  async #read(text: string): Promise<string> {
    const [, at, many] = /^([0-9a-f]{1,16}),([0-9a-f]{1,8})$/.exec(text) ?? [];
    if (at === undefined || many === undefined) return BAD;
    const length = Math.min(parseInt(many, 16), PACKET_MOST / 2);
    const bytes = await this.#mover.breakpoints.read(BigInt(`0x${at}`), length);
    return bytes.length === 0 && length > 0 ? NO_MEMORY : hexBytes(bytes);
  }

  async #write(packet: string): Promise<string> {
    const [, kind, at, many, data] = /^([MX])([0-9a-f]{1,16}),([0-9a-f]{1,8}):([^]*)$/.exec(packet) ?? [];
    if (at === undefined || many === undefined || data === undefined) return BAD;
    const bytes = kind === 'M' ? bytesOfHex(data) : Uint8Array.from(data, (c) => c.charCodeAt(0));
    if (bytes === undefined || bytes.length !== parseInt(many, 16)) return BAD;
    return (await this.#mover.breakpoints.write(BigInt(`0x${at}`), bytes)) ? OK : NO_MEMORY;
  }

  async #select(text: string): Promise<string> {
    const [, which] = /^[gc](-1|[0-9a-f]{1,8})$/.exec(text) ?? [];
    if (which === undefined) return BAD;
    const id = which === '-1' ? 0 : parseInt(which, 16);
    if (id === 0) return OK;
    if (!(await this.#target.threads()).some((thread) => thread.id === id)) return BAD;
    if (text.startsWith('g')) this.#selected = id;
    return OK;
  }

  async #breakpoint(packet: string): Promise<string> {
    const [, what, kind, at] = /^([Zz])([0-9]),([0-9a-f]{1,16}),[0-9a-f]+$/.exec(packet) ?? [];
    if (at === undefined) return BAD;
    if (kind !== '0') return UNKNOWN; // debug registers have no effect in an enclave
    const address = BigInt(`0x${at}`);
    if (what === 'Z') return (await this.#mover.breakpoints.set(address)) ? OK : NO_MEMORY;
    await this.#mover.breakpoints.clear(address);
    return OK;
  }

  async #verbose(packet: string): Promise<string | undefined> {
    if (packet === 'vCont?') return 'vCont;c;C;s;S';
    if (packet.startsWith('vKill;')) {
      this.#target.kill();
      return OK;
    }
    if (!packet.startsWith('vCont;')) return UNKNOWN;
    const moves = parseMoves(packet.slice('vCont;'.length), await this.#target.threads());
    if (moves === undefined || this.#halt === undefined || this.#exit !== undefined) return BAD;
    this.#halt = undefined;
    await this.#mover.move(moves);
    return undefined;
  }
}

function haltReply({ thread, why }: Halt): string {
  const at = `thread:${thread.toString(16)};`;
  switch (why.kind) {
    case 'asked':
      return `T${gdbSignal(SIGINT)}${at}`;
    case 'signal':
      return `T${gdbSignal(why.signal)}${at}`;
    case 'step':
      return `T${gdbSignal(SIGTRAP)}${at}`;
    case 'breakpoint':
      return `T${gdbSignal(SIGTRAP)}swbreak:;${at}`;
  }
}

const exitReply = (exit: Exit): string =>
  'exited' in exit ? `W${exit.exited.toString(16).padStart(2, '0')}` : `X${gdbSignal(exit.signalled)}`;
