// SPDX-License-Identifier: Apache-2.0
import type { KeepConfig } from './keep-config.js';

/**
 * The name of the shim that a configuration wants for a TEE: a debug Keep has one that tells its host what it does. KVM
 * and SEV-SNP have the same one.
 */
export function shimVariant(
  { version, debug }: Pick<KeepConfig['sgx'], 'version' | 'debug'>,
  tee: 'sgx' | 'kvm' | 'snp' = 'sgx',
): string {
  return `${tee === 'sgx' ? `sgx${version}` : 'vm'}${debug ? '-debug' : ''}`;
}
