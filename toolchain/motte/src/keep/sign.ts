// SPDX-License-Identifier: Apache-2.0
import type { KeepConfig } from '@motte/config/keep-config';
import type { PagePlan } from '@motte/plan/plan';
import { signerFromPem } from '@motte/sign/key-node';
import { bcdDate, planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import type { OptionValues } from '../grammar/options.js';
import { readText } from '../io/file.js';
import { developerKey } from './developer-key.js';

/** A SIGSTRUCT, and whether the developer key made it. */
export interface Signed {
  readonly sigstruct: Uint8Array;
  readonly developer: boolean;
}

/** Signs a plan with `--key`, else with the developer key; the date is `--date`, else today's. */
export function signPlan(
  plan: PagePlan,
  mrenclave: Uint8Array,
  { sgx }: KeepConfig,
  { key, date = new Date().toISOString().slice(0, 10) }: OptionValues,
): Signed {
  const signer = signerFromPem(key === undefined ? developerKey() : readText(key));
  const unsigned = planSigstruct(plan, mrenclave, {
    date: bcdDate(date),
    isvprodid: sgx.isvprodid,
    isvsvn: sgx.isvsvn,
  });
  return { sigstruct: signSigstruct(unsigned, signer), developer: key === undefined };
}
