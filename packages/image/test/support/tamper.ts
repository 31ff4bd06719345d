// SPDX-License-Identifier: Apache-2.0
// Ways to change an image, and the loop over a table of them.
import { MotteError } from '@motte/binary/error';
import { verify } from '@motte/image';
import { completeSigstruct, unsignedSigstruct } from '@motte/sign/sgx/sign';
import { parseSigstruct, signedBytes } from '@motte/sign/sgx/sigstruct';
import { ID_BLOCK } from '@motte/sign/snp/id-block';
import type { IdBlockInput } from '@motte/sign/snp/id-block';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { forge, partsOf, relink, reseal, resign } from './forge.js';
import type { Json, Parts } from './forge.js';
import { SGX, snpIdentity } from './samples.js';

/** Changes the parts of an image. */
export type Change = (parts: Parts) => void;

/** What is done, and the code and field that verifying ends with. */
export type Row = readonly [name: string, change: Change, code: string, field?: RegExp];

export function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

export function enc(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether bytes begin with a text. */
export function holds(text: string): (bytes: Uint8Array) => boolean {
  return (bytes) => new TextDecoder().decode(bytes).startsWith(text);
}

/** Changes a byte of the blob of which `is` is true, and leaves its name. */
export function flipBlob(is: (bytes: Uint8Array) => boolean, at = 20): Change {
  return (parts) => {
    parts.editFiles = (all) => {
      const [name, bytes] = [...all].find(([, one]) => is(one)) ?? ['', new Uint8Array(0)];
      all.set(name, flip(bytes, at));
    };
  };
}

/** Changes the Keep manifest, and seals all of it again. */
export function keep(change: (keep: Json) => void): Change {
  return (parts) => {
    change(parts.keep);
    reseal(parts);
  };
}

/** Changes the text of the Keep manifest, and seals all of it again. */
export function keepText(change: (text: string) => string): Change {
  return (parts) => {
    parts.keep = change(JSON.stringify(parts.keep));
    reseal(parts);
  };
}

/** Changes a part, makes its descriptor anew and seals all of it again. */
export function part(change: Change): Change {
  return (parts) => {
    change(parts);
    relink(parts);
    reseal(parts);
  };
}

/** Changes the provenance, and signs it again. */
export function statement(change: (statement: Json) => void): Change {
  return (parts) => {
    change(parts.statement);
    resign(parts);
  };
}

/** Changes the OCI manifest, or gives another. */
export function oci(change: (oci: Json) => Json): Change {
  return (parts) => {
    parts.editOci = (made) => change(made) ?? made;
  };
}

/** Changes the index, or gives another. */
export function index(change: (index: Json) => Json): Change {
  return (parts) => {
    parts.editIndex = (made) => change(made) ?? made;
  };
}

/** Changes the files, by name. */
export function files(change: (files: Map<string, Uint8Array>) => void): Change {
  return (parts) => {
    parts.editFiles = change;
  };
}

/** A genuine SIGSTRUCT with other values, sealed into the image. */
export function sigstruct(change: Json): Change {
  return part((parts) => {
    const {
      enclavehash: mrenclave,
      attributes_mask: attributesMask,
      xfrm_mask: xfrmMask,
      ...rest
    } = parseSigstruct(parts.sigstruct);
    const unsigned = unsignedSigstruct({ ...rest, mrenclave, attributesMask, xfrmMask, ...change });
    parts.sigstruct = completeSigstruct(unsigned, SGX.modulus, SGX.sign(signedBytes(unsigned)));
  });
}

/** A genuine ID block with other values, sealed into the image. */
export function identity(change: Partial<IdBlockInput>): Change {
  return part((parts) => {
    const { block, auth } = snpIdentity(ID_BLOCK.read(parts.idBlock).ld, change);
    parts.idBlock = block;
    parts.idAuth = auth;
  });
}

/** A test a row. */
export function testRows(rows: readonly Row[]): void {
  for (const [name, change, code, field] of rows) {
    test(name, async () => {
      const parts = partsOf();
      change(parts);
      try {
        (await verify(forge(parts))).close();
      } catch (error) {
        if (!(error instanceof MotteError)) throw error;
        assert.is(error.code, code, error.message);
        if (field !== undefined) assert.match(error.field ?? '', field);
        return;
      }
      assert.is('accepted', code);
    });
  }
}
