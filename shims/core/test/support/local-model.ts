// SPDX-License-Identifier: Apache-2.0
// A plain model of sockets of AF_UNIX: what shims/core/local is compared with, command by command.
import { accept, bind, connect, listen, pair, shutdown } from './local-connect.js';
import { receive } from './local-receive.js';
import { send } from './local-send.js';
import { ERRNO, LocalError, POLL, READ, SHUT_BOTH, TYPE, fail, nameOf, used } from './local-socket.js';
import type { Socket } from './local-socket.js';
import { LocalWorld } from './local-world.js';

export class LocalModel {
  readonly #world: LocalWorld;

  /** What a message takes besides its bytes, and what its descriptors take. */
  constructor(messageBytes: number, rightsBytes: number) {
    this.#world = new LocalWorld(messageBytes, rightsBytes);
  }

  /** What the command should say. `said` is looked at only for whether a peer that others closed had read all. */
  run(line: string, said: string): string {
    const [command = '', ...args] = line.split(' ');
    this.#world.said = said;
    let out: string;
    try {
      out = this.#command(command, args);
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      out = ` = ${error.number}`;
    }
    this.#world.collect();
    return `${out} / ${this.#world.account()}`;
  }

  #command(command: string, args: readonly string[]): string {
    const world = this.#world;
    const number = (i: number): number => Number(args[i]);
    if (command === 's') return world.put(number(0), world.make(number(1)));
    if (command === 'P') return pair(world, number(0), number(1), number(2));
    if (command === 'u') return world.nodes.delete(args[0] ?? '') ? ' = 0' : fail(ERRNO.NOENT);
    const socket = world.slots[number(0)] ?? fail(ERRNO.BADF);
    switch (command) {
      case 'c':
        return world.put(number(0), undefined);
      case 'd':
        return world.put(number(1), socket);
      case 'b':
        return bind(world, socket, args[1] ?? '');
      case 'l':
        return listen(socket, number(1));
      case 'C':
        return connect(world, socket, args[1] ?? '');
      case 'a':
        return accept(world, socket, number(1));
      case 'w': {
        const [, , , name = '-', ...slots] = args;
        return send(world, socket, { count: number(1), flags: number(2), name, slots: slots.map(Number) });
      }
      case 'r':
        return receive(world, socket, number(1), number(2));
      case 'h':
        return shutdown(socket, number(1));
      case 'o':
        socket.sendBytes = Math.max(2 * Math.min(number(1), 212992), 4608);
        return ' = 0';
      case 'k':
        socket.peekAt = number(1);
        return ' = 0';
      case 'q':
        return count(socket);
      case 'e':
        return ` = ${world.takeError(socket)}`;
      case 'p':
        return ` = ${ready(socket, readyOf(world))}`;
      default:
        return `${nameOf(socket.name)}${socket.peer ? nameOf(socket.peer.name) : ` ${ERRNO.NOTCONN}`} = 0`;
    }
  }
}

/** What the driver says is ready. */
function readyOf({ said }: LocalWorld): number {
  return Number(/ = (\d+) /.exec(said)?.[1] ?? 0);
}

function count({ state, type, queue }: Socket): string {
  if (state === 'listening') fail(ERRNO.INVAL);
  const counted = type === TYPE.DGRAM ? queue.slice(0, 1) : queue;
  return ` = ${counted.reduce((sum, { at, end }) => sum + end - at, 0)}`;
}

function ready(
  { vague, error, type, state, shut, peer, queue, waiting, sendBytes }: Socket,
  got: number,
): number {
  let bits = 0;
  if (vague) bits |= got & POLL.ERR;
  else if (error) bits |= POLL.ERR;
  if (shut === SHUT_BOTH || (type !== TYPE.DGRAM && state === 'closed')) bits |= POLL.HUP;
  if (shut & READ) bits |= POLL.RDHUP | POLL.IN;
  if (queue.length > 0 || waiting.length > 0) bits |= POLL.IN;
  if (state !== 'listening' && (peer === undefined || used(peer) * 4 <= sendBytes)) bits |= POLL.OUT;
  return bits;
}
