// SPDX-License-Identifier: Apache-2.0
// Guest requests to the software firmware: our messages by node:crypto, its answers, and what it refuses.
import { fromHex, toHex } from '@motte/binary/hex';
import { SEV_STATUS } from '@motte/binary/snp/firmware-status';
import {
  GUEST_FIELD,
  GUEST_MESSAGE,
  GUEST_MESSAGE_TYPE,
  KEY_ANSWER,
  KEY_REQUEST,
  REPORT_ANSWER,
  REPORT_REQUEST,
  SNP_REPORT,
} from '@motte/plan/snp/guest-message';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { createCipheriv, createDecipheriv, createECDH, createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { guest, missing, POLICY, script } from './software.js';

const HOST_DATA = '6b'.repeat(32);
const AUTHENTICATED = GUEST_MESSAGE.offsetOf('algorithm');

interface Message {
  readonly type: number;
  readonly body: Uint8Array;
  readonly sequence: bigint;
}

function iv(sequence: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(0, sequence, true);
  return bytes;
}

function seal(key: Uint8Array, { type, body, sequence }: Message, vmpck = 0): Uint8Array {
  const head = GUEST_MESSAGE.write({
    sequence,
    algorithm: 1,
    version: 1,
    header_size: GUEST_MESSAGE.size,
    type,
    message_version: 1,
    size: body.length,
    vmpck,
  });
  const cipher = createCipheriv('aes-256-gcm', key, iv(sequence));
  cipher.setAAD(head.subarray(AUTHENTICATED));
  const sealed = Buffer.concat([cipher.update(body), cipher.final()]);
  head.set(cipher.getAuthTag());
  const out = new Uint8Array(head.length + sealed.length);
  out.set(head);
  out.set(sealed, head.length);
  return out;
}

function open(key: Uint8Array, page: Uint8Array): Message {
  const head = GUEST_MESSAGE.readStrict(page);
  const cipher = createDecipheriv('aes-256-gcm', key, iv(head.sequence));
  cipher.setAAD(page.subarray(AUTHENTICATED, GUEST_MESSAGE.size));
  cipher.setAuthTag(head.tag.subarray(0, 16));
  const sealed = page.subarray(GUEST_MESSAGE.size, GUEST_MESSAGE.size + head.size);
  const body = Buffer.concat([cipher.update(sealed), cipher.final()]);
  return { type: head.type, sequence: head.sequence, body: new Uint8Array(body) };
}

const KEY = new Uint8Array(32).fill(0x77);
const KEY_2 = new Uint8Array(32).fill(0x22);
const LAUNCHED = [
  ...guest(),
  'silent',
  'run 0 1 3',
  `launch ${POLICY.toString(16)} 0 ${HOST_DATA}`,
  `key 0 ${toHex(KEY)}`,
  `key 2 ${toHex(KEY_2)}`,
];

interface Answer {
  readonly status: number;
  readonly page: Uint8Array;
}

/** What a launched guest's messages are answered by, one after the other. */
function answers(messages: readonly Uint8Array[], lines: readonly string[] = LAUNCHED): Answer[] {
  return script([...lines, ...messages.map((message) => `request ${toHex(message)}`)])
    .slice(-messages.length)
    .map((line) => {
      const [status = '', page = ''] = line.split(' ');
      return { status: parseInt(status, 16), page: fromHex(page, 'answer') };
    });
}

const REPORT_DATA = new Uint8Array(64).map((_, i) => i);
const report = (sequence: bigint, vmpl = 0): Message => ({
  type: GUEST_MESSAGE_TYPE.REPORT_REQUEST,
  body: REPORT_REQUEST.write({ report_data: REPORT_DATA, vmpl }),
  sequence,
});
const keyOf = (sequence: bigint, fields: number): Message => ({
  type: GUEST_MESSAGE_TYPE.KEY_REQUEST,
  body: KEY_REQUEST.write({ fields: BigInt(fields) }),
  sequence,
});

/** The point of the emulated chip, whose key anybody can compute (native/snp/emulated_chip.h). */
function chipKey(): Uint8Array {
  const ecdh = createECDH('secp384r1');
  ecdh.setPrivateKey(createHash('sha384').update('Motte: key of the emulated SEV-SNP chip').digest());
  return new Uint8Array(ecdh.getPublicKey()).subarray(1);
}

const turned = (bytes: Uint8Array): Uint8Array => bytes.slice(0, 48).toReversed();

if (missing !== undefined) {
  console.log(`skipped: guest requests to the software firmware: ${missing} is missing; npm run build`);
} else {
  test('a report: what was launched, signed by the emulated chip and saying so', () => {
    const lines = [...LAUNCHED.slice(0, -2), 'digest', ...LAUNCHED.slice(-2)];
    const message = `request ${toHex(seal(KEY, report(1n)))}`;
    const [digest = '', line = ''] = script([...lines, message]).slice(-2);
    const { body, sequence, type } = open(KEY, fromHex(line.split(' ')[1] ?? '', 'answer'));
    assert.is(sequence, 2n);
    assert.is(type, GUEST_MESSAGE_TYPE.REPORT_ANSWER);
    const answer = REPORT_ANSWER.readStrict(body);
    assert.equal([answer.status, answer.size], [0, 0x4a0]);
    const fields = SNP_REPORT.read(answer.report);
    assert.equal([fields.version, fields.vmpl, fields.policy], [3, 0, POLICY]);
    assert.is(toHex(fields.measurement), digest);
    assert.is(toHex(fields.host_data), HOST_DATA);
    assert.is(toHex(fields.report_data), toHex(REPORT_DATA));
    const chip = new TextDecoder().decode(answer.report.subarray(0x1a0, 0x1a0 + 31));
    assert.is(chip, 'Motte emulated SEV-SNP, no chip');
    const [r, s] = [answer.report.subarray(0x2a0), answer.report.subarray(0x2e8)].map(turned);
    const signature = new Uint8Array([...(r ?? []), ...(s ?? [])]);
    assert.ok(verifyP384(chipKey(), answer.report.subarray(0, 0x2a0), signature));
  });

  test('numbers go up by two for each key of its own', () => {
    const [first, second, other] = answers([
      seal(KEY, report(1n)),
      seal(KEY, report(3n)),
      seal(KEY_2, report(1n, 2), 2),
    ]);
    assert.is(open(KEY, first?.page ?? KEY).sequence, 2n);
    assert.is(open(KEY, second?.page ?? KEY).sequence, 4n);
    assert.is(open(KEY_2, other?.page ?? KEY).sequence, 2n);
  });

  test('a derived key depends on what it is asked to mix in, and on nothing else', () => {
    const ask = (fields: number, lines = LAUNCHED): string => {
      const [answer] = answers([seal(KEY, keyOf(1n, fields))], lines);
      const { status, key } = KEY_ANSWER.readStrict(open(KEY, answer?.page ?? KEY).body);
      assert.is(status, 0);
      return toHex(key);
    };
    const other = LAUNCHED.map((line) => (line === 'run 0 1 3' ? 'run 0 2 3' : line));
    const { MEASUREMENT, POLICY: WITH_POLICY } = GUEST_FIELD;
    assert.is(ask(MEASUREMENT), ask(MEASUREMENT));
    assert.is.not(ask(MEASUREMENT), ask(MEASUREMENT | WITH_POLICY));
    assert.is.not(ask(MEASUREMENT), ask(MEASUREMENT, other));
    assert.is(ask(WITH_POLICY), ask(WITH_POLICY, other));
  });

  const spoiled = (at: number): Uint8Array => {
    const bytes = seal(KEY, report(1n));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const { INVALID_PARAM, BAD_MEASUREMENT, INVALID_GUEST_STATE } = SEV_STATUS;
  const REFUSED: readonly (readonly [name: string, message: Uint8Array, status: number])[] = [
    ['a number that is too high', seal(KEY, report(3n)), INVALID_PARAM],
    ['number 0', seal(KEY, report(0n)), INVALID_PARAM],
    ['another key', seal(KEY_2, report(1n)), BAD_MEASUREMENT],
    ['a bit of the tag', spoiled(0), BAD_MEASUREMENT],
    ['a bit of the tag’s padding', spoiled(0x10), INVALID_PARAM],
    ['a bit of the body', spoiled(GUEST_MESSAGE.size), BAD_MEASUREMENT],
    ['another type of message in the header', spoiled(0x34), BAD_MEASUREMENT],
    ['another version of the header', spoiled(0x31), INVALID_PARAM],
    ['another algorithm', spoiled(0x30), INVALID_PARAM],
    ['a reserved byte of the header', spoiled(0x40), INVALID_PARAM],
    ['a VMPCK that there is not', seal(KEY, report(1n), 4), INVALID_PARAM],
    ['a type that there is not', seal(KEY, { ...report(1n), type: 99 }), INVALID_PARAM],
    ['a body of another length', seal(KEY, { ...report(1n), body: new Uint8Array(95) }), INVALID_PARAM],
  ];
  for (const [name, message, status] of REFUSED) {
    test(`a request with ${name} is refused, and the right one is answered afterwards`, () => {
      const [refused, good] = answers([message, seal(KEY, report(1n))]);
      assert.is(refused?.status, status);
      assert.ok(refused?.page.every((byte) => byte === 0));
      assert.is(good?.status, 0);
    });
  }

  test('the same message again is not answered twice', () => {
    const message = seal(KEY, report(1n));
    const [first, again] = answers([message, message]);
    assert.equal([first?.status, again?.status], [0, INVALID_PARAM]);
  });

  test('a key of VMPL 2 gets no report of VMPL 1', () => {
    const [answer] = answers([seal(KEY_2, report(1n, 1), 2)]);
    assert.is(REPORT_ANSWER.read(open(KEY_2, answer?.page ?? KEY).body).status, INVALID_PARAM);
  });

  test('before the launch is finished there are no messages', () => {
    const lines = [...guest(), 'init 2 0', `start ${POLICY.toString(16)}`, `key 0 ${toHex(KEY)}`];
    const [answer] = answers([seal(KEY, report(1n))], lines);
    assert.is(answer?.status, INVALID_GUEST_STATE);
  });
}

test.run();
