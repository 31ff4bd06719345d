// SPDX-License-Identifier: Apache-2.0

/** ATTRIBUTES bits 63:0, in SECS, SIGSTRUCT, REPORT and TARGETINFO. Intel SDM 332831 vol. 3D, table 38-3. */
export const ATTRIBUTES = {
  /** Set by EINIT; refused at ECREATE. */
  INIT: 0x1n,
  DEBUG: 0x2n,
  MODE64BIT: 0x4n,
  PROVISIONKEY: 0x10n,
  EINITTOKENKEY: 0x20n,
  CET: 0x40n,
  /** Key separation and sharing: CONFIGID, CONFIGSVN, ISVFAMILYID, ISVEXTPRODID. */
  KSS: 0x80n,
  AEXNOTIFY: 0x400n,
} as const;
