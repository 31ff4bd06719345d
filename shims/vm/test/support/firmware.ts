// SPDX-License-Identifier: Apache-2.0
// SEV-SNP's firmware as far as guest requests go, by OpenSSL's AES-GCM: nothing of the shim's is in it.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import {
  GUEST_MESSAGE,
  KEY_ANSWER,
  REPORT_ANSWER,
  REPORT_REQUEST,
  SNP_REPORT,
} from '@motte/plan/snp/guest-message';
import { ANSWER_PAGE, field, u64 } from './world.js';
import type { Answer } from './world.js';

const AUTHENTICATED = GUEST_MESSAGE.offsetOf('algorithm');

const iv = (sequence: bigint): Uint8Array => Buffer.concat([u64(sequence), Buffer.alloc(4)]);

type Head = ReturnType<typeof GUEST_MESSAGE.read>;

/** A message as the firmware reads it. Throws for one that is not the guest's. */
export function openMessage(key: Uint8Array, message: Uint8Array): { head: Head; body: Uint8Array } {
  const head = GUEST_MESSAGE.readStrict(message);
  const cipher = createDecipheriv('aes-256-gcm', key, iv(head.sequence));
  cipher.setAAD(message.subarray(AUTHENTICATED, GUEST_MESSAGE.size));
  cipher.setAuthTag(head.tag.subarray(0, 16));
  const sealed = message.subarray(GUEST_MESSAGE.size, GUEST_MESSAGE.size + head.size);
  return { head, body: new Uint8Array(Buffer.concat([cipher.update(sealed), cipher.final()])) };
}

/** A message as the firmware seals it; `head` can be wrong. */
export function sealMessage(
  key: Uint8Array,
  sequence: bigint,
  type: number,
  body: Uint8Array,
  head: Partial<Head> = {},
): Uint8Array {
  const out = new Uint8Array(GUEST_MESSAGE.size + body.length);
  const bytes = GUEST_MESSAGE.write({
    sequence,
    algorithm: 1,
    version: 1,
    header_size: GUEST_MESSAGE.size,
    type,
    message_version: 1,
    size: body.length,
    ...head,
  });
  const cipher = createCipheriv('aes-256-gcm', key, iv(sequence)).setAAD(bytes.subarray(AUTHENTICATED));
  out.set(bytes);
  out.set(Buffer.concat([cipher.update(body), cipher.final()]), GUEST_MESSAGE.size);
  out.set(cipher.getAuthTag());
  return out;
}

/** What a report says. */
export function reportBody(request: {
  data: Uint8Array;
  hostData: Uint8Array;
  vmpl?: number;
  status?: number;
  size?: number;
}): Uint8Array {
  const report = SNP_REPORT.write({
    version: 2,
    vmpl: request.vmpl ?? 0,
    report_data: request.data,
    host_data: request.hostData,
  });
  return REPORT_ANSWER.write({ status: request.status ?? 0, size: request.size ?? SNP_REPORT.size, report });
}

export const keyBody = (key: Uint8Array, status = 0): Uint8Array => KEY_ANSWER.write({ status, key });

/** The data of a report request. */
export const reportData = (body: Uint8Array): Uint8Array => REPORT_REQUEST.readStrict(body).report_data;

/** The host brings an answer, and says SW_EXITINFO2 of it. */
export const brings = (message: Uint8Array, info2 = 0n): Answer => ({
  writes: [[ANSWER_PAGE, message], field('sw_exitinfo2', info2)],
});
