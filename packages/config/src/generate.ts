// SPDX-License-Identifier: Apache-2.0
import { blobDocs } from './blob-docs.js';
import { keepDocs, keepSchema } from './keep-schema.js';

/** The files that are made from this package's tables, by their path in the clone. */
export function files(): Readonly<Record<string, string>> {
  return {
    'docs/config-blob.md': blobDocs(),
    'docs/keep-toml.md': keepDocs(),
    'docs/keep-toml.schema.json': `${JSON.stringify(keepSchema(), null, 2)}\n`,
  };
}
