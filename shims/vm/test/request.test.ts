// SPDX-License-Identifier: Apache-2.0
// The secrets page and guest requests, with a host that corrupts, replays, delays and swallows messages (SECURITY.md, rule 15).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REASONS } from '@motte/hostcall/reasons';
import { GUEST_FIELD, GUEST_MESSAGE, GUEST_MESSAGE_TYPE, KEY_REQUEST } from '@motte/plan/snp/guest-message';
import { SECRETS } from '@motte/plan/snp/secrets';
import { brings, keyBody, openMessage, reportBody, reportData, sealMessage } from './support/firmware.js';
import { AGREES, ANSWER_PAGE, GOOD, REQUEST_PAGE, end, field, hasBearssl, run } from './support/world.js';
import type { Answer } from './support/world.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const OTHER = Uint8Array.from({ length: 32 }, (_, i) => i + 2);
const HOST_DATA = Uint8Array.from({ length: 32 }, (_, i) => 0xc0 + i);
const refused = (name: keyof typeof REASONS): string => `refused ${REASONS[name].number}`;
const LOST = refused('GUEST_REQUEST');
const BUSY: Answer = { writes: [field('sw_exitinfo2', 2n << 32n)] };

const secrets = (change: Parameters<typeof SECRETS.write>[0] = {}): Uint8Array =>
  SECRETS.write({
    version: 3,
    vmpck0: KEY,
    vmpck1: OTHER,
    vmpck2: OTHER,
    vmpck3: OTHER,
    guest_area: new Uint8Array(96).fill(7),
    ...change,
  });

const start = { ...GOOD, secrets: secrets() };
const data = (number: number): Uint8Array => new Uint8Array(64).fill(number);
const { REPORT_ANSWER, REPORT_REQUEST, KEY_ANSWER, KEY_REQUEST: KEY_TYPE } = GUEST_MESSAGE_TYPE;

/** The answer to the report request with this sequence number. */
const answered = (sequence: bigint, number = 1): Uint8Array =>
  sealMessage(KEY, sequence + 1n, REPORT_ANSWER, reportBody({ data: data(number), hostData: HOST_DATA }));

const reports = (times: number, answers: readonly Answer[], sequence = 1n): string[] =>
  run(['report', `${times}`, sequence.toString(16)], start, [...AGREES, ...answers]);

const sent = (lines: readonly string[]): Uint8Array[] =>
  lines
    .filter((line) => line.startsWith('message '))
    .map((line) => new Uint8Array(Buffer.from(line.slice(8), 'hex')));

const body = reportBody({ data: data(1), hostData: HOST_DATA });
const sealed = (
  head: Parameters<typeof sealMessage>[4],
  sequence = 2n,
  type: number = REPORT_ANSWER,
): Answer => brings(sealMessage(KEY, sequence, type, body, head));

function flipped(at: number, bit = 0): Answer {
  const message = answered(1n);
  message[at] = (message[at] ?? 0) ^ (1 << bit);
  return brings(message);
}

const WRONG: readonly [name: string, answer: Answer][] = [
  ['no answer', {}],
  ['the request itself', brings(sealMessage(KEY, 1n, REPORT_REQUEST, body))],
  ['the answer before this one', sealed({}, 0n)],
  ['the answer after this one', sealed({}, 4n)],
  ['the right number on a wrong IV', sealed({ sequence: 2n }, 3n)],
  ['another key', brings(sealMessage(OTHER, 2n, REPORT_ANSWER, body))],
  ['another type', sealed({}, 2n, KEY_ANSWER)],
  ['another algorithm', sealed({ algorithm: 2 })],
  ['another version of the header', sealed({ version: 2 })],
  ['another size of the header', sealed({ header_size: 0x50 })],
  ['another VMPCK', sealed({ vmpck: 1 })],
  ['a size that is too small', sealed({ size: body.length - 1 })],
  ['a size that is too large', sealed({ size: 0xffff })],
  ['an answer that is too short', brings(sealMessage(KEY, 2n, REPORT_ANSWER, body.subarray(0, 32)))],
  ['an error of the firmware', brings(answered(1n), 0x16n)],
  ['an error of the host', brings(answered(1n), 1n << 32n)],
  ['both busy and an error', brings(answered(1n), (2n << 32n) | 1n)],
  [
    'the firmware’s own refusal',
    brings(
      sealMessage(KEY, 2n, REPORT_ANSWER, reportBody({ data: data(1), hostData: HOST_DATA, status: 0x16 })),
    ),
  ],
  [
    'a report of another size',
    brings(
      sealMessage(KEY, 2n, REPORT_ANSWER, reportBody({ data: data(1), hostData: HOST_DATA, size: 1183 })),
    ),
  ],
  [
    'a report of another VMPL',
    brings(sealMessage(KEY, 2n, REPORT_ANSWER, reportBody({ data: data(1), hostData: HOST_DATA, vmpl: 1 }))),
  ],
  [
    'a report over other data',
    brings(sealMessage(KEY, 2n, REPORT_ANSWER, reportBody({ data: data(2), hostData: HOST_DATA }))),
  ],
];

const BAD_SECRETS: readonly [name: string, change: Parameters<typeof SECRETS.write>[0]][] = [
  ['version 0', { version: 0 }],
  ['version 1', { version: 1 }],
  ['a migration image', { flags: 1 }],
  ['an unknown flag', { flags: 0x8000_0000 }],
  ['a reserved field', { reserved_00c: 1 }],
  ['no key', { vmpck0: new Uint8Array(32) }],
];

if (!hasBearssl) console.log('skipped: request: scripts/fetch-bearssl has not been run');
else {
  for (const version of [2, 3, 4, 0xffff_ffff]) {
    test(`secrets of version ${version}: the keys are taken and wiped`, () => {
      const [key, left] = run(['secrets'], { ...GOOD, secrets: secrets({ version }) });
      assert.is(key, `key ${Buffer.from(KEY).toString('hex')}`);
      assert.match(left ?? '', /0{256}$/);
    });
  }

  for (const [name, change] of BAD_SECRETS) {
    test(`bad secrets: ${name}`, () => {
      assert.is(end(run(['secrets'], { ...GOOD, secrets: secrets(change) })), refused('SECRETS'));
    });
  }

  test('a report', () => {
    const lines = reports(1, [brings(answered(1n))]);
    assert.equal(lines.slice(-3), [
      `host_data ${Buffer.from(HOST_DATA).toString('hex')}`,
      'sequence 3',
      'done',
    ]);
    assert.match(
      lines[3] ?? '',
      `code=80000011 info1=${REQUEST_PAGE.toString(16)} info2=${ANSWER_PAGE.toString(16)} `,
    );
    const [message] = sent(lines);
    const { head, body: request } = openMessage(KEY, message ?? new Uint8Array());
    assert.equal([head.sequence, head.type, head.size, head.vmpck], [1n, REPORT_REQUEST, 0x60, 0]);
    assert.equal(reportData(request), data(1));
    assert.equal(request.subarray(64), new Uint8Array(32));
  });

  test('one report after the other', () => {
    const lines = reports(3, [brings(answered(1n)), brings(answered(3n, 2)), brings(answered(5n, 3))]);
    assert.is(lines.at(-2), 'sequence 7');
    assert.equal(
      sent(lines).map((message) => openMessage(KEY, message).head.sequence),
      [1n, 3n, 5n],
    );
  });

  test('a busy host gets the identical bytes again', () => {
    const busy = Array.from({ length: 15 }, () => BUSY);
    const lines = reports(1, [...busy, brings(answered(1n))]);
    assert.is(end(lines), 'done');
    const [first, ...others] = sent(lines);
    assert.is(others.length, 15);
    for (const one of others) assert.equal(one, first);
  });

  test('a host that changes the request while it is busy', () => {
    const spoils: Answer = {
      writes: [[REQUEST_PAGE, new Uint8Array(256).fill(0xff)], field('sw_exitinfo2', 2n << 32n)],
    };
    const [first, second] = sent(reports(1, [spoils, brings(answered(1n))]));
    assert.equal(second, first);
  });

  test('a host that is busy for ever', () => {
    assert.is(
      end(
        reports(
          1,
          Array.from({ length: 16 }, () => BUSY),
        ),
      ),
      LOST,
    );
  });

  for (const [name, answer] of WRONG) {
    test(`the wrong answer: ${name}`, () => assert.is(end(reports(1, [answer])), LOST));
  }

  test('an answer with one byte changed anywhere that counts', () => {
    const unused = (at: number): boolean => (at >= 16 && at < 32) || (at >= 0x28 && at < 0x30);
    for (let at = 0; at < GUEST_MESSAGE.size + 0x40; at++)
      if (!unused(at)) assert.is(end(reports(1, [flipped(at, at % 8)])), LOST, `byte ${at}`);
    assert.is(end(reports(1, [flipped(GUEST_MESSAGE.size + body.length - 1, 7)])), LOST);
  });

  test('the same answer twice', () => {
    assert.is(end(reports(2, [brings(answered(1n)), brings(answered(1n))])), LOST);
    assert.is(end(reports(2, [brings(answered(1n)), {}])), LOST);
  });

  test('sequence numbers at their end', () => {
    const last = (1n << 64n) - 3n;
    assert.is(end(reports(1, [brings(answered(last))], last)), 'done');
    for (const over of [0n, last + 1n, last + 2n]) {
      const lines = reports(1, [brings(answered(1n))], over);
      assert.is(end(lines), LOST);
      assert.is(sent(lines).length, 0);
    }
    assert.is(end(reports(2, [brings(answered(last)), brings(answered(1n))], last)), LOST);
  });

  test('a key of the Keep’s own', () => {
    const derived = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
    const answer = brings(sealMessage(KEY, 2n, KEY_ANSWER, keyBody(derived)));
    const lines = run(['key'], start, [...AGREES, answer]);
    assert.is(lines.at(-2), `derived ${Buffer.from(derived).toString('hex')}`);
    const { head, body: request } = openMessage(KEY, sent(lines)[0] ?? new Uint8Array());
    assert.is(head.type, KEY_TYPE);
    assert.equal(KEY_REQUEST.readStrict(request), {
      root_key: 0,
      reserved_004: 0,
      fields: BigInt(GUEST_FIELD.MEASUREMENT | GUEST_FIELD.POLICY),
      vmpl: 0,
      guest_svn: 0,
      tcb_version: 0x0102_0304_0506_0708n,
    });
    const refusal = brings(sealMessage(KEY, 2n, KEY_ANSWER, keyBody(derived, 0x16)));
    assert.is(end(run(['key'], start, [...AGREES, refusal])), LOST);
  });
}

test.run();
