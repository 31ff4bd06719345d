// SPDX-License-Identifier: Apache-2.0
import { CALLS, UNKNOWN } from './calls.js';
import { errnoText } from './errno.js';
import { hex } from './kind.js';
import { callName } from './names.js';

/**
 * `the program called io_uring_setup (425) at setup+0x1f (/exec): io_uring_setup(0x8, 0x7f00) = -1 ENOSYS (Function not
 * implemented)`
 */
export function unsupportedText(
  {
    number,
    args,
    result,
  }: { readonly number: bigint; readonly args: readonly bigint[]; readonly result: bigint },
  place: string,
): string {
  const name = callName(number);
  const count = (CALLS.get(name) ?? UNKNOWN).args.length;
  const call = `${name}(${args.slice(0, count).map(hex).join(', ')})`;
  const why =
    result === -11n ? 'which wants more threads than this Keep has' : 'which this Keep does not support';
  return `the program called ${name} (${number}), ${why}, at ${place}: ${call} = -1 ${errnoText(Number(-result))}`;
}
