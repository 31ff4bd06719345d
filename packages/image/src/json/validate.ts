// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import * as v from 'valibot';

const MOST_SHOWN = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** A digest by another algorithm is no slip of the pen but a downgrade, or an upgrade that nobody agreed on. */
function otherAlgorithm(path: string, input: unknown): string | undefined {
  if (!path.endsWith('digest') || typeof input !== 'string') return undefined;
  const [, algorithm] = /^([a-z0-9+._-]+):/.exec(input) ?? [];
  return algorithm === 'sha256' ? undefined : algorithm;
}

/**
 * `value` as `schema` describes it, its keys in the schema's order. Throws IMAGE_FIELD with the path, what was expected
 * and what was found; IMAGE_DIGEST_ALGORITHM.
 */
export function checkSchema<T>(schema: v.GenericSchema<T>, value: unknown, field: string): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const where = path === null ? field : `${field}: ${path}`;
  const algorithm = otherAlgorithm(path ?? '', issue.input);
  if (algorithm !== undefined) {
    throw new MotteError('IMAGE_DIGEST_ALGORITHM', { field: where, expected: 'sha256', found: algorithm });
  }
  const unknown = issue.expected === 'never';
  throw new MotteError('IMAGE_FIELD', {
    field: where,
    expected: unknown ? 'no such member' : (issue.expected ?? issue.message),
    found: shown(issue.input),
  });
}
