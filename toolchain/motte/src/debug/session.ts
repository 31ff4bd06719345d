// SPDX-License-Identifier: Apache-2.0
// Whether a Keep can be looked into, and what is to be seen of it.
import { MotteError } from '@motte/binary/error';
import { alignDown } from '@motte/binary/range';
import { programOf } from '@motte/debug/program';
import type { Program } from '@motte/debug/program';
import { parseFilter } from '@motte/debug/trace/filter';
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { loadSegments } from '@motte/elf/segments';
import type { Keep } from '@motte/loader/load';
import type { PageRun, PagePlan } from '@motte/plan/plan';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { OptionValues } from '../grammar/options.js';
import { systemError } from '../io/system.js';
import type { PlanInput, Prepared } from '../keep/prepare.js';
import { Debugger } from './debugger.js';
import { Observer } from './observer.js';
import type { TraceOutput } from './observer.js';

/** The function by which a shim tells: of the component `debug` alone. */
const TELLS = 'host_trace';
const PAGE = 0x1000n;

/** The options that want a debug Keep. */
export const DEBUG_OPTIONS = ['trace', 'trace-out', 'gdb', 'gdb-later'] as const;

/** The first of them that was given. */
export function debugOption(options: OptionValues): string | undefined {
  const given = DEBUG_OPTIONS.find((name) => options[name] !== undefined);
  return given === undefined ? undefined : `--${given}`;
}

function inputOf({ inputs }: Prepared, role: PlanInput['role']): PlanInput['file'] | undefined {
  return inputs.find((input) => input.role === role)?.file;
}

function tells(shim: PlanInput['file']): boolean {
  const elf = readElf(shim);
  const table = symbolTable(elf);
  if (table === undefined) return false;
  for (const { name } of readSymbols(elf, table)) if (name === TELLS) return true;
  return false;
}

const isOfExec = ({ source }: PageRun): boolean => source.file !== 'shim' && source.file !== 'keep';

/** Where the program starts in the Keep; the shim is before it. */
const execStart = ({ runs }: PagePlan): bigint =>
  runs.find((run) => run.kind === 'reg' && isOfExec(run))?.address ?? 0n;

/** What is added to the program's own addresses. */
function execBias(plan: PagePlan, exec: PlanInput['file']): bigint {
  const [load] = loadSegments(readElf(exec));
  return execStart(plan) - alignDown(load?.vaddr ?? 0n, PAGE);
}

/** `--trace-out`, else standard error. */
function traceOutput({
  trace,
  'trace-out': path,
}: OptionValues): (TraceOutput & { close(): void }) | undefined {
  if (trace === undefined && path === undefined) return undefined;
  const filter = parseFilter(trace ?? '');
  if (path === undefined) return { filter, write: writeTo(2, 'standard error'), close: () => {} };
  try {
    const fd = openSync(path, 'w', 0o644);
    return { filter, write: writeTo(fd, path), close: () => closeSync(fd) };
  } catch (error) {
    throw systemError(error, 'OUTPUT_FAILED', path);
  }
}

function writeTo(fd: number, path: string): (text: string) => void {
  return (text) => {
    try {
      writeSync(fd, text);
    } catch (error) {
      throw systemError(error, 'OUTPUT_FAILED', path);
    }
  };
}

/** What is seen of one run. */
export interface Session {
  readonly observer: Observer;
  readonly program: (keep: Keep) => Program;
  /** With --gdb. */
  readonly debugger?: Debugger;
  close(): void;
}

/**
 * The session of a debug Keep whose shim tells; undefined for any other. Throws DEBUG_REFUSED where an option asks for what
 * this Keep does not allow, USAGE_VALUE, OUTPUT_FAILED, GDB_PORT.
 */
export async function openSession(prepared: Prepared, options: OptionValues): Promise<Session | undefined> {
  const wanted = debugOption(options);
  const refuse = (expected: string, found: string): MotteError =>
    new MotteError('DEBUG_REFUSED', { field: wanted ?? '--debug', expected, found });
  const shim = inputOf(prepared, 'shim');
  const exec = inputOf(prepared, 'exec');
  const can = prepared.config.sgx.debug && shim !== undefined && exec !== undefined && tells(shim);
  if (!can) {
    if (wanted === undefined) return undefined;
    if (!prepared.config.sgx.debug)
      throw refuse('[sgx] debug = true', 'a Keep that the host may not look into');
    throw refuse('a shim with the switch debug', 'one that tells nothing');
  }
  const output = traceOutput(options);
  const program = lazily((base) => programOf(exec, exec.path, base + execBias(prepared.plan, exec)));
  const gdb = await openDebugger(options, prepared.plan, program);
  return {
    observer: new Observer(program, output),
    program,
    ...(gdb === undefined ? {} : { debugger: gdb }),
    close: () => {
      output?.close();
      gdb?.close();
    },
  };
}

/** Listens where --gdb says. */
async function openDebugger(
  { gdb, 'gdb-later': later }: OptionValues,
  plan: PagePlan,
  program: (keep: Keep) => Program,
): Promise<Debugger | undefined> {
  if (gdb === undefined && later === undefined) return undefined;
  if (!/^([1-9][0-9]{0,4})?$/.test(gdb ?? '') || Number(gdb ?? 0) > 65535)
    throw new MotteError('USAGE_VALUE', { field: '--gdb', expected: 'a port, 1 to 65535', found: gdb ?? '' });
  return Debugger.listen(Number(gdb ?? 0), (keep) => ({
    program: program(keep),
    plan,
    start: execStart(plan),
    later: later === true,
  }));
}

/** The program is read when something is to be said of it, and once. */
function lazily(make: (base: bigint) => Program): (keep: Keep) => Program {
  let made: Program | undefined;
  return (keep) => (made ??= make(keep.base));
}
