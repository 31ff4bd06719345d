// SPDX-License-Identifier: Apache-2.0
// EINIT on SIGSTRUCTs that other people's signers made, and on damaged ones.
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { SECS } from '@motte/binary/sgx/secs';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { einit } from '@motte/loader/emulated/einit';
import { goodSecs } from './fixtures.js';

interface Meta {
  readonly vectors: readonly { readonly file: string; readonly expected: { readonly mrsigner: string } }[];
  readonly malformed: readonly { readonly file: string; readonly why: string }[];
}

/** EINIT of an enclave that is in all things what the SIGSTRUCT signs. */
function launched(bytes: Uint8Array): Uint8Array {
  // One that is too short signs nothing; EINIT is asked all the same.
  const whole = new Uint8Array(SIGSTRUCT.size);
  whole.set(bytes);
  const sig = SIGSTRUCT.read(whole);
  const secs = {
    ...SECS.read(goodSecs()),
    attributes: sig.attributes,
    xfrm: sig.xfrm,
    miscselect: sig.miscselect,
  };
  return einit(secs, sig.enclavehash, bytes);
}

if (!haveVectors('sgx-sigstruct')) console.log('skipped: EINIT of vectors: shared/vectors is not there');
else {
  const meta = vectorJson('sgx-sigstruct', 'meta.json') as Meta;
  assert.ok(meta.vectors.length > 0 && meta.malformed.length > 0);

  for (const { file, expected } of meta.vectors) {
    test(`EINIT takes ${file}`, () => {
      const secs = SECS.read(launched(vector('sgx-sigstruct', file)));
      assert.is(toHex(secs.mrsigner), expected.mrsigner);
    });
  }

  for (const { file, why } of meta.malformed) {
    test(`EINIT refuses ${file}: ${why}`, () => {
      try {
        launched(vector('sgx-sigstruct', file));
      } catch (error) {
        assert.ok(error instanceof MotteError, String(error));
        assert.match(error.code, /^SGX_INVALID_SIG(NATURE|_STRUCT)$/);
        return;
      }
      assert.unreachable('it was accepted');
    });
  }
}

test.run();
