// SPDX-License-Identifier: Apache-2.0

/** Where the SGX driver of Linux is. */
export const SGX_DEVICE = '/dev/sgx_enclave';
