// SPDX-License-Identifier: Apache-2.0
import type { OptionName, OptionValues } from './options.js';

/** A command line, parsed and checked against its command. */
export interface Input {
  readonly options: OptionValues;
  /** The arguments, as many as the command takes. */
  readonly words: readonly string[];
  /** What belongs to the program, of a command that runs one. */
  readonly rest: readonly string[];
}

/** What a command came to. */
export interface Outcome {
  /** What `--json` prints; docs/schema has its schema. */
  readonly result: unknown;
  /** What is printed without `--json`, whole lines. */
  readonly text: string;
  /** 1: the answer is no. */
  readonly exit?: number;
}

/** What a command's module exports. */
export interface CommandModule {
  readonly run: (input: Input) => Promise<Outcome> | Outcome;
}

/** A command: its words, what it takes, and where it is. */
export interface CommandSpec {
  /** `measure sgx` */
  readonly name: string;
  /** `FILE`, `[CODE]` ... */
  readonly args: readonly string[];
  readonly doc: string;
  readonly options: readonly OptionName[];
  /** What an option means to this command alone, where that is not what it means to the others. */
  readonly docs?: Readonly<Partial<Record<OptionName, string>>>;
  /** The values that an option takes for this command, where they are others. */
  readonly choices?: Readonly<Partial<Record<OptionName, readonly string[]>>>;
  /** Everything after the last argument belongs to a program, options too. */
  readonly passes?: true;
  /** Everything after its name is its own, help too: it is another program's command line. */
  readonly raw?: true;
  /** Its failures end with 120 + their class, because its status is the workload's. */
  readonly own?: 120;
  readonly load: () => Promise<CommandModule>;
}
