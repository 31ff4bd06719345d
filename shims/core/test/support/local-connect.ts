// SPDX-License-Identifier: Apache-2.0
// Names, and who is whose peer, in the plain model of AF_UNIX.
import { ERRNO, READ, TYPE, WRITE, fail } from './local-socket.js';
import type { Socket } from './local-socket.js';
import type { LocalWorld } from './local-world.js';

export function pair(world: LocalWorld, one: number, two: number, type: number): string {
  const [a, b] = [world.make(type), world.make(type)];
  [a.peer, b.peer] = [b, a];
  if (type !== TYPE.DGRAM) a.state = b.state = 'connected';
  world.put(one, a);
  return world.put(two, b);
}

/** Who is bound to a name. */
export function find({ nodes, all }: LocalWorld, type: number, text: string): Socket {
  if (text === '-' || text === '!') fail(ERRNO.INVAL);
  const node = text.startsWith('@') ? undefined : (nodes.get(text) ?? fail(ERRNO.NOENT));
  const found = all.find(
    ({ bound, name, type: other }) =>
      bound && (node === undefined ? name?.text === text && other === type : name?.node === node),
  );
  if (found === undefined) fail(ERRNO.CONNREFUSED);
  return found.type === type ? found : fail(ERRNO.PROTOTYPE);
}

export function bind({ nodes, all }: LocalWorld, socket: Socket, text: string): string {
  if (text === '!') fail(ERRNO.INVAL);
  if (text === '-') {
    if (socket.name === undefined) [socket.name, socket.bound] = [{ text: '@' }, true];
    return ' = 0';
  }
  let node: object | undefined;
  if (!text.startsWith('@')) {
    if (nodes.has(text)) fail(ERRNO.ADDRINUSE);
    if (socket.name !== undefined) fail(ERRNO.INVAL);
    nodes.set(text, (node = {}));
  } else {
    if (socket.name !== undefined) fail(ERRNO.INVAL);
    const taken = all.some(({ bound, name, type }) => bound && type === socket.type && name?.text === text);
    if (taken) fail(ERRNO.ADDRINUSE);
  }
  [socket.name, socket.bound] = [node === undefined ? { text } : { text, node }, true];
  return ' = 0';
}

export function listen(socket: Socket, backlog: number): string {
  if (socket.type === TYPE.DGRAM) fail(ERRNO.OPNOTSUPP);
  if (socket.name === undefined || socket.state === 'connected') fail(ERRNO.INVAL);
  [socket.state, socket.backlog] = ['listening', backlog];
  return ' = 0';
}

export function connect(world: LocalWorld, socket: Socket, text: string): string {
  return socket.type === TYPE.DGRAM
    ? connectDatagram(world, socket, text)
    : connectStream(world, socket, text);
}

function connectDatagram(world: LocalWorld, socket: Socket, text: string): string {
  const other = text === '!' ? undefined : find(world, socket.type, text);
  if (other?.peer !== undefined && other.peer !== socket) fail(ERRNO.PERM);
  const old = socket.peer;
  if (old === other) return ' = 0';
  socket.peer = other;
  if (old === undefined) return ' = 0';
  socket.queue = [];
  if (old.peer === socket && !old.dead) [old.error, old.vague] = [104, false];
  return ' = 0';
}

/** Of SEQPACKET too. */
function connectStream(world: LocalWorld, socket: Socket, text: string): string {
  const listener = find(world, socket.type, text);
  if (listener.state !== 'listening' || listener.shut & READ) fail(ERRNO.CONNREFUSED);
  if (socket.state !== 'closed') fail(socket.state === 'connected' ? ERRNO.ISCONN : ERRNO.INVAL);
  if (listener.waiting.length > listener.backlog) fail(ERRNO.AGAIN);
  const end = world.make(socket.type);
  end.state = socket.state = 'connected';
  [end.name, end.peer, socket.peer, end.accepted] = [listener.name, socket, end, false];
  listener.waiting.push(end);
  return ' = 0';
}

export function accept(world: LocalWorld, socket: Socket, slot: number): string {
  if (socket.type === TYPE.DGRAM) fail(ERRNO.OPNOTSUPP);
  if (socket.state !== 'listening') fail(ERRNO.INVAL);
  const end = socket.waiting.shift() ?? fail(ERRNO.AGAIN);
  end.accepted = true;
  return world.put(slot, end);
}

export function shutdown(socket: Socket, how: number): string {
  if (how > 2) fail(ERRNO.INVAL);
  const shut = how + 1;
  socket.shut |= shut;
  if (socket.peer !== undefined && socket.type !== TYPE.DGRAM)
    socket.peer.shut |= (shut & READ ? WRITE : 0) | (shut & WRITE ? READ : 0);
  return ' = 0';
}
