// SPDX-License-Identifier: Apache-2.0

/** The keywords that `schemaFaults` knows; a schema with another one is refused rather than half checked. */
const KNOWN = [
  '$schema',
  'title',
  'description',
  'type',
  'const',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'multipleOf',
  'items',
  'minItems',
  'maxItems',
  'properties',
  'required',
  'additionalProperties',
  'propertyNames',
  'oneOf',
  'x-trust',
  'x-where',
];

type Schema = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return typeof value;
}

function typeFault(schema: Schema, value: unknown): string | undefined {
  if (schema['type'] === undefined) return undefined;
  const found = typeOf(value);
  const allowed = [schema['type']].flat().map(String);
  const fits = allowed.includes(found) || (found === 'integer' && allowed.includes('number'));
  return fits ? undefined : `is ${found}, not ${allowed.join(' or ')}`;
}

function scalarFaults(schema: Schema, value: unknown): (string | undefined)[] {
  const { const: only, enum: choices, pattern, minimum, maximum, multipleOf } = schema;
  const is = (wrong: boolean, text: string): string | undefined => (wrong ? text : undefined);
  return [
    is(Object.hasOwn(schema, 'const') && value !== only, `is not ${JSON.stringify(only)}`),
    is(Array.isArray(choices) && !choices.includes(value), `is none of ${JSON.stringify(choices)}`),
    is(
      typeof pattern === 'string' && typeof value === 'string' && !new RegExp(pattern, 'u').test(value),
      `does not match ${String(pattern)}`,
    ),
    is(
      typeof minimum === 'number' && typeof value === 'number' && value < minimum,
      `is below ${String(minimum)}`,
    ),
    is(
      typeof maximum === 'number' && typeof value === 'number' && value > maximum,
      `is above ${String(maximum)}`,
    ),
    is(
      typeof multipleOf === 'number' && typeof value === 'number' && value % multipleOf !== 0,
      `is no multiple of ${String(multipleOf)}`,
    ),
  ];
}

function objectFaults(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
  const faults = required
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => `${path}.${key} is missing`);
  for (const [key, one] of Object.entries(value)) {
    const own = properties[key] ?? schema['additionalProperties'];
    if (own === false) faults.push(`${path}.${key} is unknown`);
    else if (isRecord(own)) faults.push(...schemaFaults(own, one, `${path}.${key}`));
    if (isRecord(schema['propertyNames']))
      faults.push(...schemaFaults(schema['propertyNames'], key, `${path} key`));
  }
  return faults;
}

/** What is wrong with `value` by `schema` (a subset of JSON Schema 2020-12); empty when nothing is. */
export function schemaFaults(schema: Schema, value: unknown, path = '$'): string[] {
  const stray = Object.keys(schema).find((key) => !KNOWN.includes(key));
  if (stray !== undefined) throw new Error(`${path}: this checker does not know ${stray}`);
  const faults = [typeFault(schema, value), ...scalarFaults(schema, value)].flatMap((text) =>
    text === undefined ? [] : [`${path} ${text}`],
  );
  if (Array.isArray(schema['oneOf'])) {
    const fits = schema['oneOf'].filter(
      (one: unknown) => isRecord(one) && schemaFaults(one, value, path).length === 0,
    );
    if (fits.length !== 1) faults.push(`${path} fits ${fits.length} of the alternatives`);
  }
  if (Array.isArray(value)) {
    const { items, minItems, maxItems } = schema;
    if (typeof minItems === 'number' && value.length < minItems)
      faults.push(`${path} has fewer than ${minItems}`);
    if (typeof maxItems === 'number' && value.length > maxItems)
      faults.push(`${path} has more than ${maxItems}`);
    if (isRecord(items)) faults.push(...value.flatMap((one, i) => schemaFaults(items, one, `${path}[${i}]`)));
  } else if (isRecord(value)) {
    faults.push(...objectFaults(schema, value, path));
  }
  return faults;
}
