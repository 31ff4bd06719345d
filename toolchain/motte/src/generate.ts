// SPDX-License-Identifier: Apache-2.0
import { errorsDoc } from './errors-doc.js';

/** The files that are made from this package's tables, by their path in the clone. */
export function files(): Readonly<Record<string, string>> {
  return { 'docs/errors.md': errorsDoc() };
}
