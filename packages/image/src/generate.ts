// SPDX-License-Identifier: Apache-2.0
import { toJsonSchema } from '@valibot/to-json-schema';
import { keepManifestSchema } from './manifest/schema.js';

/** The published schema of the Keep manifest. */
function manifestSchema(): object {
  const { $schema, ...schema } = toJsonSchema(keepManifestSchema, {
    target: 'draft-2020-12',
    // Patterns of JSON Schema are Unicode ones without a flag that says so.
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === 'regex' && 'requirement' in valibotAction
        ? { ...jsonSchema, pattern: (valibotAction.requirement as RegExp).source }
        : undefined,
  });
  return { $schema, title: 'The manifest of a Keep image', ...schema };
}

/** The files that are made from this package's tables, by their path in the clone. */
export function files(): Readonly<Record<string, string>> {
  return { 'docs/schema/keep-manifest.json': `${JSON.stringify(manifestSchema(), null, 2)}\n` };
}
