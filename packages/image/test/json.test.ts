// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readJson, writeJson } from '@motte/image/json/canonical';
import { checkKeys } from '@motte/image/json/scan';
import { keepManifestSchema } from '@motte/image/manifest/schema';
import type { KeepManifest } from '@motte/image';
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { codeOf } from '@motte/test-helpers/errors';
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import { ROOT } from '@motte/test-helpers/vectors';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

for (const [text, code] of [
  ['{}', 'accepted'],
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', 'accepted'],
  ['{"a":"a","b":"a"}', 'accepted'],
  ['{"a":["a","a"]}', 'accepted'],
  ['{"a":"{\\"a\\":1,\\"a\\":2}"}', 'accepted'],
  ['{"a":1,"a":2}', 'IMAGE_DUPLICATE_KEY'],
  ['{"a":{},"a":{}}', 'IMAGE_DUPLICATE_KEY'],
  ['[[{"x":{"a":[],"a":[]}}]]', 'IMAGE_DUPLICATE_KEY'],
  ['{"\\u0061":1,"a":2}', 'IMAGE_DUPLICATE_KEY'],
  ['{"":1,"":2}', 'IMAGE_DUPLICATE_KEY'],
  ['{"__proto__":1,"__proto__":2}', 'IMAGE_DUPLICATE_KEY'],
  ['{"\\"":1,"\\"":2}', 'IMAGE_DUPLICATE_KEY'],
  [' { "a" : 1 , "a" : 2 } ', 'IMAGE_DUPLICATE_KEY'],
  [`${'['.repeat(16)}${']'.repeat(16)}`, 'accepted'],
  [`${'['.repeat(17)}${']'.repeat(17)}`, 'IMAGE_JSON'],
] as const) {
  test(`keys of ${text}`, () => {
    assert.is(
      codeOf(() => checkKeys(text, 'x')),
      code,
    );
  });
}

test('a key that comes twice is named, with its place in bytes', () => {
  try {
    checkKeys('{"é":{"k":1,"k":2}}', 'x');
    assert.unreachable();
  } catch (error) {
    if (!(error instanceof MotteError)) throw error;
    assert.is(error.field, 'x: k');
    assert.is(error.offset, 13n);
  }
});

/** Objects as texts in which keys may repeat, and whether one does in any object. */
const objects = fc.letrec<{ value: [string, boolean] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'x' },
    fc.jsonValue({ maxDepth: 0 }).map((value): [string, boolean] => [JSON.stringify(value), false]),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c', '"', '\\', '{'), tie('value')), { maxLength: 3 })
      .map((members): [string, boolean] => [
        `{${members.map(([key, [text]]) => `${JSON.stringify(key)}: ${text}`).join(' ,')}}`,
        new Set(members.map(([key]) => key)).size < members.length || members.some(([, [, twice]]) => twice),
      ]),
    fc
      .array(tie('value'), { maxLength: 3 })
      .map((items): [string, boolean] => [
        `[${items.map(([text]) => text).join(', ')}]`,
        items.some(([, twice]) => twice),
      ]),
  ),
})).value;

test('a key that comes twice is found wherever it is, and nothing else is', () => {
  fc.assert(
    fc.property(objects, ([text, twice]) => {
      assert.is(
        codeOf(() => checkKeys(text, 'x')),
        twice ? 'IMAGE_DUPLICATE_KEY' : 'accepted',
        text,
      );
    }),
    fuzzParameters(3000),
  );
});

const schema = JSON.parse(readFileSync(join(ROOT, 'docs/schema/keep-manifest.json'), 'utf8')) as Record<
  string,
  unknown
>;

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => Buffer.from(all).toString('hex'));
const blob = <const M extends string>(
  mediaType: M,
): fc.Arbitrary<{ mediaType: M; digest: string; size: number }> =>
  fc.record({
    mediaType: fc.constant(mediaType),
    digest: hex(32).map((digits) => `sha256:${digits}`),
    size: fc.maxSafeNat(),
  });
const keep = 'application/vnd.motte.keep';

/** Manifests of every TEE, those too that nothing measures yet. */
const manifests: fc.Arbitrary<KeepManifest> = fc.record({
  version: fc.constant(1),
  name: fc.constantFrom('a', 'hello', 'x y', 'naïve', '𝒳'),
  exec: blob(`${keep}.exec.v1`),
  config: fc.record({ blob: blob(`${keep}.toml.v1`), configId: hex(32) }),
  shims: fc.array(
    fc.record({
      tee: fc.constantFrom('sgx', 'snp', 'tdx', 'keystone', 'sanctum', 'pef'),
      variant: fc.constantFrom('sgx2', 'vm'),
      blob: blob(`${keep}.shim.v1`),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  measurements: fc.array(
    fc.oneof(
      fc.record(
        {
          tee: fc.constant('sgx'),
          kind: fc.constant('mrenclave'),
          algorithm: fc.constant('sha256'),
          value: hex(32),
          parameters: fc.record({ version: fc.constantFrom(1, 2) }),
          signature: blob(`${keep}.sgx.sigstruct.v1`),
        },
        { requiredKeys: ['tee', 'kind', 'algorithm', 'value', 'parameters'] },
      ),
      fc.record(
        {
          tee: fc.constant('snp'),
          kind: fc.constant('launch-digest'),
          algorithm: fc.constant('sha384'),
          value: hex(48),
          parameters: fc.record({
            vcpus: fc.integer({ min: 1, max: 512 }),
            vmm: fc.constantFrom('qemu', 'kvm'),
          }),
          signature: fc.record({
            idBlock: blob(`${keep}.snp.id-block.v1`),
            idAuth: blob(`${keep}.snp.id-auth.v1`),
          }),
        },
        { requiredKeys: ['tee', 'kind', 'algorithm', 'value', 'parameters'] },
      ),
      fc.record({
        tee: fc.constant('tdx'),
        kind: fc.constantFrom('mrtd', 'rtmr0', 'rtmr3'),
        algorithm: fc.constant('sha384'),
        value: hex(48),
        parameters: fc.record({ vmm: fc.constant('qemu') }),
      }),
      fc.record({
        tee: fc.constant('keystone'),
        kind: fc.constant('enclave-hash'),
        algorithm: fc.constant('sha3-512'),
        value: hex(64),
      }),
      fc.record({
        tee: fc.constant('sanctum'),
        kind: fc.constant('measurement'),
        algorithm: fc.constant('sha256'),
        value: hex(32),
        parameters: fc.record({ flavour: fc.constantFrom('pwnall', 'mit') }),
      }),
      fc.record({
        tee: fc.constant('pef'),
        kind: fc.constantFrom('kernel', 'initrd', 'bootargs', 'rtas'),
        algorithm: fc.constant('sha512'),
        value: hex(64),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
}) as fc.Arbitrary<KeepManifest>;

test('a manifest of every TEE is written, read, and right by the published schema', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const bytes = writeJson(keepManifestSchema, manifest, 'm');
      assert.equal(readJson(keepManifestSchema, bytes, 'm'), JSON.parse(JSON.stringify(manifest)));
      assert.equal(schemaFaults(schema, JSON.parse(new TextDecoder().decode(bytes))), []);
    }),
    fuzzParameters(300),
  );
});

/** Changes one value somewhere in a JSON value. */
function mutate(value: unknown, pick: number, to: unknown): unknown {
  const places: (readonly [Record<string, unknown>, string])[] = [];
  const copy = structuredClone(value);
  const walk = (one: unknown): void => {
    if (typeof one !== 'object' || one === null) return;
    for (const [key, inner] of Object.entries(one)) {
      places.push([one as Record<string, unknown>, key]);
      walk(inner);
    }
  };
  walk(copy);
  const [parent, key] = places[pick % places.length] ?? [{}, ''];
  if (to === undefined) Reflect.deleteProperty(parent, key);
  else parent[key] = to;
  return copy;
}

test('what the schema refuses the reader refuses, and the other way round', () => {
  const values = fc.constantFrom<unknown>(
    undefined,
    null,
    0,
    -1,
    1.5,
    2,
    '',
    'x',
    'sha1:00',
    [],
    {},
    true,
    'sgx',
    '00',
  );
  fc.assert(
    fc.property(manifests, fc.nat(), values, (manifest, pick, to) => {
      const changed = mutate(manifest, pick, to);
      // An item taken out of an array leaves a hole, which JSON has as null.
      const plain = JSON.parse(JSON.stringify(changed)) as KeepManifest;
      const refused = codeOf(() => writeJson(keepManifestSchema, plain, 'm')) !== 'accepted';
      assert.is(schemaFaults(schema, plain).length > 0, refused, JSON.stringify(plain));
    }),
    fuzzParameters(1000),
  );
});

test.run();
