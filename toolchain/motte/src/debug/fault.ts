// SPDX-License-Identifier: Apache-2.0
// What a debug Keep leaves behind that was ended by a signal: where, its registers, and how it came there.
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { EXINFO, PF_ERROR } from '@motte/binary/sgx/exinfo';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import type { ReadMemory } from '@motte/debug/memory';
import { lineText, placeText } from '@motte/debug/program';
import type { Program } from '@motte/debug/program';
import { signalText } from '@motte/debug/trace/structs';
import { backtrace } from '@motte/debug/unwind/backtrace';
import { DWARF, registersOf } from '@motte/debug/unwind/registers';
import type { Registers } from '@motte/debug/unwind/registers';
import type { End, Keep, Told } from '@motte/loader/load';
import { SGX_MAP } from '@motte/plan/sgx/map';
import { TRAP_FRAME } from '@motte/plan/vm/trap-frame';

const VECTORS: Readonly<Record<number, string>> = {
  0: 'division error',
  1: 'debug exception',
  3: 'breakpoint',
  5: 'bound exceeded',
  6: 'invalid instruction',
  13: 'general protection',
  14: 'page fault',
  16: 'x87 exception',
  17: 'misaligned access',
  19: 'SSE exception',
};
const PAGE_FAULT = 14;

/** Where a program was when its Keep ended, and why. */
interface Left {
  readonly why: string;
  readonly registers: Registers;
}

function access(code: number): string {
  if ((code & PF_ERROR.I) !== 0) return 'execute';
  return (code & PF_ERROR.W) !== 0 ? 'write' : 'read';
}

/** The exception, and of a page fault where. */
function fullWhy(vector: number, address: bigint, code: number): string {
  const what = VECTORS[vector] ?? `exception ${vector}`;
  return vector === PAGE_FAULT ? `${what} at 0x${address.toString(16)}, ${access(code)}` : what;
}

/** Finds the registers of a fault. */
type AfterFault = (
  fault: NonNullable<End['fault']>,
  base: bigint,
  memory: ReadMemory,
) => Promise<Left | undefined>;

/** From the SSA frame of the thread, as the CPU left it. */
const afterSgxFault: AfterFault = async (fault, base, memory) => {
  const frame = base + fault.at + BigInt(SGX_MAP.SSA - SGX_MAP.TCS + SGX_MAP.SSA_FRAME_PAGES * PAGE_SIZE);
  const bytes = await memory(frame - BigInt(GPRSGX.size + EXINFO.size), GPRSGX.size + EXINFO.size);
  if (bytes.length < GPRSGX.size + EXINFO.size) return undefined;
  const info = EXINFO.read(bytes);
  const why = fullWhy(fault.vector, info.maddr, info.errcd);
  return { why, registers: registersOf(GPRSGX.read(bytes, EXINFO.size)) };
};

/** From the vCPU's stack, as the shim keeps them. */
const afterVmFault: AfterFault = async (fault, base, memory) => {
  const bytes = await memory(base + fault.at, TRAP_FRAME.size);
  if (bytes.length < TRAP_FRAME.size) return undefined;
  const frame = TRAP_FRAME.read(bytes);
  return { why: fullWhy(fault.vector, fault.cr2, Number(frame.error)), registers: registersOf(frame) };
};

function leftOf(
  end: End,
  told: Told | undefined,
  { base, tee }: Keep,
  memory: ReadMemory,
): Promise<Left | undefined> {
  if (end.fault !== undefined) return (tee === 'sgx' ? afterSgxFault : afterVmFault)(end.fault, base, memory);
  if (told === undefined) return Promise.resolve(undefined);
  return Promise.resolve({ why: 'by a system call of its own', registers: registersOf(told.registers) });
}

/** Four registers a line, of those that are known. */
function registerLines(registers: Registers): string[] {
  const texts = DWARF.flatMap((name, number) => {
    const value = registers.get(number);
    return value === undefined ? [] : [`${name.padEnd(3)} ${value.toString(16).padStart(16, '0')}`];
  });
  const lines: string[] = [];
  for (let i = 0; i < texts.length; i += 4) lines.push(`  ${texts.slice(i, i + 4).join('  ')}`);
  return lines;
}

/** A file that runs can have unwind tables that nobody can read. */
async function frameLines(program: Program, registers: Registers, memory: ReadMemory): Promise<string[]> {
  try {
    const frames = await backtrace(program, registers, memory);
    return frames.map(({ address, within, signal }, i) => {
      const place = signal ? '<signal handler called>' : placeText(program, address, address - within);
      const line = signal ? '' : lineText(program, within);
      return `  #${String(i).padEnd(2)} 0x${address.toString(16).padStart(12, '0')} in ${place}${line}`;
    });
  } catch (error) {
    if (!(error instanceof MotteError)) throw error;
    return [`  no backtrace: ${error.message}`];
  }
}

/** The report of a Keep that a signal ended, in lines; undefined where nothing is known of it. */
export async function faultReport(
  end: End,
  told: Told | undefined,
  keep: Keep,
  program: Program,
  memory: ReadMemory,
): Promise<string | undefined> {
  const left = end.ended === 'signalled' ? await leftOf(end, told, keep, memory) : undefined;
  if (left === undefined) return undefined;
  return [
    `motte: the program was ended by ${signalText(end.status)}: ${left.why}`,
    ...registerLines(left.registers),
    ...(await frameLines(program, left.registers, memory)),
  ].join('\n');
}
