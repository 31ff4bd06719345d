// SPDX-License-Identifier: Apache-2.0
// docs/measure.html and large files: it answers while they are read, and holds a window of them.
import { suite } from 'uvu';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { measureSgx } from '@motte/measure/sgx';
import { rawSgxPlan } from '@motte/plan/sgx/raw';
import { fillSource } from '@motte/plan/sources';
import { CHROMIUM, done, drop, MIB, openPage, rendererPeak, sparseFile } from './chromium.js';
import type { Opened } from './chromium.js';
import { streamOfRuns } from './streams.js';

interface Ticks {
  count: number;
  /** Longest time in ms that the page did not answer. */
  worst: number;
}

const test: Test = suite('docs/measure.html, large files');
let opened: Opened;

test.before(async () => {
  opened = await openPage();
});
test.after(async () => {
  await opened.browser.close();
});

test('8 GiB: a window of it is in memory, it can be cancelled, and the next file be measured', async () => {
  const { page, browser } = opened;
  await page.locator('#as').selectOption('raw');
  const before = await rendererPeak(browser);
  await page.locator('#files').setInputFiles(sparseFile(8192 * MIB));
  // So far that what was read, had it been kept, would show: 240 MiB and more.
  await page.waitForFunction(
    () => {
      const bar = document.querySelector('progress');
      return bar !== null && !bar.hidden && bar.value > 0.03;
    },
    undefined,
    { timeout: 120_000 },
  );
  const grown = (await rendererPeak(browser)) - before;
  assert.ok(grown < 160 * MIB, `${grown} bytes more than before`);
  const [worker, ...more] = page.workers();
  assert.equal(more, []);
  const ended = new Promise((resolve) => worker?.once('close', resolve));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await ended;
  await page.getByText('Cancelled.').waitFor();
  assert.is(await page.locator('.digest').count(), 0);
  await page.locator('#as').evaluate((select: HTMLSelectElement) => (select.value = 'auto'));
  await drop(page, 'runs.sgxs', streamOfRuns(3));
  await done(page);
  assert.is(await page.locator('.digest').count(), 2);
});

test('64 MiB: the page answers while its worker measures', async () => {
  const { page } = opened;
  await page.reload();
  const size = 64 * MIB;
  await page.locator('#as').selectOption('raw');
  await page.evaluate(() => {
    const ticks: Ticks = { count: 0, worst: 0 };
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      ticks.worst = Math.max(ticks.worst, now - last);
      ticks.count++;
      last = now;
    }, 10);
    Object.assign(globalThis, { ticks });
  });
  const started = Date.now();
  await page.locator('#files').setInputFiles(sparseFile(size));
  await done(page);
  const took = Date.now() - started;
  const ticks = await page.evaluate(() => (globalThis as unknown as { ticks: Ticks }).ticks);
  // Had the page measured by itself, its longest silence would be nearly all of the time, whatever the machine.
  assert.ok(ticks.count > 10 && ticks.worst < took / 3, `${JSON.stringify(ticks)} in ${took} ms`);
  const zeros = fillSource(new Uint8Array(1), size);
  const expected = toHex(measureSgx(rawSgxPlan(zeros, { file: 'zeros' })));
  assert.is(await page.locator('.digest').first().textContent(), expected);
});

if (CHROMIUM !== undefined) test.run();
