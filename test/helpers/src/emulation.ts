// SPDX-License-Identifier: Apache-2.0
// How the Keeps of the tests are emulated: `npm test -- --strict`, which is MOTTE_TEST_EMULATE=strict, runs all of them in
// strict emulation, with interruptions at random.

const STRICT: boolean = process.env['MOTTE_TEST_EMULATE'] === 'strict';

/** For `motte run`. */
export const EMULATE_FLAG: '--emulate' | '--emulate=strict' = STRICT ? '--emulate=strict' : '--emulate';

/** For `load()`. */
export const EMULATE: true | 'strict' = STRICT ? 'strict' : true;

/** For `load()`: one interruption in so many microseconds, on average. The command has its own. */
export const INTERRUPTED: { readonly aexPeriodUs?: number; readonly seed?: bigint } = STRICT
  ? { aexPeriodUs: 20_000, seed: 0x6d6f747465n }
  : {};

/** One of the two, by how Keeps are emulated. */
export function whenStrict<A, B>(strict: A, plain: B): A | B {
  return STRICT ? strict : plain;
}

/** A time limit: a crossing in strict emulation costs a millisecond where it costs a few microseconds else. */
export function patience(ms: number): number {
  return STRICT ? 20 * ms : ms;
}

/** What strict emulation says of instructions that an enclave does not have, before the Keep starts. */
const FAULTING = /^motte: 0x[0-9a-f]+.* SIGILL in an enclave\n/gm;

/** What `motte run` printed on standard error, without that. */
export function withoutFaulting(talk: string): string {
  return talk.replace(FAULTING, '');
}
