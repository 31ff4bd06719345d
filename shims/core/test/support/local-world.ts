// SPDX-License-Identifier: Apache-2.0
// What is open in the plain model of AF_UNIX, and what names stand for. What can still be reached is found anew after each
// command, from the slots.
import { SHUT_BOTH, TYPE, newSocket, used } from './local-socket.js';
import type { Socket } from './local-socket.js';

const SLOTS = 12;

export class LocalWorld {
  readonly slots: (Socket | undefined)[] = Array.from({ length: SLOTS });
  /** The tree's: what a path stands for. */
  readonly nodes: Map<string, object> = new Map();
  all: Socket[] = [];
  /** The next byte that somebody sends. */
  next = 0;
  /** What the driver said of this command. */
  said = '';

  constructor(
    readonly messageBytes: number,
    readonly rightsBytes: number,
  ) {}

  put(slot: number, socket: Socket | undefined): string {
    this.slots[slot] = socket;
    return ' = 0';
  }

  make(type: number): Socket {
    const socket = newSocket(type);
    this.all.push(socket);
    return socket;
  }

  takeError(socket: Socket): number {
    const error = socket.vague ? (/ = (-?104) /.test(this.said) ? 104 : 0) : socket.error;
    socket.error = 0;
    socket.vague = false;
    return error;
  }

  /** How many sockets there are, how many descriptors are under way, and what the queues hold. */
  account(): string {
    const inFlight = this.all.flatMap(({ queue }) => queue).flatMap(({ rights }) => rights).length;
    const bytes = this.all.map(used).reduce((sum, one) => sum + one, 0);
    return `${this.all.length} ${inFlight} ${bytes}`;
  }

  /** Closes what nobody can come by: what has no reference at once, and what only messages have in a circle. */
  collect(): void {
    let direct = true;
    for (;;) {
      const reached = this.#reached();
      const lost = this.all.filter((socket) => !reached.has(socket));
      if (lost.length === 0) return;
      const held = new Set(this.all.flatMap(({ queue }) => queue).flatMap(({ rights }) => rights));
      const waiting = new Set(this.all.flatMap((socket) => socket.waiting));
      const free = lost.filter((socket) => !held.has(socket) && !waiting.has(socket));
      if (free.length === 0) for (const socket of lost) socket.queue = [];
      for (const socket of free) this.#release(socket, direct);
      direct = false;
    }
  }

  #reached(): Set<Socket> {
    const reached = new Set(this.slots.filter((socket) => socket !== undefined));
    for (const { waiting, queue } of reached)
      for (const next of [...waiting, ...queue.flatMap(({ rights }) => rights)]) reached.add(next);
    return reached;
  }

  /** `direct`: by the command itself, so that it is known whether something was unread. */
  #release(socket: Socket, direct: boolean): void {
    const { peer, type } = socket;
    this.all = this.all.filter((one) => one !== socket);
    [socket.dead, socket.peer, socket.shut] = [true, undefined, SHUT_BOTH];
    for (const end of socket.waiting) this.#release(end, direct);
    if (peer !== undefined && type !== TYPE.DGRAM) {
      peer.shut = SHUT_BOTH;
      if (!direct) peer.vague = true;
      else if (socket.queue.length > 0 || !socket.accepted) peer.error = 104;
    }
    [socket.queue, socket.waiting] = [[], []];
  }
}
