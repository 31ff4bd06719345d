// SPDX-License-Identifier: Apache-2.0
// `measure tdx` over the vectors, through the command as it is installed.
import { haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { json, motte, PLACE, refusal } from './motte.js';

const HERE = join(PLACE, 'tdx');
mkdirSync(HERE);

function put(name: string, bytes: Uint8Array | string): string {
  const path = join(HERE, name);
  writeFileSync(path, bytes);
  return path;
}

interface Step {
  readonly step: string;
  readonly digest: string;
}

if (!haveVectors('tdx-mrtd') || !haveVectors('tdx-page-lists')) {
  console.log('skipped: tdx-mrtd, tdx-page-lists: vectors are not on this machine (MOTTE_VECTORS)');
} else {
  const { rows } = vectorJson('tdx-mrtd', 'mrtd.json') as {
    rows: { file: string; expect: string; mrtd?: string; mrtd_two_pass?: string }[];
  };
  const at = (file: string): string => put(file.replace(/\.gz$/u, ''), vector('tdx-mrtd', file));

  test('measure tdx prints the MRTD of every image, in either order', () => {
    const good = rows.filter(({ expect }) => expect === 'mrtd');
    assert.ok(good.length >= 4);
    for (const { file, mrtd, mrtd_two_pass: twoPass } of good) {
      const args = ['measure', 'tdx', '--tdvf', at(file)];
      assert.is(motte(args).stdout, `${mrtd}\n`, file);
      assert.is(motte([...args, '--order', 'page']).stdout, `${mrtd}\n`, file);
      const found = json([...args, '--order', 'two-pass'], 'measure tdx');
      assert.equal([found['profile'], found['measurement']], ['two-pass', twoPass], file);
    }
  });

  test('measure tdx refuses every image that nobody should launch', () => {
    const bad = rows.filter(({ expect }) => expect === 'reject');
    assert.ok(bad.length >= 4);
    for (const { file } of bad)
      assert.match(refusal(['measure', 'tdx', '--tdvf', at(file)]), /^2 FIRMWARE_TABLE \S/u, file);
  });

  test('the transcript of an image has a line an operation, the last with the MRTD', () => {
    const row = rows.find(({ file }) => file.startsWith('tdx-minimal'));
    assert.ok(row);
    const args = ['measure', 'tdx', '--tdvf', at(row.file), '--transcript'];
    const lines = motte(args).stdout.split('\n');
    assert.match(lines[0] ?? '', /^[0-9a-f]{96} {2}MEM\.PAGE\.ADD 0x[0-9a-f]+$/u);
    assert.is(lines.at(-3)?.split(' ')[0], row.mrtd);
    assert.is(lines.at(-2), row.mrtd);
    const { transcript } = json(args, 'measure tdx');
    assert.equal(
      (transcript as Step[]).map(({ step, digest }) => `${digest}  ${step}`),
      lines.slice(0, -2),
    );
  });

  test('measure tdx --pages prints one digest, or a line a list', () => {
    const data = vectorJson('tdx-page-lists', 'lists.json') as {
      chunks: string;
      lists: { name: string; final: string; steps: { digest_if_finalized_now: string }[] }[];
    };
    put(data.chunks, vector('tdx-page-lists', data.chunks));
    const pages = ['measure', 'tdx', '--pages', put('lists.json', JSON.stringify(data))];
    const expected = data.lists.map(({ name, final }) => `${name}  ${final}\n`).join('');
    assert.ok(data.lists.length >= 9);
    assert.is(motte(pages).stdout, expected);
    const all = json([...pages, '--transcript'], 'measure tdx');
    assert.equal(
      all['lists'],
      data.lists.map(({ name, final }) => ({ name, measurement: final })),
    );
    assert.equal(
      (all['transcript'] as Step[]).map(({ digest }) => digest),
      data.lists.flatMap(({ steps }) => steps.map((step) => step.digest_if_finalized_now)),
    );
    assert.match((all['transcript'] as Step[])[0]?.step ?? '', /^one-add: MEM\.PAGE\.ADD 0x1000$/u);
    for (const { name, final } of data.lists) {
      assert.is(motte([...pages, '--name', name]).stdout, `${final}\n`, name);
    }
    const last = data.lists.at(-1);
    assert.ok(last);
    const one = ['measure', 'tdx', '--pages', put('one.json', JSON.stringify({ ...data, lists: [last] }))];
    assert.is(motte(one).stdout, `${last.final}\n`);
    const found = json(one, 'measure tdx');
    assert.equal([found['list'], found['measurement']], [last.name, last.final]);
    assert.equal(
      (found['inputs'] as { role: string }[]).map(({ role }) => role),
      ['pages', 'pool'],
    );
    assert.match(motte([...pages, '--name', 'one-ad']).stderr, /did you mean one-add\?/u);
  });

  test('what measure tdx cannot do is said', () => {
    const lone = put('lone.json', '{"lists":[{"name":"a","steps":[]}]}');
    const lost = put('lost.json', '{"chunks":"lost.bin","lists":[{"name":"a","steps":[]}]}');
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['64 USAGE_VALUE --tdvf', []],
      ['64 USAGE_VALUE --name', ['--tdvf', lone, '--name', 'a']],
      ['64 USAGE_VALUE --tdvf', ['--tdvf', lone, '--pages', lone]],
      ['64 USAGE_VALUE --order', ['--order', 'page', '--pages', lone]],
      ['64 USAGE_VALUE --order', ['--tdvf', lone, '--order', 'pages']],
      ['64 USAGE_VALUE --name', ['--pages', lone, '--name', 'b']],
      [`2 PAGE_LIST ${put('text', 'no JSON')}`, ['--pages', join(HERE, 'text')]],
      [`2 FILE_ACCESS ${join(HERE, 'lost.bin')}`, ['--pages', lost]],
      ['2 FIRMWARE_TABLE TDVF offset', ['--tdvf', put('ones', new Uint8Array(4096).fill(0xff))]],
    ];
    for (const [expected, args] of cases) assert.is(refusal(['measure', 'tdx', ...args]), expected);
  });
}

if (!haveVectors('tdx-rtmr')) {
  console.log('skipped: tdx-rtmr: vectors are not on this machine (MOTTE_VECTORS)');
} else {
  const rows = vectorJson('tdx-rtmr', 'rtmr.json') as {
    name: string;
    log?: string;
    table?: string;
    events?: unknown;
    rtmr?: string[];
  }[];
  const cos = rows.find(({ name }) => name === 'cos113');
  const gpu = rows.find(({ name }) => name === 'dstack-gpu');
  assert.ok(cos?.log !== undefined && cos.table !== undefined && gpu !== undefined);
  const log = put('ccel.log', vector('tdx-rtmr', cos.log));
  const table = put('ccel.table', vector('tdx-rtmr', cos.table));
  const list = put('dstack.json', JSON.stringify(gpu.events, null, 1));
  const RTMR = ['measure', 'tdx-rtmr', '--event-log'];
  const text = (registers: readonly string[] = []): string =>
    registers.map((register, i) => `rtmr${i}  ${register}\n`).join('');

  test('measure tdx-rtmr replays the log of a firmware, checked by the ACPI table', () => {
    assert.is(motte([...RTMR, log]).stdout, text(cos.rtmr));
    assert.is(motte([...RTMR, log, '--as', 'ccel', '--acpi-table', table]).stdout, text(cos.rtmr));
    const found = json([...RTMR, log, '--acpi-table', table], 'measure tdx-rtmr');
    assert.equal([found['kind'], Object.values(found['registers'] as object)], ['ccel', cos.rtmr]);
    assert.equal(found['log'], { bytes: 262144, used: 18101, address: '0xbedbf000' });
    assert.is((found['events'] as unknown[]).length, 43);
    assert.is(json([...RTMR, log], 'measure tdx-rtmr')['kind'], 'ccel');
  });

  test('measure tdx-rtmr replays dstack’s list', () => {
    for (const as of [[], ['--as', 'dstack']])
      assert.is(motte([...RTMR, list, ...as]).stdout, text(gpu.rtmr));
    const found = json([...RTMR, list, '--transcript'], 'measure tdx-rtmr');
    assert.equal([found['kind'], found['log']], ['dstack', null]);
    const lines = motte([...RTMR, list, '--transcript']).stdout.split('\n');
    assert.equal(
      (found['transcript'] as Step[]).map(({ step, digest }) => `${digest}  ${step}`),
      lines.slice(0, -5),
    );
    assert.is(lines.at(-6), `${gpu.rtmr?.[3]}  rtmr3 0x8000001 "LIUM_MINER_HOTKEY"`);
    assert.is(lines.slice(-5).join('\n'), text(gpu.rtmr));
  });

  test('what measure tdx-rtmr cannot do is said', () => {
    const short = put('short.log', vector('tdx-rtmr', cos.log ?? '').subarray(0, 262143));
    const cut = put('cut.log', vector('tdx-rtmr', cos.log ?? '').subarray(0, 18000));
    const bad = put('bad.json', JSON.stringify([{ imr: 9 }]));
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['64 USAGE_VALUE --event-log', RTMR.slice(0, 2)],
      ['64 USAGE_VALUE --as', [...RTMR, log, '--as', 'sgxs']],
      ['64 USAGE_VALUE --acpi-table', [...RTMR, list, '--acpi-table', table]],
      ['2 CCEL_TABLE CCEL.signature', [...RTMR, log, '--acpi-table', list]],
      [`2 EVENT_LOG ${short}`, [...RTMR, short, '--acpi-table', table]],
      ['2 EVENT_LOG type', [...RTMR, cut]],
      ['2 EVENT_LOG events[0].imr', [...RTMR, bad]],
      ['2 EVENT_LOG first event: type', [...RTMR, list, '--as', 'ccel']],
      [`2 EVENT_LOG ${log}`, [...RTMR, log, '--as', 'dstack']],
      ['2 EVENT_LOG first event: index', [...RTMR, put('empty', '')]],
    ];
    for (const [expected, args] of cases) assert.is(refusal(args), expected, args.join(' '));
  });
}

test.run();
