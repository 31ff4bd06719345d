// SPDX-License-Identifier: Apache-2.0
import type { Move, Moves, ThreadInfo } from './target.js';

/**
 * The actions of `vCont`, for each thread the first that fits it; undefined for what is none. A signal that gdb would pass to
 * the program is dropped: a Keep takes none from its host.
 */
export function parseMoves(text: string, threads: readonly ThreadInfo[]): Moves | undefined {
  const actions: { move: Move; thread: number | undefined }[] = [];
  for (const action of text.split(';')) {
    const [, plain, signalled, thread] =
      /^(?:([cs])|([CS])[0-9a-f]{2})(?::(-1|[0-9a-f]{1,8}))?$/.exec(action) ?? [];
    const what = plain ?? signalled?.toLowerCase();
    if (what === undefined) return undefined;
    const move = what === 's' ? 'step' : 'go';
    actions.push({
      move,
      thread: thread === undefined || thread === '-1' ? undefined : parseInt(thread, 16),
    });
  }
  const moves = new Map<number, Move>();
  for (const { id } of threads) {
    const first = actions.find(({ thread }) => thread === undefined || thread === id);
    if (first !== undefined) moves.set(id, first.move);
  }
  return { threads: moves, others: actions.some(({ thread }) => thread === undefined) };
}
