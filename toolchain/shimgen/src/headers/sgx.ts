// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import {
  CPUID_07,
  CPUID_12_0_EAX,
  CPUID_12_0_EDX,
  CPUID_12_ATTRIBUTES_SUBLEAF,
  CPUID_12_EPC,
  CPUID_SGX_LEAF,
} from '@motte/binary/sgx/cpuid';
import { SGX_ERRORS } from '@motte/binary/sgx/error-codes';
import { EXINFO, MISCSELECT, PF_ERROR } from '@motte/binary/sgx/exinfo';
import { EXIT_VECTOR, EXITINFO, GPRSGX } from '@motte/binary/sgx/gprsgx';
import { KEYNAME, KEYPOLICY, KEYREQUEST } from '@motte/binary/sgx/keyrequest';
import { ENCLS, ENCLU } from '@motte/binary/sgx/leaves';
import { PAGEINFO } from '@motte/binary/sgx/pageinfo';
import { REPORT, REPORTBODY } from '@motte/binary/sgx/report';
import { PAGE_TYPE, PAGE_TYPE_SHIFT, SECINFO, SECINFO_FLAGS } from '@motte/binary/sgx/secinfo';
import { SECS } from '@motte/binary/sgx/secs';
import { SIGSTRUCT, SIGSTRUCT_EXPONENT } from '@motte/binary/sgx/sigstruct';
import { SITE, SITE_KIND } from '@motte/elf/sites';
import { TARGETINFO } from '@motte/binary/sgx/targetinfo';
import { TCS, TCS_FLAGS } from '@motte/binary/sgx/tcs';
import { FPU_INIT, XFRM, XSAVE_HEADER, XSAVE_LEGACY } from '@motte/binary/sgx/xsave';
import type { AnyLayout } from '@motte/binary/c-header';
import { defines, header, offsets, structures, xmacro } from './c-text.js';

/** The hardware structures, in the order of the manual. */
export const SGX_LAYOUTS: readonly AnyLayout[] = [
  SECS,
  TCS,
  XSAVE_LEGACY,
  XSAVE_HEADER,
  GPRSGX,
  EXINFO,
  PAGEINFO,
  SECINFO,
  SIGSTRUCT,
  REPORTBODY,
  REPORT,
  TARGETINFO,
  KEYREQUEST,
];

/** `sgx.h`: the hardware's structures and constants, and the shim's own site records. */
export function sgxHeader(): string {
  const errors = Object.entries(SGX_ERRORS).map(
    ([name, number]) => [name.replace(/^SGX_/, 'SGX_ERR_'), number] as const,
  );
  return header('sgx.h', 'the tables in packages/binary/src/sgx', [
    defines('ENCLU_', ENCLU, 'EAX of ENCLU'),
    defines('ENCLS_', ENCLS, 'EAX of ENCLS'),
    defines('', Object.fromEntries(errors), 'EAX after ENCLS and ENCLU'),
    xmacro(
      'SGX_ERR_LIST',
      errors.map(([name, number]) => [name, number, name.replace('SGX_ERR_', 'SGX_')]),
    ),
    defines('ATTR_', ATTRIBUTES, 'ATTRIBUTES'),
    defines('MISCSELECT_', MISCSELECT, 'MISCSELECT'),
    defines('XFRM_', XFRM, 'XFRM, XCR0, XSTATE_BV'),
    defines('FPU_INIT_', FPU_INIT),
    defines('TCS_FLAGS_', TCS_FLAGS, 'TCS.FLAGS'),
    defines('SECINFO_', SECINFO_FLAGS, 'SECINFO.FLAGS'),
    defines('', { SECINFO_PAGE_TYPE_SHIFT: PAGE_TYPE_SHIFT }),
    defines('PT_', PAGE_TYPE, 'SECINFO.FLAGS.PAGE_TYPE, before the shift'),
    defines(
      'SECINFO_PT_',
      Object.fromEntries(Object.entries(PAGE_TYPE).map(([name, n]) => [name, n << PAGE_TYPE_SHIFT])),
      'the same, shifted',
    ),
    defines('EXITINFO_', EXITINFO, 'GPRSGX.EXITINFO'),
    defines('EXIT_VECTOR_', EXIT_VECTOR),
    defines('PF_ERROR_', PF_ERROR, 'EXINFO.ERRCD of a page fault'),
    defines('KEYNAME_', KEYNAME, 'KEYREQUEST.KEYNAME'),
    defines('KEYPOLICY_', KEYPOLICY, 'KEYREQUEST.KEYPOLICY'),
    defines('', { SIGSTRUCT_EXPONENT }),
    defines('CPUID_', {
      SGX_LEAF: CPUID_SGX_LEAF,
      ...prefixed('07_', CPUID_07),
      ...prefixed('12_0_EAX_', CPUID_12_0_EAX),
      ...prefixed('12_0_EDX_', CPUID_12_0_EDX),
      '12_ATTRIBUTES_SUBLEAF': CPUID_12_ATTRIBUTES_SUBLEAF,
      ...prefixed('12_EPC_', CPUID_12_EPC),
    }),
    defines('SITE_', SITE_KIND, 'SITE.kind'),
    ...[TCS, GPRSGX, EXINFO, XSAVE_LEGACY, XSAVE_HEADER].map(offsets),
    structures([...SGX_LAYOUTS, SITE]),
  ]);
}

function prefixed<V>(prefix: string, table: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [prefix + name, value]));
}
