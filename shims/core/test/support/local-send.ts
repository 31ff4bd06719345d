// SPDX-License-Identifier: Apache-2.0
// What is sent in the plain model of AF_UNIX. A message is numbers that count up.
import { find } from './local-connect.js';
import { ERRNO, MSG, READ, TYPE, WRITE, fail, used } from './local-socket.js';
import type { Message, Socket } from './local-socket.js';
import type { LocalWorld } from './local-world.js';

const PIECE_ROOM = 0x8000;
const HEAD = 32;

/** What a command says is to be sent. */
export interface Sending {
  readonly count: number;
  readonly flags: number;
  /** `-`: to the peer. */
  readonly name: string;
  readonly slots: readonly number[];
}

export function send(world: LocalWorld, socket: Socket, what: Sending): string {
  if (what.flags & MSG.OOB) fail(ERRNO.OPNOTSUPP);
  const done =
    socket.type === TYPE.STREAM ? sendStream(world, socket, what) : sendPacket(world, socket, what);
  world.next = (world.next + done) & 255;
  return ` = ${done}`;
}

/** Takes what its queue takes besides the bytes, too. */
function message(
  { slots, messageBytes, rightsBytes }: LocalWorld,
  { name }: Socket,
  first: number,
  end: number,
  sent: readonly number[],
  record: boolean,
): Message {
  const rights = sent.map((slot) => slots[slot]).filter((one) => one !== undefined);
  const size = messageBytes + end + (rights.length > 0 ? rightsBytes : 0);
  return { first, at: 0, end, name, rights, size, record };
}

function sendStream(world: LocalWorld, socket: Socket, { count, name, slots }: Sending): number {
  if (name !== '-') fail(socket.state === 'connected' ? ERRNO.ISCONN : ERRNO.OPNOTSUPP);
  const other = socket.peer ?? fail(ERRNO.NOTCONN);
  let done = 0;
  while (done < count) {
    let error = socket.shut & WRITE ? ERRNO.PIPE : -world.takeError(socket);
    if (!error && (other.dead || other.shut & READ)) error = ERRNO.PIPE;
    if (!error && used(other) >= socket.sendBytes) error = ERRNO.AGAIN;
    if (error) return done > 0 ? done : fail(error);
    const part = Math.min(count - done, PIECE_ROOM - world.messageBytes);
    other.queue.push(message(world, socket, world.next + done, part, done > 0 ? [] : slots, false));
    done += part;
  }
  return done;
}

function sendPacket(world: LocalWorld, socket: Socket, what: Sending): number {
  const { count, flags, name } = what;
  const datagram = socket.type === TYPE.DGRAM;
  if (!datagram && socket.state !== 'connected') fail(-world.takeError(socket) || ERRNO.NOTCONN);
  const other =
    datagram && name !== '-' ? find(world, socket.type, name) : (socket.peer ?? fail(ERRNO.NOTCONN));
  if (other.dead && datagram) {
    socket.peer = undefined;
    fail(ERRNO.CONNREFUSED);
  }
  if (other.peer !== undefined && other.peer !== socket) fail(ERRNO.PERM);
  const error = world.takeError(socket);
  if (error) fail(-error);
  if (socket.shut & WRITE || other.shut & READ) fail(ERRNO.PIPE);
  if (count > socket.sendBytes - HEAD) fail(ERRNO.MSGSIZE);
  if (used(other) >= socket.sendBytes) fail(ERRNO.AGAIN);
  other.queue.push(message(world, socket, world.next, count, what.slots, (flags & MSG.EOR) !== 0));
  return count;
}
