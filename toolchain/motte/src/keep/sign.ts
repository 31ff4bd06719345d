// SPDX-License-Identifier: Apache-2.0
import type { KeepConfig } from '@motte/config/keep-config';
import { developerKeyPath, developerSigner } from '@motte/loader/keep/developer-key';
import type { PagePlan } from '@motte/plan/plan';
import { signerFromPem } from '@motte/sign/key-node';
import { bcdDate, planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
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

/** Signs a plan with `--key`, else with the developer key; the date is `--date`, else today's. */
export function signPlan(
  plan: PagePlan,
  mrenclave: Uint8Array,
  { sgx }: KeepConfig,
  { key, date = new Date().toISOString().slice(0, 10) }: OptionValues,
): Signed {
  const signer = key === undefined ? developer() : signerFromPem(readText(key));
  const unsigned = planSigstruct(plan, mrenclave, {
    date: bcdDate(date),
    isvprodid: sgx.isvprodid,
    isvsvn: sgx.isvsvn,
  });
  return { sigstruct: signSigstruct(unsigned, signer), developer: key === undefined };
}
