// SPDX-License-Identifier: Apache-2.0
// EGETKEY: which keys are the same, and which are not. The derivation is the emulator's own; what it depends on is the manual's.
import { KEYNAME, KEYPOLICY, KEYREQUEST } from '@motte/binary/sgx/keyrequest';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, runEnclave } from '../support/enclave.js';
import type { LayoutValues } from '@motte/binary/layout';
import type { KEYREQUEST_FIELDS } from '@motte/binary/sgx/keyrequest';
import type { SECS_FIELDS } from '@motte/binary/sgx/secs';

type Request = Partial<LayoutValues<typeof KEYREQUEST_FIELDS>>;
type Secs = Partial<LayoutValues<typeof SECS_FIELDS>>;

/** Prints the key of the KEYREQUEST at 0x41000; ends with EGETKEY's error code. */
const code = assemble([
  {
    body: `
	lea	DATA+0x1000(%rip), %rbx
	lea	DATA+0x600(%rip), %rcx
	ENCLU	1
	test	%eax, %eax
	jz	3f
	mov	%eax, %esi
	shl	$8, %esi
	mov	$3, %edi
	jmp	leave
3:	mov	DATA+24(%rip), %rdi
	add	$0x1000, %rdi
	lea	DATA+0x600(%rip), %rsi
	mov	$16, %ecx
	rep movsb
	HOSTCALL 1, 1, 0, 16, 16
	EXIT	0`,
    handler: 'EXIT 77',
  },
]);

async function key(request: Request, secs: Secs = {}, root = 0): Promise<string> {
  const { end, stdout } = await runEnclave(code, 0, {
    bytes: { 0x41000: KEYREQUEST.write({ keyname: KEYNAME.SEAL, ...request }) },
    secs,
    start: { root: new Uint8Array(16).fill(root) },
  });
  return end.status === 0 ? stdout.toString('hex') : `status ${end.status}`;
}

const filled = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const { MRENCLAVE, MRSIGNER, NOISVPRODID, CONFIGID } = KEYPOLICY;
const ALL_MASK = { attributes_mask: ~0n & 0xffff_ffff_ffff_ffffn, miscmask: 0xffffffff };

/** A request, what changes beside it, and whether the key does. */
const ROWS: readonly {
  readonly name: string;
  readonly request: Request;
  readonly other?: Request;
  readonly secs?: Secs;
  readonly root?: number;
  readonly same: boolean;
}[] = [
  { name: 'nothing', request: { keypolicy: MRENCLAVE }, same: true },
  {
    name: 'MRENCLAVE, by policy',
    request: { keypolicy: MRENCLAVE },
    secs: { mrenclave: filled(9) },
    same: false,
  },
  { name: 'MRENCLAVE', request: { keypolicy: MRSIGNER }, secs: { mrenclave: filled(9) }, same: true },
  {
    name: 'MRSIGNER, by policy',
    request: { keypolicy: MRSIGNER },
    secs: { mrsigner: filled(9) },
    same: false,
  },
  { name: 'MRSIGNER', request: { keypolicy: MRENCLAVE }, secs: { mrsigner: filled(9) }, same: true },
  {
    name: 'CONFIGID, by policy',
    request: { keypolicy: MRENCLAVE | CONFIGID },
    secs: { configid: filled(9, 64) },
    same: false,
  },
  { name: 'CONFIGID', request: { keypolicy: MRENCLAVE }, secs: { configid: filled(9, 64) }, same: true },
  { name: 'ISVPRODID', request: { keypolicy: MRSIGNER }, secs: { isvprodid: 9 }, same: false },
  {
    name: 'ISVPRODID, without it by policy',
    request: { keypolicy: MRSIGNER | NOISVPRODID },
    secs: { isvprodid: 9 },
    same: true,
  },
  { name: 'a later ISVSVN', request: { keypolicy: MRSIGNER, isvsvn: 2 }, secs: { isvsvn: 9 }, same: true },
  { name: 'DEBUG', request: { keypolicy: MRENCLAVE }, secs: { attributes: 0x87n }, same: false },
  { name: 'KEYID', request: { keypolicy: MRENCLAVE }, other: { keyid: filled(1) }, same: false },
  { name: 'the requested ISVSVN', request: { isvsvn: 1 }, other: { isvsvn: 2 }, same: false },
  { name: 'MISCSELECT, masked', request: ALL_MASK, secs: { miscselect: 0 }, same: false },
  { name: 'MISCSELECT, not masked', request: {}, secs: { miscselect: 0 }, same: true },
  { name: 'the emulation root', request: { keypolicy: MRENCLAVE }, root: 5, same: false },
  { name: 'the name of the key', request: {}, other: { keyname: KEYNAME.REPORT }, same: false },
];

for (const { name, request, other, secs, root, same } of ROWS) {
  test(`another ${name}: ${same ? 'the same key' : 'another key'}`, async () => {
    const [first, second] = await Promise.all([key(request), key({ ...request, ...other }, secs, root)]);
    assert.match(first, /^[0-9a-f]{32}$/);
    assert.match(second, /^[0-9a-f]{32}$/);
    assert.is(first === second, same);
  });
}

const REFUSED: readonly {
  readonly name: string;
  readonly request: Request;
  readonly secs?: Secs;
  readonly status: number;
}[] = [
  { name: 'CPUSVN above the CPU\u2019s', request: { cpusvn: filled(1, 16) }, status: 32 },
  { name: 'ISVSVN above the enclave\u2019s', request: { isvsvn: 6 }, status: 64 },
  { name: 'CONFIGSVN above the enclave\u2019s', request: { configsvn: 1 }, status: 64 },
  { name: 'the EINIT token key', request: { keyname: KEYNAME.EINITTOKEN }, status: 2 },
  { name: 'the provisioning key', request: { keyname: KEYNAME.PROVISION }, status: 2 },
  { name: 'the provisioning seal key', request: { keyname: KEYNAME.PROVISION_SEAL }, status: 2 },
  { name: 'reserved policy bits: #GP', request: { keypolicy: 0x40 }, status: 77 },
  { name: 'a reserved byte: #GP', request: { reserved_007: 1 }, status: 77 },
  {
    name: 'a policy of KSS without KSS: #GP',
    request: { keypolicy: CONFIGID },
    secs: { attributes: 5n },
    status: 77,
  },
];

for (const { name, request, secs, status } of REFUSED) {
  test(`refused: ${name}`, async () => {
    assert.is(await key(request, secs), `status ${status}`);
  });
}

test.run();
