// SPDX-License-Identifier: Apache-2.0
// Guest pages are validated once, before they are used, whatever is taken and given back, until the host gets them back (SECURITY.md, rule 12).
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REASONS } from '@motte/hostcall/reasons';
import { nativeProgramIn } from '@motte/test-helpers/native';

const VM = resolve(fileURLToPath(import.meta.url), '../../..');
const LARGES = 35;
/** All but the first, which has the table of a bit a page. */
const PAGES = LARGES * 512 - 1;

const run = nativeProgramIn(VM, ['test/c', join('..', 'core/test/c')], 'guest_driver', [
  'test/c/guest_driver.c',
  'guest.c',
]);

for (const seed of [1, 2, 3]) {
  test(`until there are none left, seed ${seed}`, () => {
    const { stdout, stderr } = run([`${seed}`]);
    assert.is(stderr, '');
    const expected = `refused ${REASONS.OUT_OF_MEMORY.number}, ${PAGES} pages, 2 growths, some removed: yes, ${LARGES} of ${LARGES} validated\n`;
    assert.is(stdout.toString(), expected);
  });
}

test.run();
