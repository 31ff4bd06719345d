// SPDX-License-Identifier: Apache-2.0
import {
  SGX_ENCLAVE_ADD_PAGES,
  SGX_ENCLAVE_CREATE,
  SGX_ENCLAVE_INIT,
  SGX_ENCLAVE_MODIFY_TYPES,
  SGX_ENCLAVE_PROVISION,
  SGX_ENCLAVE_REMOVE_PAGES,
  SGX_ENCLAVE_RESTRICT_PERMISSIONS,
  SGX_ENCLAVE_RUN,
  SGX_IOC,
  SGX_PAGE_FLAGS,
} from '@motte/binary/sgx/uapi';
import type { AnyLayout } from '@motte/binary/c-header';
import { defines, header, offsets, structures } from './c-text.js';

/** The kernel's structures, in the order of its header. */
export const UAPI_LAYOUTS: readonly AnyLayout[] = [
  SGX_ENCLAVE_CREATE,
  SGX_ENCLAVE_ADD_PAGES,
  SGX_ENCLAVE_INIT,
  SGX_ENCLAVE_PROVISION,
  SGX_ENCLAVE_RESTRICT_PERMISSIONS,
  SGX_ENCLAVE_MODIFY_TYPES,
  SGX_ENCLAVE_REMOVE_PAGES,
  SGX_ENCLAVE_RUN,
];

/**
 * `sgx_uapi.h`: the kernel's interface, for a machine whose own asm/sgx.h is older than SGX2 (6.0). A file
 * includes this or asm/sgx.h, never both.
 */
export function sgxUapiHeader(): string {
  return header('sgx_uapi.h', 'packages/binary/src/sgx/uapi.ts', [
    defines('SGX_PAGE_', SGX_PAGE_FLAGS, 'struct sgx_enclave_add_pages.flags'),
    defines('SGX_IOC_ENCLAVE_', SGX_IOC),
    offsets(SGX_ENCLAVE_RUN),
    structures(UAPI_LAYOUTS),
  ]);
}
