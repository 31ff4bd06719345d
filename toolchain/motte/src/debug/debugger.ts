// SPDX-License-Identifier: Apache-2.0
// `--gdb`: listens on loopback, brings the program to its first instruction, and joins gdb's connection with the Keep.
import { MotteError } from '@motte/binary/error';
import { Session } from '@motte/debug/gdb/session';
import type { Exit, Halt } from '@motte/debug/gdb/target';
import type { End, Keep, Stop } from '@motte/loader/load';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { say } from '../io/stdout.js';
import { systemError } from '../io/system.js';
import { KeepTarget } from './keep-target.js';
import type { Places } from './keep-target.js';

const LOOPBACK = '127.0.0.1';
const INT3 = 0xcc;
const SIGKILL = 9;

const exitOf = ({ ended, status }: End): Exit =>
  ended === 'exited' ? { exited: status } : { signalled: ended === 'signalled' ? status : SIGKILL };

/** One at a time: a debugger that comes while another is there finds the connection closed. */
export class Debugger {
  readonly #server: Server;
  readonly #places: (keep: Keep) => Places;
  #target: KeepTarget | undefined;
  #session: Session | undefined;
  /** Waits for the program to stand still. */
  #waiting: Socket | undefined;
  /** The program stands still and no debugger is there. */
  #halt: Halt | undefined;
  /** Takes the INT3 at the program's first instruction away. */
  #arrive: (() => Promise<unknown>) | undefined;

  private constructor(server: Server, places: (keep: Keep) => Places) {
    this.#server = server;
    this.#places = places;
    server.on('connection', (socket) => this.#connected(socket));
  }

  /** Throws GDB_PORT. Port 0 is any that is free. */
  static async listen(port: number, places: (keep: Keep) => Places): Promise<Debugger> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(systemError(error, 'GDB_PORT', `${LOOPBACK}:${port}`)));
      server.listen(port, LOOPBACK, resolve);
    });
    return new Debugger(server, places);
  }

  /** The Keep is there, and its threads wait. */
  async attach(keep: Keep): Promise<void> {
    const places = this.#places(keep);
    const target = new KeepTarget(keep, places);
    this.#target = target;
    if (!places.later) await this.#stopAtEntry(target, places);
    target.goAll();
    const { port } = this.#server.address() as AddressInfo;
    say(`motte: gdb ${target.exec} -ex 'target remote ${LOOPBACK}:${port}'`);
  }

  async #stopAtEntry(target: KeepTarget, { program }: Places): Promise<void> {
    const entry = program.elf.header.entry + program.bias;
    const original = await target.read(entry, 1);
    await target.write(entry, Uint8Array.of(INT3));
    this.#arrive = () => target.write(entry, original);
  }

  readonly stopped = (stop: Stop): void => {
    void this.#stopped(stop);
  };

  async #stopped(stop: Stop): Promise<void> {
    const halt = this.#target?.halt(stop);
    if (halt === undefined) return;
    if (this.#arrive !== undefined) {
      await this.#arrive();
      this.#arrive = undefined;
      this.#halt = { thread: halt.thread, why: { kind: 'step' } };
    } else if (this.#session !== undefined) {
      this.#session.halted(halt);
      return;
    } else if (this.#waiting === undefined && halt.why.kind !== 'breakpoint') {
      // Nobody looks at what is about to end it.
      this.#target?.goAll();
      return;
    } else this.#halt = halt;
    this.#join();
  }

  /** A debugger that waits and a program that stands still: a session. */
  #join(): void {
    const socket = this.#waiting;
    const halt = this.#halt;
    if (this.#target === undefined || socket === undefined || halt === undefined) return;
    this.#waiting = this.#halt = undefined;
    const session = new Session(
      this.#target,
      { write: (bytes) => socket.write(bytes), close: () => socket.end(), left: () => this.#left() },
      halt,
    );
    this.#session = session;
    socket.on('data', (bytes: Uint8Array) => {
      try {
        session.push(bytes);
      } catch (error) {
        if (!(error instanceof MotteError)) throw error;
        say(`motte: ${error.message} [${error.code}]`);
        socket.destroy();
      }
    });
    socket.resume();
  }

  #left(): void {
    this.#session = undefined;
    if (this.#waiting !== undefined) this.#target?.stop();
  }

  #connected(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#waiting !== undefined || this.#session?.leaving === false) {
      socket.destroy();
      return;
    }
    socket.pause();
    this.#waiting = socket;
    socket.on('close', () => {
      if (this.#waiting === socket) this.#waiting = undefined;
      else this.#session?.leave();
    });
    if (this.#halt === undefined && this.#arrive === undefined && this.#session === undefined)
      this.#target?.stop();
    this.#join();
  }

  /** The Keep has ended. */
  ended(end: End): void {
    this.#session?.ended(exitOf(end));
    this.#waiting?.destroy();
  }

  /** Nobody is listened to any more. A connection is closed when what was written has gone. */
  close(): void {
    this.#server.close();
    this.#session?.close();
  }
}
