// SPDX-License-Identifier: Apache-2.0
// The two SGX tables that travel, SIGSTRUCT and REPORTBODY, beside what their signers and the CPUs wrote.
import * as assert from 'uvu/assert';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import { toHex } from '@motte/binary/hex';
import { REPORTBODY } from '@motte/binary/sgx/report';
import { SIGSTRUCT, SIGSTRUCT_HEADER, SIGSTRUCT_HEADER2 } from '@motte/binary/sgx/sigstruct';
import { haveVectors, vector, vectorJson, VECTORS } from '@motte/test-helpers/vectors';

if (!haveVectors('sgx-sigstruct')) {
  console.log('skipped: real SIGSTRUCTs and quotes: no vectors on this machine (MOTTE_VECTORS)');
} else {
  test('SIGSTRUCT reads those of Intel, Fortanix, Gramine and Inclavare as their signers wrote them', () => {
    const vectors = (
      vectorJson('sgx-sigstruct', 'meta.json') as {
        vectors: {
          file: string;
          expected: Record<string, string | number>;
        }[];
      }
    ).vectors;
    assert.ok(vectors.length >= 6);
    for (const { file, expected } of vectors) {
      const got = SIGSTRUCT.readStrict(vector('sgx-sigstruct', file));
      const pair = (low: bigint, high: bigint): string => {
        const bytes = new Uint8Array(16);
        new DataView(bytes.buffer).setBigUint64(0, low, true);
        new DataView(bytes.buffer).setBigUint64(8, high, true);
        return toHex(bytes);
      };
      const found: Record<string, string | number> = {
        header: toHex(got.header),
        header2: toHex(got.header2),
        type: `0x${got.type.toString(16)}`,
        vendor: `0x${got.vendor.toString(16)}`,
        swdefined: `0x${got.swdefined.toString(16)}`,
        exponent: got.exponent,
        miscselect: `0x${got.miscselect.toString(16)}`,
        miscmask: `0x${got.miscmask.toString(16)}`,
        attributes: pair(got.attributes, got.xfrm),
        attributemask: pair(got.attributes_mask, got.xfrm_mask),
        mrenclave: toHex(got.enclavehash),
        isvprodid: got.isvprodid,
        isvsvn: got.isvsvn,
        isvfamilyid: toHex(got.isvfamilyid),
        isvextprodid: toHex(got.isvextprodid),
      };
      for (const [name, value] of Object.entries(found)) assert.is(value, expected[name], `${file} ${name}`);
      assert.is(got.date.toString(16).padStart(8, '0'), String(expected['date']), `${file} date`);
      assert.is(found['header'], SIGSTRUCT_HEADER);
      assert.is(found['header2'], SIGSTRUCT_HEADER2);
    }
  });

  test('REPORTBODY reads the enclave reports of real SGX quotes', () => {
    const names = readdirSync(join(VECTORS, 'dcap-quotes')).filter((name) => name.startsWith('sgx3-'));
    let bodies = 0;
    for (const name of names) {
      const meta = vectorJson('dcap-quotes', name, 'meta.json') as {
        files: { quote: string };
        parsed: { body: Record<string, string | number> };
      };
      const quote = vector('dcap-quotes', name, meta.files.quote);
      const got = REPORTBODY.read(quote, 48) as Readonly<Record<string, unknown>>;
      for (const [field, value] of Object.entries(meta.parsed.body)) {
        if (field === 'attributes') {
          assert.is(toHex(quote.subarray(48 + 48, 48 + 64)), value);
          continue;
        }
        const found = got[field];
        assert.is(found instanceof Uint8Array ? toHex(found) : found, value, `${name} ${field}`);
      }
      bodies++;
    }
    assert.ok(bodies >= 6);
  });
}

test.run();
