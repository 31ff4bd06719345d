// SPDX-License-Identifier: Apache-2.0

/** EAX of ENCLU. Intel SDM 332831 vol. 3D, table 41-2. */
export const ENCLU = {
  EREPORT: 0,
  EGETKEY: 1,
  EENTER: 2,
  ERESUME: 3,
  EEXIT: 4,
  EACCEPT: 5,
  EMODPE: 6,
  EACCEPTCOPY: 7,
  EVERIFYREPORT2: 8,
  EDECCSSA: 9,
} as const;

/** EAX of ENCLS. Intel SDM 332831 vol. 3D, table 41-1. */
export const ENCLS = {
  ECREATE: 0x00,
  EADD: 0x01,
  EINIT: 0x02,
  EREMOVE: 0x03,
  EDBGRD: 0x04,
  EDBGWR: 0x05,
  EEXTEND: 0x06,
  ELDB: 0x07,
  ELDU: 0x08,
  EBLOCK: 0x09,
  EPA: 0x0a,
  EWB: 0x0b,
  ETRACK: 0x0c,
  EAUG: 0x0d,
  EMODPR: 0x0e,
  EMODT: 0x0f,
  ERDINFO: 0x10,
  ETRACKC: 0x11,
  ELDBC: 0x12,
  ELDUC: 0x13,
  EUPDATESVN: 0x18,
} as const;
