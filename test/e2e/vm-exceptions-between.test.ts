// SPDX-License-Identifier: Apache-2.0
// Exceptions that a host injects at each instruction at which GS or RSP is not the shim's, and into debug and SEV-SNP Keeps: the Keep
// ends, in words where words are allowed.
import { test } from 'uvu';
import { testInjections } from './support/injection-tests.js';
import { BETWEEN } from './support/injections.js';

await testInjections(BETWEEN);

test.run();
