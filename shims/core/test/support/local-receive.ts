// SPDX-License-Identifier: Apache-2.0
// What is received in the plain model of AF_UNIX: read, or looked at (MSG_PEEK, from SO_PEEK_OFF on).
import { ERRNO, MSG, READ, TYPE, fail, nameOf, sumOf } from './local-socket.js';
import type { Message, Name, Socket } from './local-socket.js';
import type { LocalWorld } from './local-world.js';

/** What came besides the bytes: who sent it, `0` or `1` for MSG_TRUNC and for MSG_EOR, and descriptors. */
interface Beside {
  readonly name?: Name | undefined;
  readonly said?: string;
  readonly rights?: readonly Socket[];
}

export function receive(world: LocalWorld, socket: Socket, count: number, flags: number): string {
  const { type, state } = socket;
  if (flags & MSG.OOB) fail(type === TYPE.STREAM ? ERRNO.INVAL : ERRNO.OPNOTSUPP);
  if (type !== TYPE.DGRAM && state !== 'connected') fail(type === TYPE.STREAM ? ERRNO.INVAL : ERRNO.NOTCONN);
  return type === TYPE.STREAM
    ? receiveStream(world, socket, count, flags)
    : receivePacket(world, socket, count, flags);
}

/** Bytes of as many messages as follow each other without descriptors between. */
function receiveStream(world: LocalWorld, socket: Socket, count: number, flags: number): string {
  const bytes: number[] = [];
  let rights: readonly Socket[] = [];
  let name: Name | undefined;
  const queue = queueOf(socket, flags);
  if (count === 0) return received(world, 0, bytes, {});
  if (queue.length === 0) return nothing(world, socket);
  for (let message = queue[0]; message && bytes.length < count && rights.length === 0; message = queue[0]) {
    const part = Math.min(message.end - message.at, count - bytes.length);
    if (bytes.length === 0) name = message.name;
    for (let i = 0; i < part; i++) bytes.push((message.first + message.at + i) & 255);
    rights = message.rights;
    message.at += part;
    message.rights = [];
    if (message.at === message.end) queue.shift();
  }
  // Waiting for all of it, it hears of an error, and has something else to say.
  const goesOn = flags & MSG.WAITALL && !(flags & MSG.PEEK) && bytes.length < count && rights.length === 0;
  if (goesOn && queue.length === 0) world.takeError(socket);
  movePeek(socket, flags, bytes.length);
  return received(world, bytes.length, bytes, { name, rights });
}

function receivePacket(world: LocalWorld, socket: Socket, count: number, flags: number): string {
  const error = world.takeError(socket);
  if (error) fail(-error);
  const queue = queueOf(socket, flags);
  const message = queue.shift();
  if (message === undefined) {
    if (socket.shut & READ && socket.type !== TYPE.DGRAM) return received(world, 0, [], {});
    return fail(ERRNO.AGAIN);
  }
  const { first, at, end, name, rights, record } = message;
  const length = end - at;
  const part = Math.min(length, count);
  const bytes = Array.from({ length: part }, (_, i) => (first + at + i) & 255);
  movePeek(socket, flags, flags & MSG.PEEK ? part : length);
  const said = `${part < length ? 1 : 0}${record ? 1 : 0}`;
  return received(world, flags & MSG.TRUNC ? length : part, bytes, { name, said, rights });
}

/** The queue itself, or a copy for who only looks, without what the look leaves out. */
function queueOf({ queue, peekAt }: Socket, flags: number): Message[] {
  if (!(flags & MSG.PEEK)) return queue;
  const copy = queue.map((message) => ({ ...message }));
  let skip = Math.max(peekAt, 0);
  while (skip > 0 && copy[0] !== undefined && skip >= copy[0].end - copy[0].at) {
    skip -= copy[0].end - copy[0].at;
    copy.shift();
  }
  if (copy[0] !== undefined) copy[0].at += skip;
  return copy;
}

function movePeek(socket: Socket, flags: number, count: number): void {
  if (socket.peekAt < 0) return;
  socket.peekAt = flags & MSG.PEEK ? socket.peekAt + count : Math.max(socket.peekAt - count, 0);
}

function nothing(world: LocalWorld, socket: Socket): string {
  const error = world.takeError(socket);
  if (error) fail(-error);
  if (!(socket.shut & READ)) fail(ERRNO.AGAIN);
  return received(world, 0, [], {});
}

/** Descriptors come to the first free slots. */
function received(world: LocalWorld, result: number, bytes: readonly number[], beside: Beside): string {
  const { name, said = '00', rights = [] } = beside;
  const slots: number[] = [];
  for (const one of rights) {
    const slot = world.slots.indexOf(undefined);
    if (slot < 0) break;
    world.slots[slot] = one;
    slots.push(slot);
  }
  const cut = slots.length < rights.length ? 1 : 0;
  return ` ${sumOf(bytes)}${nameOf(name)} ${said}${cut}${slots.map((slot) => ` ${slot}`).join('')} = ${result}`;
}
