// SPDX-License-Identifier: Apache-2.0
// A Chromium of the system, driven by playwright-core, and the page opened in it from its file.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { toHex } from '@motte/binary/hex';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

export const PAGE_FILE: string = join(ROOT, 'docs/measure.html');
export const PAGE_URL: string = pathToFileURL(PAGE_FILE).href;
export const MIB: number = 1024 * 1024;

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A Chromium that runs: Ubuntu's package of that name is a script that only says to install a snap. */
function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).filter(existsSync);
  return paths.find((path) => {
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 60_000 });
    return status === 0 && /^(Chromium|Google Chrome) \d/u.test(stdout);
  });
}

/** The browser to test in. Without any it is said, for `scripts/test.mjs` to count, and the file has no test. */
export const CHROMIUM: string | undefined = findChromium();
if (CHROMIUM === undefined) console.log('skipped: docs/measure.html: no Chromium that runs');

/** The page, and what was noted of it since it was opened. */
export interface Opened {
  readonly browser: Browser;
  readonly page: Page;
  /** Every URL that was asked for, by the page or its workers. */
  readonly requests: readonly string[];
  /** What the page's policy refused, and what its script threw or wrote. */
  readonly complaints: readonly string[];
}

/** Opens the page. Tests run as root and in containers, where Chromium's sandbox cannot start. */
export async function openPage(): Promise<Opened> {
  if (CHROMIUM === undefined) throw new Error('no Chromium');
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const context = await browser.newContext();
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => void requests.push(request.url()));
  context.on('weberror', (error) => void complaints.push(String(error.error())));
  context.on('console', (message) => void complaints.push(message.text()));
  const page = await context.newPage();
  await page.goto(PAGE_URL);
  return { browser, page, requests, complaints };
}

/** Waits until all is measured. */
export async function done(page: Page): Promise<void> {
  await page.getByText('Done. Nothing has left this page.').waitFor({ timeout: 120_000 });
}

/** A file as a chooser is given it. */
export function payload(name: string, bytes: Uint8Array): { name: string; mimeType: string; buffer: Buffer } {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
}

/** Drops a file on the page as a file manager does. */
export async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([file, hex]) => {
      const pairs = hex.match(/../gu) ?? [];
      const out = new DataTransfer();
      out.items.add(new File([Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))], file));
      return out;
    },
    [name, toHex(bytes)] as const,
  );
  await page.dispatchEvent('#zone', 'dragover', { dataTransfer });
  await page.dispatchEvent('#zone', 'drop', { dataTransfer });
}

/** A file of `size` zeros that takes no room on the disk. */
export function sparseFile(size: number): string {
  const path = join(tempFolder(), 'zeros.bin');
  const file = openSync(path, 'w');
  ftruncateSync(file, size);
  closeSync(file);
  return path;
}

/** Peak resident bytes of the process that renders the page and runs its workers. */
export async function rendererPeak(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /^VmHWM:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
  return Math.max(...peaks.map(Number)) * 1024;
}
