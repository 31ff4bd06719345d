// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { KeepConfig } from '@motte/config/keep-config';
import { developerKeyPath, developerSigner } from '@motte/loader/keep/developer-key';
import type { PagePlan } from '@motte/plan/plan';
import { signerFromPem } from '@motte/sign/key-node';
import { UNDATED, bcdDate, planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import type { SgxSigner } from '@motte/sign/sgx/sign';
import { existsSync } from 'node:fs';
import type { OptionValues } from '../grammar/options.js';
import { readText } from '../io/file.js';
import { say } from '../io/stdout.js';

/** A SIGSTRUCT, and whether the developer key made it. */
export interface Signed {
  readonly sigstruct: Uint8Array;
  readonly developer: boolean;
}

/** The developer key's signer; that it is being made, which takes seconds, is told. */
function developer(): SgxSigner {
  const path = developerKeyPath();
  if (!existsSync(path)) say(`motte: making the developer key ${path}`);
  return developerSigner(path);
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** SOURCE_DATE_EPOCH, the time that reproducible builds say where a time is asked for. Throws SIGSTRUCT_VALUE. */
export function sourceDateEpoch(): number | undefined {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  if (epoch === undefined || epoch === '') return undefined;
  // Up to the last day that a date of four digits can name.
  if (!/^\d{1,12}$/.test(epoch) || Number(epoch) > 253_402_300_799) {
    throw new MotteError('SIGSTRUCT_VALUE', {
      field: 'SOURCE_DATE_EPOCH',
      expected: 'seconds since 1970-01-01',
      found: epoch,
    });
  }
  return Number(epoch);
}

/** The clock is asked only by `--date today`; else SOURCE_DATE_EPOCH dates, as in any reproducible build. */
export function dateOf(given: string | undefined): string {
  if (given === 'today') return day(Date.now());
  if (given !== undefined) return given;
  const epoch = sourceDateEpoch();
  return epoch === undefined ? UNDATED : day(1000 * epoch);
}

/** What is to be signed of a plan; dated by `--date`, SOURCE_DATE_EPOCH, or not at all. */
export function unsignedPlan(
  plan: PagePlan,
  mrenclave: Uint8Array,
  { sgx }: KeepConfig,
  { date }: OptionValues,
): Uint8Array {
  const { isvprodid, isvsvn } = sgx;
  return planSigstruct(plan, mrenclave, { date: bcdDate(dateOf(date)), isvprodid, isvsvn });
}

/** Signs with `--key`, else with the developer key. */
export function signUnsigned(unsigned: Uint8Array, { key }: OptionValues): Signed {
  const signer = key === undefined ? developer() : signerFromPem(readText(key));
  return { sigstruct: signSigstruct(unsigned, signer), developer: key === undefined };
}

/** Signs a plan, as `unsignedPlan` and `signUnsigned` have it. */
export function signPlan(
  plan: PagePlan,
  mrenclave: Uint8Array,
  config: KeepConfig,
  options: OptionValues,
): Signed {
  return signUnsigned(unsignedPlan(plan, mrenclave, config, options), options);
}
