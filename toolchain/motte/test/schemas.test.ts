// SPDX-License-Identifier: Apache-2.0
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { ROOT } from '@motte/test-helpers/vectors';
import { ERRORS } from '@motte/binary/errors/table';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../src/grammar/commands.js';
import { schema, schemaName } from './motte.js';

/** Another program’s command line has no --json. */
const WITH_JSON = COMMANDS.filter(({ raw }) => raw !== true);

test('every command has a schema', () => {
  const files = readdirSync(join(ROOT, 'docs/schema'));
  for (const { name } of WITH_JSON) {
    const file = `${schemaName(name)}.json`;
    assert.ok(files.includes(file), file);
  }
});

test('no schema lets an unknown member pass', () => {
  for (const { name } of WITH_JSON) {
    const text = JSON.stringify(schema(schemaName(name)));
    // schema keep's result holds a JSON schema, which has a schema of its own.
    const open = text.match(/"type":"object"(?!,"additionalProperties":false)/g)?.length ?? 0;
    assert.is(open, name === 'schema keep' ? 1 : 0, name);
  }
});

const SAMPLE = {
  type: 'object',
  additionalProperties: false,
  required: ['a'],
  properties: {
    a: { type: 'integer', minimum: 1, maximum: 9, multipleOf: 3 },
    b: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string', pattern: '^x' } },
    c: { oneOf: [{ type: 'null' }, { enum: ['u', 'v'] }] },
    d: { const: 1 },
    e: {
      type: 'object',
      propertyNames: { pattern: '^k' },
      additionalProperties: { type: ['string', 'null'] },
    },
  },
};

for (const [value, faults] of [
  [{ a: 3, b: ['x'], c: null, d: 1, e: { k: null } }, []],
  [{ a: 9, c: 'v' }, []],
  [{}, ['$.a is missing']],
  [[], ['$ is array, not object']],
  [{ a: '3' }, ['$.a is string, not integer']],
  [{ a: 1.5 }, ['$.a is number, not integer', '$.a is no multiple of 3']],
  [{ a: 0 }, ['$.a is below 1']],
  [{ a: 12 }, ['$.a is above 9']],
  [{ a: 3, z: 1 }, ['$.z is unknown']],
  [{ a: 3, b: [] }, ['$.b has fewer than 1']],
  [{ a: 3, b: ['x', 'x', 'x'] }, ['$.b has more than 2']],
  [{ a: 3, b: ['x', 'y'] }, ['$.b[1] does not match ^x']],
  [{ a: 3, c: 'w' }, ['$.c fits 0 of the alternatives']],
  [{ a: 3, d: 2 }, ['$.d is not 1']],
  [{ a: 3, e: { l: 'x' } }, ['$.e key does not match ^k']],
  [{ a: 3, e: { k: 1 } }, ['$.e.k is integer, not string or null']],
] as const) {
  test(`the checker finds ${JSON.stringify(faults)} in ${JSON.stringify(value)}`, () => {
    assert.equal(schemaFaults(SAMPLE, value), faults);
  });
}

test('the checker refuses a keyword that it does not know', () => {
  assert.throws(() => schemaFaults({ anyOf: [] }, 1), /does not know anyOf/);
});

test('every error code has a reason and a fix, each a sentence', () => {
  for (const [code, { reason, fix }] of Object.entries(ERRORS)) {
    for (const text of [reason, fix]) assert.match(text, /^\S+ [\s\S]+[.)]$/, `${code}: ${text}`);
  }
});

test.run();
