// SPDX-License-Identifier: Apache-2.0
// What the helper tells of a debug Keep: messages into what a listener and a debugger are given.
import { MotteError } from '@motte/binary/error';
import { TRACE_EVENT } from '@motte/hostcall/trace-event';
import { DEBUG_REGISTERS_ARE, DEBUG_STATE_SIZE, STOPPED, TRACE } from '../protocol/debug.js';
import type { Stop, ThreadRegisters, Told } from '../told.js';

/** Of STOPPED and the bytes that follow it. Throws HELPER_PROTOCOL. */
export function readStop(payload: Uint8Array): Stop {
  const { why, thread, signal, count } = STOPPED.read(payload);
  const running = payload.subarray(STOPPED.size);
  if (running.length !== count || thread >= count)
    throw new MotteError('HELPER_PROTOCOL', { field: 'STOPPED.count', found: count });
  return { why, thread, signal, threads: [...running.keys()].filter((index) => running[index] === 1) };
}

/** Of TRACE and the event that follows it. */
export function readTold(payload: Uint8Array): Told {
  const { phase, tid } = TRACE.read(payload);
  const { number, arg0, arg1, arg2, arg3, arg4, arg5, result, ...registers } = TRACE_EVENT.read(
    payload.subarray(TRACE.size),
  );
  const args = [arg0, arg1, arg2, arg3, arg4, arg5];
  return { phase, tid, number, args, result: BigInt.asIntN(64, result), registers };
}

/** Of DEBUG_REGISTERS_ARE and the bytes that follow it. Throws HELPER_PROTOCOL. */
export function readRegisters(payload: Uint8Array): ThreadRegisters {
  const bytes = payload.slice(DEBUG_REGISTERS_ARE.size);
  if (bytes.length === DEBUG_STATE_SIZE) return { where: DEBUG_REGISTERS_ARE.read(payload).where, bytes };
  throw new MotteError('HELPER_PROTOCOL', {
    field: 'DEBUG_REGISTERS_ARE',
    expected: `${DEBUG_STATE_SIZE} bytes`,
    found: bytes.length,
  });
}
