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
import { Observer } from './observer.js';
import type { TraceOutput } from './observer.js';

/** The function by which a shim tells: of the component `debug` alone. */
const TELLS = 'host_trace';
const PAGE = 0x1000n;

/** The options that want a debug Keep. */
export const DEBUG_OPTIONS = ['trace', 'trace-out'] as const;

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

/** Where the program lies in the Keep, as what is added to its own addresses. */
function execBias({ runs }: PagePlan, exec: PlanInput['file']): bigint {
  const first = runs.find((run) => run.kind === 'reg' && isOfExec(run));
  const [load] = loadSegments(readElf(exec));
  return (first?.address ?? 0n) - alignDown(load?.vaddr ?? 0n, PAGE);
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
  close(): void;
}

/**
 * The session of a debug Keep whose shim tells; undefined for any other. Throws DEBUG_REFUSED where an option asks for what
 * this Keep does not allow, USAGE_VALUE, OUTPUT_FAILED.
 */
export function openSession(prepared: Prepared, options: OptionValues): Session | undefined {
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
  return { observer: new Observer(program, output), program, close: () => output?.close() };
}

/** The program is read when something is to be said of it, and once. */
function lazily(make: (base: bigint) => Program): (keep: Keep) => Program {
  let made: Program | undefined;
  return (keep) => (made ??= make(keep.base));
}
