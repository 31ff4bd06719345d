// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SECINFO } from '@motte/binary/sgx/secinfo';
import { SECS } from '@motte/binary/sgx/secs';
import { TCS } from '@motte/binary/sgx/tcs';

/** Bytes of the small enclave that tests launch. */
export const SIZE = 0x100000n;

/** A SECS that ECREATE takes. */
export function goodSecs(): Uint8Array {
  return SECS.write({
    size: SIZE,
    ssaframesize: 1,
    miscselect: 1,
    attributes: ATTRIBUTES.MODE64BIT | ATTRIBUTES.KSS,
    xfrm: 7n,
    configid: new Uint8Array(64),
  });
}

/** SECINFO of FLAGS alone: 0x203 is a REG page, RW. */
export function secinfo(flags: bigint): Uint8Array {
  return SECINFO.write({ flags });
}

/** A TCS that EADD takes. */
export function goodTcs(): Uint8Array {
  return TCS.write({
    ossa: 0x2000n,
    nssa: 2,
    oentry: 0n,
    ofsbase: 0x4000n,
    ogsbase: 0x4000n,
    fslimit: 0xfff,
    gslimit: 0xfff,
  });
}
