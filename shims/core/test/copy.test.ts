// SPDX-License-Identifier: Apache-2.0
// The one routine that touches host memory (SECURITY.md, rule 8).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from './support/native.js';

test('host memory is accessed in aligned words outside the Keep, or the Keep ends', () => {
  const ran = nativeProgram('copy_table', ['test/c/copy_table.c', 'copy.c'])([]);
  assert.is(ran.stderr, '');
  assert.is(ran.stdout.toString(), 'good\n');
});

test.run();
