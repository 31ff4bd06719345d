// SPDX-License-Identifier: Apache-2.0
// docs/measure.html in headless Chromium, opened from its file: digests of vectors, tables, errors, the form.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Locator, Page } from 'playwright-core';
import { tempFolder } from '@motte/test-helpers/temp';
import { haveVectors } from '@motte/test-helpers/vectors';
import { CHROMIUM, done, drop, openPage, payload } from './chromium.js';
import type { Opened } from './chromium.js';
import { bytesOf, launchCases, sgxCases, tdxCases } from './jobs.js';
import type { Case } from './jobs.js';
import { streamOfRuns } from './streams.js';

const ROLES = ['kernel', 'initrd', 'svsm'] as const;
const FIELDS = {
  as: '#as',
  vmm: '#vmm',
  vcpus: '#vcpus',
  vcpuType: '#vcpu-type',
  features: '#features',
  cmdline: '#cmdline',
  varsSize: '#vars-size',
} as const;

const test: Test = suite('docs/measure.html');
let opened: Opened;

test.before(async () => {
  opened = await openPage();
});
test.before.each(async () => {
  await opened.page.reload();
});
test.after.each(() => {
  assert.equal(opened.complaints, [], 'the console is silent');
  assert.equal(
    opened.requests.filter((url) => !/^(file|blob):/u.test(url)),
    [],
    'no request',
  );
});
test.after(async () => {
  await opened.browser.close();
});

/** Types what a case says into a fresh form and gives it the image. */
async function give(page: Page, one: Case): Promise<void> {
  await page.reload();
  await page.locator('#launch > summary').click();
  for (const [name, value] of Object.entries(one.settings)) {
    const field = page.locator(FIELDS[name as keyof typeof FIELDS]);
    if (name === 'as' || name === 'vmm') await field.selectOption(value);
    else await field.fill(value);
  }
  const chosen = (name: string): ReturnType<typeof payload> => payload(name, bytesOf(one, name));
  for (const role of ROLES) {
    const name = one.given[role];
    if (name !== undefined) await page.locator(`#${role}`).setInputFiles(chosen(name));
  }
  await page.locator('#files').setInputFiles(chosen(one.given.image));
  await done(page);
}

/** What the page was last given: cases that ask of the same launch share what it shows. */
function askedOf({ given, settings }: Case): string {
  return JSON.stringify([given, settings]);
}

async function checkCases(page: Page, cases: readonly Case[]): Promise<void> {
  let asked = '';
  for (const one of cases) {
    if (askedOf(one) !== asked) await give(page, one);
    asked = askedOf(one);
    if (one.digest === undefined) {
      assert.ok((await page.getByRole('alert').count()) > 0, `${one.id}: accepted`);
      continue;
    }
    const heading = page.getByRole('heading', { name: one.title, exact: true });
    const digest = page.locator('section', { has: heading }).locator('.digest').nth(one.index);
    assert.is(await digest.textContent(), one.digest, one.id);
  }
}

/** Every n-th case and those that must be refused; core.test.ts has all of them. */
function some(cases: readonly Case[], step: number): Case[] {
  return cases.filter(({ digest }, i) => i % step === 0 || digest === undefined);
}

for (const [folder, cases, step, count] of [
  ['snp-launch-ovmf', launchCases, 24, 16],
  ['tdx-mrtd', tdxCases, 1, 21],
  ['sgxs-streams', sgxCases, 4, 7],
] as const)
  if (haveVectors(folder))
    test(`vectors: ${folder}`, async () => {
      const chosen = some(cases(), step);
      await checkCases(opened.page, chosen);
      assert.is(chosen.length, count);
    });
  else console.log(`skipped: ${folder}: no vectors`);

/** The rows of the page table, once it is open. */
function tableRows(page: Page): Locator {
  return page.locator('tbody tr');
}

test('a dropped file is measured, its table opened and its digest copied by keyboard', async () => {
  const { page } = opened;
  await drop(page, 'runs.sgxs', streamOfRuns(3));
  await done(page);
  assert.is(await page.getByRole('heading', { level: 2 }).textContent(), 'runs.sgxs');
  await page.getByText('Page table: 4 runs of pages').press('Enter');
  await tableRows(page).nth(3).waitFor();
  assert.equal(await tableRows(page).allInnerTexts(), [
    '0x0\t1\tSECS\t---\tno\tkeep secs',
    '0x0\t1\tREG\trw-\tno\truns.sgxs EADD at 0x40',
    '0x2000\t1\tREG\trw-\tno\truns.sgxs EADD at 0x80',
    '0x4000\t1\tREG\trw-\tno\truns.sgxs EADD at 0xc0',
  ]);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy MRENCLAVE' }).press('Enter');
  await page.getByText('Copied').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.is(copied, await page.locator('.digest').first().textContent());
});

test('a long table is shown a hundred rows at a time', async () => {
  const { page } = opened;
  await drop(page, 'runs.sgxs', streamOfRuns(250));
  await done(page);
  await page.getByText('Page table: 251 runs of pages').click();
  await page.getByText('1 to 100 of 251').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Previous' }).isDisabled());
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('101 to 200 of 251').waitFor();
  assert.is(await page.locator('tbody th').first().textContent(), `0x${(99 * 2 * 4096).toString(16)}`);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('201 to 251 of 251').waitFor();
  assert.is(await tableRows(page).count(), 51);
  assert.ok(await page.getByRole('button', { name: 'Next' }).isDisabled());
});

test('several files at once, one of them damaged: its error has code, field, offset and fix', async () => {
  const { page } = opened;
  const bad = streamOfRuns(3);
  bad[64] = 0x21;
  await page
    .locator('#files')
    .setInputFiles([payload('good.sgxs', streamOfRuns(3)), payload('bad.sgxs', bad)]);
  await done(page);
  assert.equal(await page.getByRole('heading', { level: 2 }).allTextContents(), ['good.sgxs', 'bad.sgxs']);
  const failures = page.getByRole('alert');
  assert.is(await failures.count(), 1);
  const text = (await failures.textContent()) ?? '';
  for (const words of ['SGXS_RECORD', 'record', 'expectedEADD', 'offset0x40', 'The stream is damaged'])
    assert.ok(text.includes(words), `${words}: ${text}`);
});

test('a name is text, whatever it looks like', async () => {
  const { page } = opened;
  const name = '<img src=x onerror=alert(1)>.sgxs';
  await drop(page, name, streamOfRuns(1));
  await done(page);
  assert.is(await page.getByRole('heading', { level: 2 }).textContent(), name);
  assert.is(await page.locator('img').count(), 0);
});

if (haveVectors('snp-launch-ovmf'))
  test('a change in the form measures again', async () => {
    const { page } = opened;
    const [one] = launchCases();
    if (one === undefined) throw new Error('no case');
    await give(page, one);
    const digest = page.locator('.digest').first();
    const before = await digest.textContent();
    await page.locator('#vcpus').fill('2');
    await page.locator('#vcpus').press('Tab');
    await page.waitForFunction(
      (old) => ![old, undefined].includes(document.querySelector('.digest')?.textContent),
      before,
    );
    await page.locator('#vcpus').fill('none');
    await page.locator('#vcpus').press('Enter');
    await page.getByRole('alert').first().waitFor();
    assert.match((await page.getByRole('alert').first().textContent()) ?? '', /vCPUs.*found"none"/su);
  });

test('a file that changes while the page has it is an error', async () => {
  const { page } = opened;
  const path = join(tempFolder(), 'changing.sgxs');
  writeFileSync(path, streamOfRuns(3));
  await page.locator('#files').setInputFiles(path);
  await done(page);
  writeFileSync(path, streamOfRuns(4));
  await page.getByRole('button', { name: 'Measure again' }).click();
  await page.getByRole('alert').first().waitFor();
  assert.match((await page.getByRole('alert').first().textContent()) ?? '', /^FILE_ACCESS changing\.sgxs: /u);
});

test('every control has a name, and dark is dark', async () => {
  const { page } = opened;
  await page.locator('#launch > summary').click();
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLInputElement>('input, select, button')]
      .filter(({ labels, textContent }) => (labels?.length ?? 0) === 0 && textContent.trim() === '')
      .map(({ id }) => id),
  );
  assert.equal(nameless, []);
  const background = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.is(await background(), 'rgb(22, 24, 27)');
  await page.emulateMedia({ colorScheme: 'light' });
  assert.is(await background(), 'rgb(255, 255, 255)');
});

if (CHROMIUM !== undefined) test.run();
