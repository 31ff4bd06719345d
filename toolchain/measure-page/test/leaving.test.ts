// SPDX-License-Identifier: Apache-2.0
// Nothing leaves docs/measure.html: what its file holds, and what its policy does to a script that tries.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite, test as plain } from 'uvu';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { CHROMIUM, done, drop, openPage, PAGE_FILE } from './chromium.js';
import { streamOfRuns } from './streams.js';

plain('one small file that names no other', () => {
  const html = readFileSync(PAGE_FILE, 'utf8');
  assert.ok(html.length < 250_000, String(html.length));
  assert.not.match(html, /\b(https?|wss?|node):\/\/|from ?["']node:/iu);
  const markup = html.replace(/<script>.*?<\/script>|<style>.*?<\/style>/gsu, '');
  assert.not.match(markup, /<(script|style|link|img|iframe|object|embed|base|a)\b/iu);
  assert.not.match(markup, /\b(src|href|srcset|action|background|on[a-z]+)=/iu);
});

plain('the same bytes whenever it is made', () => {
  const again = join(tempFolder(), 'measure.html');
  const build = join(ROOT, 'toolchain/measure-page/build.mjs');
  const { status, stderr } = spawnSync(process.execPath, [build, '--output', again], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  assert.is(readFileSync(again, 'utf8'), readFileSync(PAGE_FILE, 'utf8'));
});

plain.run();

/** Tries to send something away, from a page or a worker; what comes of it the server knows. */
async function tryToLeave(port: number): Promise<void> {
  const away = `http://127.0.0.1:${port}/`;
  const socket = (): Promise<unknown> =>
    new Promise((resolve) => {
      const one = new WebSocket(`ws://127.0.0.1:${port}/socket`);
      one.addEventListener('open', resolve);
      one.addEventListener('error', resolve);
    });
  const image = (): Promise<unknown> =>
    new Promise((resolve) => {
      const one = new Image();
      one.addEventListener('load', resolve);
      one.addEventListener('error', resolve);
      one.src = `${away}image`;
    });
  const beacon = (): unknown => navigator.sendBeacon(`${away}beacon`, 'x');
  const ways = [() => fetch(`${away}fetch`), () => import(`${away}import`), socket];
  if ('document' in globalThis) ways.push(image, async () => beacon());
  for (const go of ways) {
    try {
      await go();
    } catch {
      // refused, or not an answer that this way takes
    }
  }
}

/** A server that notes the paths that it is asked for. */
async function listen(): Promise<{ port: number; paths: string[]; close: () => void }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.end();
  });
  server.on('upgrade', (request, socket) => {
    paths.push(request.url ?? '');
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, paths, close: () => server.close() };
}

/** What the server is asked for, until that is `count` things: a beacon may be sent when its page has gone on. */
async function arrived(paths: string[], count: number): Promise<string[]> {
  const end = Date.now() + 10_000;
  while (paths.length < count && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  return paths.splice(0).sort();
}

const test: Test = suite('what tries to leave');

test('is refused by the policy, in the page and in its worker', async () => {
  const { browser, page, complaints } = await openPage();
  const { port, paths, close } = await listen();
  try {
    await drop(page, 'runs.sgxs', streamOfRuns(3));
    await done(page);
    assert.equal(complaints, []);
    const [worker] = page.workers();
    assert.ok(worker);
    await page.evaluate(tryToLeave, port);
    await worker.evaluate(tryToLeave, port);
    assert.equal(paths, []);
    const refused = complaints.filter((text) => /Content Security Policy/u.test(text));
    // The worker's complaints have no console here; that it is refused, the server tells.
    assert.ok(refused.length >= 5, complaints.join('\n'));
    // The same from a file without a policy, and from its worker, arrives: the server would have seen it.
    const other = join(tempFolder(), 'other.html');
    writeFileSync(other, '<!doctype html>');
    await page.goto(pathToFileURL(other).href);
    await page.evaluate(tryToLeave, port);
    assert.equal(await arrived(paths, 5), ['/beacon', '/fetch', '/image', '/import', '/socket']);
    const started = page.waitForEvent('worker');
    await page.evaluate(() => void new Worker(URL.createObjectURL(new Blob(['']))));
    await (await started).evaluate(tryToLeave, port);
    assert.equal(await arrived(paths, 3), ['/fetch', '/import', '/socket']);
  } finally {
    close();
    await browser.close();
  }
});

if (CHROMIUM !== undefined) test.run();
