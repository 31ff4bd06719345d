// SPDX-License-Identifier: Apache-2.0
// One fuzzer for all parsers in TypeScript. In a plain test a fixed number of inputs from a fixed seed; with
// $MOTTE_FUZZ_SECONDS that long, from a fresh one; $MOTTE_FUZZ_KEEP adds inputs with new answers to the corpus.
// scripts/fuzz.mjs says how it is used.
import { cpuUsage, memoryUsage } from 'node:process';
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { sameBytes } from './bytes.js';
import { corpus, keepInput, saveFinding } from './corpus.js';
import { FUZZ_SECONDS } from './fuzz.js';
import { damaged } from './mutate.js';
import { randomFrom, seedOf } from './random.js';
import { SPARSE_BYTES, watchedSource } from './watched-source.js';
import type { Placement } from './watched-source.js';

/** An input in both shapes that parsers take. */
export interface ParserInput {
  readonly bytes: Uint8Array;
  /** Watches how it is read, and pretends to be a file of 4 GiB now and then. */
  readonly source: ByteSource;
}

/** A parser and what must hold for it. */
export interface FuzzedParser<T> {
  /** Of its folder in fuzz/corpus. */
  readonly name: string;
  /** Right inputs, made by our own writers; those of the corpus are added. */
  readonly seeds: readonly Uint8Array[];
  readonly parse: (input: ParserInput) => T;
  /** Throws unless what was read is right, for instance when it is not the input once it is written again. */
  readonly holds?: (value: T, input: Uint8Array) => void;
  /** For readers of files: which end of a large, sparse file an input is. */
  readonly sparse?: Placement['end'];
  /** Refusals, as `CODE FIELD`, that have no offset: texts have lines, a whole can be wrong without a place. */
  readonly offsetless?: RegExp;
  /** Signed inputs, none of which is right any more when it is damaged. */
  readonly refusesAll?: true;
  /** Inputs of a plain test; 400 unless given. */
  readonly runs?: number;
}

/** What a run saw. */
export interface FuzzSummary {
  readonly accepted: number;
  readonly refused: number;
  /** Codes of the refusals and what was expected. */
  readonly answers: ReadonlySet<string>;
}

/** CPU time, because the machine may have other work. */
const MOST_MICROSECONDS = 1e6;
const MOST_MEMORY = 1 << 27;
const MOST_MESSAGE = 600;
const RUNS = 400;

function used(): number {
  const { heapUsed, arrayBuffers } = memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Runs one call, which returns or throws, and throws something else when it took too much. */
function bounded<T>(call: () => T): T {
  const memory = used();
  const start = cpuUsage();
  let outcome: { readonly value: T } | { readonly error: unknown };
  try {
    outcome = { value: call() };
  } catch (error) {
    outcome = { error };
  }
  const { user, system } = cpuUsage(start);
  if (user + system > MOST_MICROSECONDS) throw new Error(`took ${user + system} µs of CPU time`);
  const grown = used() - memory;
  if (grown > MOST_MEMORY) throw new Error(`took ${grown} bytes of memory`);
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Throws unless a refusal says what docs/errors.md promises: one line, of class 2 or 3, with its place. */
function checkRefusal(error: unknown, offsetless: RegExp | undefined): MotteError {
  if (!(error instanceof MotteError)) throw error;
  const { message, field, expected, offset } = error;
  const fail = (what: string): Error =>
    new Error(`a refusal ${what}: ${error.code} ${message}`, { cause: error });
  if (error.exit !== 2 && error.exit !== 3) throw fail(`of class ${error.exit}`);
  if (field === undefined || field === '') throw fail('without a field');
  if (expected === undefined) throw fail('without what was expected');
  if (offset === undefined && offsetless?.test(`${error.code} ${field}`) !== true)
    throw fail('without an offset');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u.test(message))
    throw fail('that is not one line of plain text');
  if (message.length > MOST_MESSAGE) throw fail('that is a page long');
  return error;
}

/** What the parser says to an input: `accepted`, or the code and the field of its refusal. */
function answerOf<T>(parser: FuzzedParser<T>, input: ParserInput): { answer: string; what: string } {
  let value: T;
  try {
    value = bounded(() => parser.parse(input));
  } catch (error) {
    const { code, expected = '' } = checkRefusal(error, parser.offsetless);
    // What was expected is the reader's own text; a field can be the input's.
    return { answer: code, what: expected.replaceAll(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gu, 'N') };
  }
  if (input.source.size === input.bytes.length) parser.holds?.(value, input.bytes);
  return { answer: 'accepted', what: '' };
}

/** Looks at one input; throws with the path of its file when something does not hold. */
function tryInput<T>(
  parser: FuzzedParser<T>,
  bytes: Uint8Array,
  placement?: Placement,
): { answer: string; what: string } {
  try {
    const given = new Uint8Array(bytes);
    const result = answerOf(parser, { bytes: given, source: watchedSource(given, placement) });
    sameBytes(given, bytes, 'the input, which its reader must leave alone');
    return result;
  } catch (error) {
    const where = placement === undefined ? '' : `, as the ${placement.end} of ${placement.size} bytes`;
    const path = saveFinding(parser.name, bytes);
    throw new Error(`${parser.name} fails on ${path}${where}: ${String(error)}`, { cause: error });
  }
}

/** Replays the corpus, whose files have the answers that their names say, and returns all inputs to start from. */
function startingInputs<T>(parser: FuzzedParser<T>): Uint8Array[] {
  for (const seed of parser.seeds) {
    const { answer, what } = tryInput(parser, seed);
    if (answer !== 'accepted') throw new Error(`${parser.name}: a seed is refused: ${answer} ${what}`);
  }
  const kept = corpus(parser.name);
  for (const { file, answer, bytes } of kept) {
    const found = tryInput(parser, bytes);
    if (found.answer !== answer)
      throw new Error(`${parser.name}: fuzz/corpus/${parser.name}/${file} is ${found.answer} ${found.what}`);
  }
  return [...parser.seeds, ...kept.map(({ bytes }) => bytes)];
}

/** Whether to go on after `count` inputs. */
function clock(runs: number): (count: number) => boolean {
  if (!(FUZZ_SECONDS > 0)) return (count) => count < runs;
  const end = Date.now() + 1000 * FUZZ_SECONDS;
  return () => Date.now() < end;
}

/**
 * Fuzzes a parser: whatever the input, it answers soon, in little memory, and with a value or with a MotteError that
 * says where the fault is. Throws what it finds, with the input kept in build/fuzz.
 */
export function fuzzParser<T>(parser: FuzzedParser<T>): FuzzSummary {
  const inputs = startingInputs(parser);
  const seed = FUZZ_SECONDS > 0 ? Date.now() % 2 ** 32 : seedOf(parser.name);
  const random = randomFrom(seed);
  const seen = new Set<string>();
  let accepted = 0;
  let refused = 0;
  const goesOn = clock(parser.runs ?? RUNS);
  for (let count = 0; goesOn(count); count++) {
    const bytes = damaged(random.pick(inputs), random.pick(inputs), random);
    const placement =
      parser.sparse !== undefined && random.below(4) === 0
        ? { size: SPARSE_BYTES, end: parser.sparse }
        : undefined;
    const { answer, what } = tryInput(parser, bytes, placement);
    if (answer === 'accepted') accepted++;
    else refused++;
    const key = `${answer} ${what}`;
    if (seen.has(key) || placement !== undefined) continue;
    seen.add(key);
    // An input with a new answer is a step towards further ones.
    inputs.push(bytes);
    if (process.env['MOTTE_FUZZ_KEEP'] === '1' && answer !== 'accepted')
      keepInput(parser.name, answer, what, bytes);
  }
  if ((accepted === 0 && parser.refusesAll === undefined) || refused === 0)
    throw new Error(`${parser.name}: ${accepted} accepted, ${refused} refused: that tests nothing`);
  return { accepted, refused, answers: seen };
}
