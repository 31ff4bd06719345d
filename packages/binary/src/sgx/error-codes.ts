// SPDX-License-Identifier: Apache-2.0

/**
 * What ENCLS and ENCLU leave in EAX. Intel SDM 332831 vol. 3D, table 41-3; from
 * SGX_PG_NONEPC on, the same table of later editions.
 */
export const SGX_ERRORS = {
  SGX_SUCCESS: 0,
  SGX_INVALID_SIG_STRUCT: 1,
  SGX_INVALID_ATTRIBUTE: 2,
  SGX_BLKSTATE: 3,
  SGX_INVALID_MEASUREMENT: 4,
  SGX_NOTBLOCKABLE: 5,
  SGX_PG_INVLD: 6,
  /** SGX_LOCKFAIL in the manuals before SGX2. */
  SGX_EPC_PAGE_CONFLICT: 7,
  SGX_INVALID_SIGNATURE: 8,
  SGX_MAC_COMPARE_FAIL: 9,
  SGX_PAGE_NOT_BLOCKED: 10,
  SGX_NOT_TRACKED: 11,
  SGX_VA_SLOT_OCCUPIED: 12,
  SGX_CHILD_PRESENT: 13,
  SGX_ENCLAVE_ACT: 14,
  SGX_ENTRYEPOCH_LOCKED: 15,
  SGX_INVALID_EINITTOKEN: 16,
  SGX_PREV_TRK_INCMPL: 17,
  SGX_PG_IS_SECS: 18,
  SGX_PAGE_ATTRIBUTES_MISMATCH: 19,
  SGX_PAGE_NOT_MODIFIABLE: 20,
  SGX_PAGE_NOT_DEBUGGABLE: 21,
  SGX_INVALID_COUNTER: 25,
  SGX_PG_NONEPC: 26,
  SGX_TRACK_NOT_REQUIRED: 27,
  SGX_INSUFFICIENT_ENTROPY: 29,
  SGX_NO_UPDATE: 31,
  SGX_INVALID_CPUSVN: 32,
  SGX_INVALID_ISVSVN: 64,
  SGX_UNMASKED_EVENT: 128,
  SGX_INVALID_KEYNAME: 256,
} as const;

/** The name of an error code; `undefined` for a number that the manual does not list. */
export function sgxErrorName(code: number): keyof typeof SGX_ERRORS | undefined {
  const names = Object.keys(SGX_ERRORS) as (keyof typeof SGX_ERRORS)[];
  return names.find((name) => SGX_ERRORS[name] === code);
}
