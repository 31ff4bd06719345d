// SPDX-License-Identifier: Apache-2.0
import type { KeepConfig } from './keep-config.js';

/** The name of the shim that a configuration wants: a debug Keep has one that tells its host what it does. */
export function shimVariant({ version, debug }: Pick<KeepConfig['sgx'], 'version' | 'debug'>): string {
  return `sgx${version}${debug ? '-debug' : ''}`;
}
