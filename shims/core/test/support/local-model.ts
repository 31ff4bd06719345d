// SPDX-License-Identifier: Apache-2.0
// A plain model of sockets of AF_UNIX: what shims/core/local is compared with. A message is numbers that count up; what is
// open is found anew after each command, from the slots.
import { ERRNO, MSG, POLL, READ, SHUT_BOTH, TYPE, WRITE, fail } from './local-socket.js';
import type { Message, Name, Socket } from './local-socket.js';
import { LocalError, newSocket, sumOf, used } from './local-socket.js';

const PIECE_ROOM = 0x8000;
const HEAD = 32;
const SLOTS = 12;

export class LocalModel {
  readonly #slots: (Socket | undefined)[] = Array.from({ length: SLOTS });
  readonly #nodes = new Map<string, object>();
  #all: Socket[] = [];
  #next = 0;
  #said = '';

  /** What a message takes besides its bytes, and what its descriptors take. */
  constructor(
    readonly messageBytes: number,
    readonly rightsBytes: number,
  ) {}

  /** What the command should say. `said` is looked at only for whether a peer that others closed had read all. */
  run(line: string, said: string): string {
    const [command = '', ...args] = line.split(' ');
    this.#said = said;
    let out: string;
    try {
      out = this.#command(command, args);
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      out = ` = ${error.number}`;
    }
    this.#collect();
    const inFlight = this.#all.flatMap(({ queue }) => queue).flatMap(({ rights }) => rights).length;
    const bytes = this.#all.map(used).reduce((sum, one) => sum + one, 0);
    return `${out} / ${this.#all.length} ${inFlight} ${bytes}`;
  }

  #command(command: string, args: readonly string[]): string {
    const number = (i: number): number => Number(args[i]);
    if (command === 's') return this.#put(number(0), this.#make(number(1)));
    if (command === 'P') return this.#pair(number(0), number(1), number(2));
    if (command === 'u') return this.#nodes.delete(args[0] ?? '') ? ' = 0' : fail(ERRNO.NOENT);
    const socket = this.#slots[number(0)] ?? fail(ERRNO.BADF);
    switch (command) {
      case 'c':
        return this.#put(number(0), undefined);
      case 'd':
        return this.#put(number(1), socket);
      case 'b':
        return this.#bind(socket, args[1] ?? '');
      case 'l':
        return this.#listen(socket, number(1));
      case 'C':
        return socket.type === TYPE.DGRAM
          ? this.#connectDatagram(socket, args[1] ?? '')
          : this.#connect(socket, args[1] ?? '');
      case 'a':
        return this.#accept(socket, number(1));
      case 'w':
        return this.#send(socket, number(1), number(2), args[3] ?? '-', args.slice(4).map(Number));
      case 'r':
        return this.#receive(socket, number(1), number(2));
      case 'h':
        return this.#shutdown(socket, number(1));
      case 'o':
        socket.sendBytes = Math.max(2 * Math.min(number(1), 212992), 4608);
        return ' = 0';
      case 'q':
        return this.#count(socket);
      case 'e':
        return ` = ${this.#takeError(socket)}`;
      case 'p':
        return ` = ${this.#ready(socket)}`;
      default:
        return `${nameOf(socket.name)}${socket.peer ? nameOf(socket.peer.name) : ` ${ERRNO.NOTCONN}`} = 0`;
    }
  }

  #put(slot: number, socket: Socket | undefined): string {
    this.#slots[slot] = socket;
    return ' = 0';
  }

  #make(type: number): Socket {
    const socket = newSocket(type);
    this.#all.push(socket);
    return socket;
  }

  #pair(one: number, two: number, type: number): string {
    const [a, b] = [this.#make(type), this.#make(type)];
    [a.peer, b.peer] = [b, a];
    if (type !== TYPE.DGRAM) a.state = b.state = 'connected';
    this.#put(one, a);
    return this.#put(two, b);
  }

  #takeError(socket: Socket): number {
    const error = socket.vague ? (/ = (-?104) /.test(this.#said) ? 104 : 0) : socket.error;
    socket.error = 0;
    socket.vague = false;
    return error;
  }

  #find(type: number, text: string): Socket {
    if (text === '-' || text === '!') fail(ERRNO.INVAL);
    const node = text.startsWith('@') ? undefined : (this.#nodes.get(text) ?? fail(ERRNO.NOENT));
    const found = this.#all.find(
      ({ bound, name, type: other }) =>
        bound && (node === undefined ? name?.text === text && other === type : name?.node === node),
    );
    if (found === undefined) fail(ERRNO.CONNREFUSED);
    return found.type === type ? found : fail(ERRNO.PROTOTYPE);
  }

  #bind(socket: Socket, text: string): string {
    if (text === '!') fail(ERRNO.INVAL);
    if (text === '-') {
      if (socket.name === undefined) [socket.name, socket.bound] = [{ text: '@' }, true];
      return ' = 0';
    }
    let node: object | undefined;
    if (!text.startsWith('@')) {
      if (this.#nodes.has(text)) fail(ERRNO.ADDRINUSE);
      if (socket.name !== undefined) fail(ERRNO.INVAL);
      this.#nodes.set(text, (node = {}));
    } else {
      if (socket.name !== undefined) fail(ERRNO.INVAL);
      const taken = this.#all.some(
        ({ bound, name, type }) => bound && type === socket.type && name?.text === text,
      );
      if (taken) fail(ERRNO.ADDRINUSE);
    }
    [socket.name, socket.bound] = [node === undefined ? { text } : { text, node }, true];
    return ' = 0';
  }

  #listen(socket: Socket, backlog: number): string {
    if (socket.type === TYPE.DGRAM) fail(ERRNO.OPNOTSUPP);
    if (socket.name === undefined || socket.state === 'connected') fail(ERRNO.INVAL);
    [socket.state, socket.backlog] = ['listening', backlog];
    return ' = 0';
  }

  #connectDatagram(socket: Socket, text: string): string {
    const other = text === '!' ? undefined : this.#find(socket.type, text);
    if (other?.peer !== undefined && other.peer !== socket) fail(ERRNO.PERM);
    const old = socket.peer;
    if (old === other) return ' = 0';
    socket.peer = other;
    if (old === undefined) return ' = 0';
    socket.queue = [];
    if (old.peer === socket && !old.dead) [old.error, old.vague] = [104, false];
    return ' = 0';
  }

  #connect(socket: Socket, text: string): string {
    const listener = this.#find(socket.type, text);
    if (listener.state !== 'listening' || listener.shut & READ) fail(ERRNO.CONNREFUSED);
    if (socket.state !== 'closed') fail(socket.state === 'connected' ? ERRNO.ISCONN : ERRNO.INVAL);
    if (listener.waiting.length > listener.backlog) fail(ERRNO.AGAIN);
    const end = this.#make(socket.type);
    end.state = socket.state = 'connected';
    [end.name, end.peer, socket.peer, end.accepted] = [listener.name, socket, end, false];
    listener.waiting.push(end);
    return ' = 0';
  }

  #accept(socket: Socket, slot: number): string {
    if (socket.type === TYPE.DGRAM) fail(ERRNO.OPNOTSUPP);
    if (socket.state !== 'listening') fail(ERRNO.INVAL);
    const end = socket.waiting.shift() ?? fail(ERRNO.AGAIN);
    end.accepted = true;
    return this.#put(slot, end);
  }

  #shutdown(socket: Socket, how: number): string {
    if (how > 2) fail(ERRNO.INVAL);
    const shut = how + 1;
    socket.shut |= shut;
    if (socket.peer !== undefined && socket.type !== TYPE.DGRAM)
      socket.peer.shut |= (shut & READ ? WRITE : 0) | (shut & WRITE ? READ : 0);
    return ' = 0';
  }

  #count({ state, type, queue }: Socket): string {
    if (state === 'listening') fail(ERRNO.INVAL);
    const counted = type === TYPE.DGRAM ? queue.slice(0, 1) : queue;
    return ` = ${counted.reduce((sum, { at, end }) => sum + end - at, 0)}`;
  }

  #ready(socket: Socket): number {
    const { type, state, shut, peer } = socket;
    let ready = 0;
    if (socket.vague) ready |= Number(/ = (\d+) /.exec(this.#said)?.[1] ?? 0) & POLL.ERR;
    else if (socket.error) ready |= POLL.ERR;
    if (shut === SHUT_BOTH || (type !== TYPE.DGRAM && state === 'closed')) ready |= POLL.HUP;
    if (shut & READ) ready |= POLL.RDHUP | POLL.IN;
    if (socket.queue.length > 0 || socket.waiting.length > 0) ready |= POLL.IN;
    if (state !== 'listening' && (peer === undefined || used(peer) * 4 <= socket.sendBytes))
      ready |= POLL.OUT;
    return ready;
  }

  #message(socket: Socket, first: number, end: number, slots: readonly number[], record: boolean): Message {
    const rights = slots.map((slot) => this.#slots[slot]).filter((one) => one !== undefined);
    const size = this.messageBytes + end + (rights.length > 0 ? this.rightsBytes : 0);
    return { first, at: 0, end, name: socket.name, rights, size, record };
  }

  #send(socket: Socket, count: number, flags: number, name: string, slots: readonly number[]): string {
    if (flags & MSG.OOB) fail(ERRNO.OPNOTSUPP);
    const done =
      socket.type === TYPE.STREAM
        ? this.#sendStream(socket, count, name, slots)
        : this.#sendPacket(socket, count, flags, name, slots);
    this.#next = (this.#next + done) & 255;
    return ` = ${done}`;
  }

  #sendStream(socket: Socket, count: number, name: string, slots: readonly number[]): number {
    if (name !== '-') fail(socket.state === 'connected' ? ERRNO.ISCONN : ERRNO.OPNOTSUPP);
    const other = socket.peer ?? fail(ERRNO.NOTCONN);
    let done = 0;
    while (done < count) {
      let error = socket.shut & WRITE ? ERRNO.PIPE : -this.#takeError(socket);
      if (!error && (other.dead || other.shut & READ)) error = ERRNO.PIPE;
      if (!error && used(other) >= socket.sendBytes) error = ERRNO.AGAIN;
      if (error) return done > 0 ? done : fail(error);
      const part = Math.min(count - done, PIECE_ROOM - this.messageBytes);
      other.queue.push(this.#message(socket, this.#next + done, part, done > 0 ? [] : slots, false));
      done += part;
    }
    return done;
  }

  #sendPacket(socket: Socket, count: number, flags: number, name: string, slots: readonly number[]): number {
    const datagram = socket.type === TYPE.DGRAM;
    if (!datagram && socket.state !== 'connected') fail(-this.#takeError(socket) || ERRNO.NOTCONN);
    const other =
      datagram && name !== '-' ? this.#find(socket.type, name) : (socket.peer ?? fail(ERRNO.NOTCONN));
    if (other.dead && datagram) {
      socket.peer = undefined;
      fail(ERRNO.CONNREFUSED);
    }
    if (other.peer !== undefined && other.peer !== socket) fail(ERRNO.PERM);
    const error = this.#takeError(socket);
    if (error) fail(-error);
    if (socket.shut & WRITE || other.shut & READ) fail(ERRNO.PIPE);
    if (count > socket.sendBytes - HEAD) fail(ERRNO.MSGSIZE);
    if (used(other) >= socket.sendBytes) fail(ERRNO.AGAIN);
    other.queue.push(this.#message(socket, this.#next, count, slots, (flags & MSG.EOR) !== 0));
    return count;
  }

  #receive(socket: Socket, count: number, flags: number): string {
    const { type, state } = socket;
    if (flags & MSG.OOB) fail(type === TYPE.STREAM ? ERRNO.INVAL : ERRNO.OPNOTSUPP);
    if (type !== TYPE.DGRAM && state !== 'connected')
      fail(type === TYPE.STREAM ? ERRNO.INVAL : ERRNO.NOTCONN);
    return type === TYPE.STREAM
      ? this.#receiveStream(socket, count, flags)
      : this.#receivePacket(socket, count, flags);
  }

  /** Bytes of as many messages as follow each other without descriptors between. */
  #receiveStream(socket: Socket, count: number, flags: number): string {
    const bytes: number[] = [];
    let rights: readonly Socket[] = [];
    let name: Name | undefined;
    const queue = flags & MSG.PEEK ? socket.queue.map((message) => ({ ...message })) : socket.queue;
    const before = bytes.length;
    if (count === 0) return this.#received(0, bytes, undefined, '00', []);
    if (queue.length === 0) return this.#nothing(socket, socket.shut & READ ? 0 : ERRNO.AGAIN);
    for (let message = queue[0]; message && bytes.length < count && rights.length === 0; message = queue[0]) {
      const part = Math.min(message.end - message.at, count - bytes.length);
      for (let i = 0; i < part; i++) bytes.push((message.first + message.at + i) & 255);
      if (bytes.length === before + part) name = message.name;
      rights = message.rights;
      message.at += part;
      message.rights = [];
      if (message.at === message.end) queue.shift();
    }
    // Waiting for all of it, it hears of an error, and has something else to say.
    const goesOn = flags & MSG.WAITALL && !(flags & MSG.PEEK) && bytes.length < count && rights.length === 0;
    if (goesOn && queue.length === 0) this.#takeError(socket);
    return this.#received(bytes.length, bytes, name, '00', rights);
  }

  #receivePacket(socket: Socket, count: number, flags: number): string {
    const error = this.#takeError(socket);
    if (error) fail(-error);
    const [message] = socket.queue;
    if (message === undefined) {
      if (socket.shut & READ && socket.type !== TYPE.DGRAM) return this.#received(0, [], undefined, '00', []);
      return fail(ERRNO.AGAIN);
    }
    const part = Math.min(message.end, count);
    const bytes = Array.from({ length: part }, (_, i) => (message.first + i) & 255);
    if (!(flags & MSG.PEEK)) socket.queue.shift();
    const said = `${part < message.end ? 1 : 0}${message.record ? 1 : 0}`;
    return this.#received(flags & MSG.TRUNC ? message.end : part, bytes, message.name, said, message.rights);
  }

  #nothing(socket: Socket, otherwise: number): string {
    const error = this.#takeError(socket);
    if (error || otherwise) fail(error ? -error : otherwise);
    return this.#received(0, [], undefined, '00', []);
  }

  #received(
    result: number,
    bytes: readonly number[],
    name: Name | undefined,
    said: string,
    rights: readonly Socket[],
  ): string {
    const slots: number[] = [];
    for (const one of rights) {
      const slot = this.#slots.indexOf(undefined);
      if (slot < 0) break;
      this.#slots[slot] = one;
      slots.push(slot);
    }
    const cut = slots.length < rights.length ? 1 : 0;
    return ` ${sumOf(bytes)}${nameOf(name)} ${said}${cut}${slots.map((slot) => ` ${slot}`).join('')} = ${result}`;
  }

  /** Closes what nobody can come by: what has no reference at once, and what only messages have in a circle. */
  #collect(): void {
    let direct = true;
    for (;;) {
      const reached = this.#reached();
      const lost = this.#all.filter((socket) => !reached.has(socket));
      if (lost.length === 0) return;
      const held = new Set(this.#all.flatMap(({ queue }) => queue).flatMap(({ rights }) => rights));
      const waiting = new Set(this.#all.flatMap((socket) => socket.waiting));
      const free = lost.filter((socket) => !held.has(socket) && !waiting.has(socket));
      if (free.length === 0) for (const socket of lost) socket.queue = [];
      for (const socket of free) this.#release(socket, direct);
      direct = false;
    }
  }

  #reached(): Set<Socket> {
    const reached = new Set(this.#slots.filter((socket) => socket !== undefined));
    for (const { waiting, queue } of reached)
      for (const next of [...waiting, ...queue.flatMap(({ rights }) => rights)]) reached.add(next);
    return reached;
  }

  /** `direct`: by the command itself, so that it is known whether something was unread. */
  #release(socket: Socket, direct: boolean): void {
    const { peer, type } = socket;
    this.#all = this.#all.filter((one) => one !== socket);
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

function nameOf(name: Name | undefined): string {
  return ` ${name === undefined ? '-' : name.text}`;
}
