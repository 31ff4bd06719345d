// SPDX-License-Identifier: Apache-2.0
// The layout tables of SGX beside the kernel's own headers, by the compiler.
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import type { AnyLayout } from '@motte/binary/c-header';
import { isReserved } from '@motte/binary/layout';
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SGX_ERRORS } from '@motte/binary/sgx/error-codes';
import { EXINFO, MISCSELECT } from '@motte/binary/sgx/exinfo';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { ENCLS, ENCLU } from '@motte/binary/sgx/leaves';
import { PAGEINFO } from '@motte/binary/sgx/pageinfo';
import { PAGE_TYPE, SECINFO, SECINFO_FLAGS } from '@motte/binary/sgx/secinfo';
import { SECS } from '@motte/binary/sgx/secs';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { TCS, TCS_FLAGS } from '@motte/binary/sgx/tcs';
import { SGX_IOC, SGX_PAGE_FLAGS } from '@motte/binary/sgx/uapi';
import { tempFolder } from '@motte/test-helpers/temp';
import { UAPI_LAYOUTS } from '../src/headers/sgx-uapi.js';
import { comparison, constants, same } from './support/compare.js';

const TEMP = tempFolder('motte-kernel-headers');
const compiler = comparison(TEMP);

function uapi(layouts: readonly AnyLayout[]): string {
  const structures = layouts.map((layout) => {
    const fields = layout.fields.map((field) => [field.name, isReserved(field) ? 'reserved' : field.name]);
    return same(layout, layout.name.toLowerCase(), Object.fromEntries(fields) as Record<string, string>);
  });
  const ioctls = Object.entries(SGX_IOC).map(([name, value]) => [`SGX_IOC_ENCLAVE_${name}`, value] as const);
  return [
    '#include <stddef.h>',
    '#include <stdint.h>',
    '#include <asm/sgx.h>',
    ...structures,
    constants([...ioctls, ['SGX_PAGE_MEASURE', SGX_PAGE_FLAGS.MEASURE]]),
  ].join('\n');
}

if (!existsSync('/usr/include/x86_64-linux-gnu/asm/sgx.h')) {
  console.log('skipped: the kernel interface beside asm/sgx.h: no linux-libc-dev on this machine');
} else {
  test('every structure and ioctl of uapi asm/sgx.h is as our tables say', () => {
    assert.is(compiler.compile('uapi', uapi(UAPI_LAYOUTS)), '');
  });

  test('the comparison fails by name for a table with one field moved', () => {
    const [first, ...rest] = UAPI_LAYOUTS;
    const run = rest.at(-1);
    if (first === undefined || run === undefined) throw new Error('no tables');
    const fields = run.fields.map((field) =>
      field.name === 'exception_vector'
        ? { ...field, at: field.at + 2 }
        : field.name === 'exception_error_code'
          ? { ...field, at: field.at - 2 }
          : field,
    );
    const moved = { ...run, fields: fields.toSorted((a, b) => a.at - b.at) };
    assert.match(compiler.compile('moved', uapi([moved])), 'SGX_ENCLAVE_RUN.exception_vector');
  });
}

// What the interface of user space does not have - SECS, TCS, PAGEINFO, SECINFO, SIGSTRUCT, leaves, error codes - the
// kernel's internal header of the same name has. It comes with linux-headers-VERSION-common. GPRSGX and EXINFO are
// there as sizes only; REPORT, TARGETINFO, KEYREQUEST and XSAVE_HEADER are not there at all.
function internalHeader(): string | undefined {
  const given = process.env['MOTTE_KERNEL_HEADERS'];
  const folders = existsSync('/usr/src') ? readdirSync('/usr/src').sort().toReversed() : [];
  return [...(given === undefined ? [] : [given]), ...folders.map((name) => join('/usr/src', name))]
    .map((folder) => join(folder, 'arch/x86/include/asm/sgx.h'))
    .find((file) => existsSync(file));
}

/** As much of the kernel's own base headers as its asm/sgx.h needs. */
const STAND_INS = {
  'linux/bits.h':
    '#define BIT(n) (1ul << (n))\n#define BIT_ULL(n) (1ull << (n))\n' +
    '#define GENMASK(h, l) ((~0ul >> (63 - (h))) & (~0ul << (l)))\n#define GENMASK_ULL GENMASK\n',
  'linux/types.h':
    '#include <stdint.h>\ntypedef uint8_t u8;\ntypedef uint16_t u16;\ntypedef uint32_t u32;\ntypedef uint64_t u64;\n' +
    '#define __packed __attribute__((packed))\n#define __aligned(n) __attribute__((aligned(n)))\n#define __user\n',
};

function internal(header: string): string {
  const encls = Object.entries(ENCLS).filter(([name]) =>
    /^(ECREATE|EADD|EINIT|EREMOVE|EEXTEND|ELDU|EBLOCK|EPA|EWB|ETRACK|EAUG|EMODPR|EMODT)$/.test(name),
  );
  const errors = [
    'EPC_PAGE_CONFLICT',
    'NOT_TRACKED',
    'CHILD_PRESENT',
    'INVALID_EINITTOKEN',
    'PAGE_NOT_MODIFIABLE',
    'UNMASKED_EVENT',
  ]
    .map((name) => `SGX_${name}` as keyof typeof SGX_ERRORS)
    .map((name) => [name, SGX_ERRORS[name]] as const);
  const attributes = (['INIT', 'DEBUG', 'MODE64BIT', 'PROVISIONKEY', 'EINITTOKENKEY', 'KSS'] as const).map(
    (name) => [`SGX_ATTR_${name}`, ATTRIBUTES[name]] as const,
  );
  const types = (['SECS', 'TCS', 'REG', 'VA', 'TRIM'] as const).map(
    (name) => [`SGX_PAGE_TYPE_${name}`, PAGE_TYPE[name]] as const,
  );
  return [
    '#include <stddef.h>',
    `#include "${header}"`,
    `#include "${header.replace(/sgx\.h$/, 'enclu.h')}"`,
    same(SECS, 'sgx_secs', {
      size: 'size',
      baseaddr: 'base',
      ssaframesize: 'ssa_frame_size',
      miscselect: 'miscselect',
      attributes: 'attributes',
      xfrm: 'xfrm',
      mrenclave: 'mrenclave',
      mrsigner: 'mrsigner',
      configid: 'config_id',
      isvprodid: 'isv_prod_id',
      isvsvn: 'isv_svn',
      configsvn: 'config_svn',
      reserved_106: 'reserved4',
    }),
    same(TCS, 'sgx_tcs', {
      stage: 'state',
      flags: 'flags',
      ossa: 'ssa_offset',
      cssa: 'ssa_index',
      nssa: 'nr_ssa_frames',
      oentry: 'entry_offset',
      aep: 'exit_addr',
      ofsbase: 'fs_offset',
      ogsbase: 'gs_offset',
      fslimit: 'fs_limit',
      gslimit: 'gs_limit',
    }),
    same(PAGEINFO, 'sgx_pageinfo', {
      linaddr: 'addr',
      srcpge: 'contents',
      secinfo: 'metadata',
      secs: 'secs',
    }),
    same(SECINFO, 'sgx_secinfo', { flags: 'flags', reserved_008: 'reserved' }),
    same(SIGSTRUCT, 'sgx_sigstruct', {
      vendor: 'header.vendor',
      date: 'header.date',
      header2: 'header.header2',
      swdefined: 'header.swdefined',
      modulus: 'modulus',
      exponent: 'exponent',
      signature: 'signature',
      miscselect: 'body.miscselect',
      miscmask: 'body.misc_mask',
      attributes: 'body.attributes',
      xfrm: 'body.xfrm',
      attributes_mask: 'body.attributes_mask',
      xfrm_mask: 'body.xfrm_mask',
      enclavehash: 'body.mrenclave',
      isvprodid: 'body.isvprodid',
      isvsvn: 'body.isvsvn',
      q1: 'q1',
      q2: 'q2',
    }),
    constants([
      ...encls,
      ...errors,
      ...attributes,
      ...types,
      ['EENTER', ENCLU.EENTER],
      ['ERESUME', ENCLU.ERESUME],
      ['EEXIT', ENCLU.EEXIT],
      ['SGX_SSA_GPRS_SIZE', GPRSGX.size],
      ['SGX_SSA_MISC_EXINFO_SIZE', EXINFO.size],
      ['SGX_MISC_EXINFO', MISCSELECT.EXINFO],
      ['SGX_TCS_DBGOPTIN', TCS_FLAGS.DBGOPTIN],
      ['SGX_SECINFO_R', SECINFO_FLAGS.R],
      ['SGX_SECINFO_W', SECINFO_FLAGS.W],
      ['SGX_SECINFO_X', SECINFO_FLAGS.X],
    ]),
  ].join('\n');
}

const header = internalHeader();
if (header === undefined) {
  console.log(
    "skipped: hardware structures beside the kernel's internal asm/sgx.h: no linux-headers-*-common in /usr/src (MOTTE_KERNEL_HEADERS)",
  );
} else {
  test("the hardware's structures are those of the kernel's internal asm/sgx.h", () => {
    mkdirSync(join(TEMP, 'linux'), { recursive: true });
    for (const [name, text] of Object.entries(STAND_INS)) writeFileSync(join(TEMP, name), text);
    assert.is(compiler.compile('internal', internal(header), ['-I', TEMP]), '');
  });
}

test.run();
