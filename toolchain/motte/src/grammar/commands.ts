// SPDX-License-Identifier: Apache-2.0
import type { CommandSpec } from './command.js';

/** Every command, in the order of `motte --help`. Each is loaded when it is called. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'run',
    args: ['FILE'],
    doc: 'run a static-PIE program in a Keep; all that follows FILE is its own',
    options: ['tee', 'emulate', 'config', 'env', 'stats', 'debug', 'no-patch', 'shim', 'key'],
    passes: true,
    own: 120,
    load: () => import('../commands/run.js'),
  },
  {
    name: 'plan',
    args: ['FILE'],
    doc: 'print the page plan, a run of pages a line',
    options: ['tee', 'config', 'debug', 'shim', 'as', 'output', 'json'],
    load: () => import('../commands/plan.js'),
  },
  {
    name: 'measure sgx',
    args: ['FILE'],
    doc: 'print the MRENCLAVE',
    options: ['config', 'debug', 'shim', 'as', 'sgxs', 'json'],
    load: () => import('../commands/measure-sgx.js'),
  },
  {
    name: 'sign sgx',
    args: ['FILE'],
    doc: 'write the SIGSTRUCT of a program or plan',
    options: ['key', 'config', 'debug', 'shim', 'as', 'date', 'output', 'json'],
    load: () => import('../commands/sign-sgx.js'),
  },
  {
    name: 'verify sigstruct',
    args: ['FILE'],
    doc: 'check a SIGSTRUCT’s signature and print what it says',
    options: ['json'],
    load: () => import('../commands/verify-sigstruct.js'),
  },
  {
    name: 'shim build',
    args: [],
    doc: 'build a shim from source with what the configuration needs',
    options: ['tee', 'config', 'output', 'json'],
    load: () => import('../commands/shim-build.js'),
  },
  {
    name: 'key create sgx',
    args: [],
    doc: 'make a signer’s key: RSA-3072, exponent 3',
    options: ['output', 'force', 'json'],
    load: () => import('../commands/key-create-sgx.js'),
  },
  {
    name: 'key digest sgx',
    args: ['FILE'],
    doc: 'print the MRSIGNER of a key',
    options: ['json'],
    load: () => import('../commands/key-digest-sgx.js'),
  },
  {
    name: 'platform info',
    args: [],
    doc: 'print which TEEs this machine has, and what is missing',
    options: ['json'],
    load: () => import('../commands/platform-info.js'),
  },
  {
    name: 'schema keep',
    args: [],
    doc: 'print the JSON schema of Keep.toml',
    options: ['json'],
    load: () => import('../commands/schema-keep.js'),
  },
  {
    name: 'init',
    args: [],
    doc: 'write a commented Keep.toml',
    options: ['output', 'force', 'json'],
    load: () => import('../commands/init.js'),
  },
  {
    name: 'explain',
    args: ['[CODE]'],
    doc: 'print the usual reason for an error code, and the fix',
    options: ['json'],
    load: () => import('../commands/explain.js'),
  },
];
