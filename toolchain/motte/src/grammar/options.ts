// SPDX-License-Identifier: Apache-2.0

interface Described {
  readonly short?: string;
  readonly doc: string;
}

/** Present or not. */
interface Flag extends Described {
  readonly type: 'flag';
}

/** Takes a value. `list`: may be repeated. `maybe`: only after `=`, so that what follows stays an argument of its own. */
interface Valued<T extends 'text' | 'list' | 'maybe'> extends Described {
  readonly type: T;
  /** What help calls the value. */
  readonly value: string;
  readonly choices?: readonly string[];
}

/** An option of the command line. What it is called and does is said once, here, for every command that has it. */
export type OptionSpec = Flag | Valued<'text' | 'list' | 'maybe'>;

/** What a command line sets: flags are true, `maybe` without a value is the empty text. */
export interface OptionValues {
  readonly as?: string;
  readonly config?: string;
  readonly date?: string;
  readonly debug?: true;
  readonly emulate?: string;
  readonly env?: readonly string[];
  readonly force?: true;
  readonly help?: true;
  readonly json?: true;
  readonly key?: string;
  readonly 'no-patch'?: true;
  readonly output?: string;
  readonly sgxs?: string;
  readonly shim?: string;
  readonly stats?: string;
  readonly tee?: string;
}

/** The name of an option, without `--`. */
export type OptionName = keyof OptionValues;

type SpecOf<V> = V extends true ? Flag : V extends string ? Valued<'text' | 'maybe'> : Valued<'list'>;

/** Every option of every command. */
export const OPTIONS: { readonly [K in OptionName]-?: SpecOf<Exclude<OptionValues[K], undefined>> } = {
  as: {
    type: 'text',
    value: 'KIND',
    choices: ['exec', 'sgxs', 'plan', 'enclave'],
    doc: 'what FILE is, when it should not be detected: an ELF program, an .sgxs stream, a plan, an SDK enclave',
  },
  config: { type: 'text', value: 'FILE.TOML', doc: 'the configuration; without it the defaults' },
  date: {
    type: 'text',
    value: 'YYYY-MM-DD',
    doc: 'SIGSTRUCT.DATE, or today; without it SOURCE_DATE_EPOCH’s day, else 2020-01-01',
  },
  debug: {
    type: 'flag',
    doc: 'let the host read and write the Keep (ATTRIBUTES.DEBUG): it protects nothing',
  },
  emulate: {
    type: 'maybe',
    value: 'strict',
    choices: ['strict'],
    doc: 'never touch hardware; =strict also hides the Keep’s memory while no thread is inside, and is slower',
  },
  env: { type: 'list', value: 'K=V', doc: 'set a variable of the environment' },
  force: { type: 'flag', doc: 'replace a file that is there' },
  help: { type: 'flag', short: 'h', doc: 'print this' },
  json: { type: 'flag', doc: 'print one JSON object' },
  key: {
    type: 'text',
    value: 'KEY.PEM',
    doc: 'the signer’s RSA-3072 key; without it the developer key of this user',
  },
  'no-patch': { type: 'flag', doc: 'emulation: trap every instruction of the shim’s, patch none' },
  output: { type: 'text', short: 'o', value: 'FILE', doc: 'where the result goes; - is standard output' },
  sgxs: { type: 'text', value: 'FILE', doc: 'also write the stream whose SHA-256 is the MRENCLAVE' },
  shim: { type: 'text', value: 'SHIM.ELF', doc: 'use this shim instead of the one that comes with Motte' },
  stats: {
    type: 'maybe',
    value: 'FILE',
    doc: 'write statistics as JSON when the Keep has ended: to stderr, or to FILE',
  },
  tee: {
    type: 'text',
    value: 'TEE',
    choices: ['auto', 'sgx', 'snp', 'kvm'],
    doc: 'auto, sgx, snp or kvm; auto is the strongest that this machine has, else emulated SGX',
  },
};
