// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';
import { JsonObject } from '@motte/binary/json-object';
import { MotteError } from '@motte/binary/error';
import { DSTACK_RUNTIME_EVENT, dstackEventDigest, RTMR_COUNT } from './tdx-rtmr.js';
import type { RtmrEvent } from './tdx-rtmr.js';

/** An event of dstack's list. */
export interface DstackEvent extends RtmrEvent {
  readonly type: number;
  /** Empty for what firmware measured. */
  readonly name: string;
}

/** The members of an event: as dstack writes them, and in the shorter names of collected logs. */
const MEMBERS = [
  { type: 'event_type', digest: 'digest', payload: 'event_payload' },
  { type: 'type', digest: 'sha384', payload: 'payload' },
] as const;

const DIGEST_BYTES = 48;
const TYPE_END = 1n << 32n;

function bytesOf(event: JsonObject, name: string, length?: number): Uint8Array {
  const text = event.text(name);
  if (!/^(?:[0-9a-f]{2})*$/iu.test(text) || (length !== undefined && text.length !== 2 * length))
    throw event.bad(name, length === undefined ? 'hex, two digits a byte' : `${2 * length} hex digits`);
  return fromHex(text);
}

/** The payload of an event that firmware measured is for people: its digest is of something else, or of more. */
function firmwareDigest(event: JsonObject, members: (typeof MEMBERS)[number]): Uint8Array {
  event.text(members.payload);
  return bytesOf(event, members.digest, DIGEST_BYTES);
}

function runtimeDigest(event: JsonObject, members: (typeof MEMBERS)[number], name: string): Uint8Array {
  const own = dstackEventDigest(name, bytesOf(event, members.payload));
  // dstack strips digests that can be computed from what it sends to verifiers.
  if (!event.has(members.digest) || event.text(members.digest) === '') return own;
  const said = bytesOf(event, members.digest, DIGEST_BYTES);
  if (toHex(said) !== toHex(own))
    throw event.bad(members.digest, `${toHex(own)}, that of its name and payload`, toHex(said));
  return own;
}

function readEvent(event: JsonObject): DstackEvent {
  const [dstack, short] = MEMBERS;
  const members = event.has(dstack.type) ? dstack : short;
  event.only(['imr', members.type, members.digest, 'event', members.payload]);
  const rtmr = event.integer('imr');
  if (rtmr >= BigInt(RTMR_COUNT)) throw event.bad('imr', `0 to ${RTMR_COUNT - 1}`);
  const type = event.integer(members.type);
  if (type >= TYPE_END) throw event.bad(members.type, '32 bits');
  const name = event.text('event');
  const digest =
    type === BigInt(DSTACK_RUNTIME_EVENT)
      ? runtimeDigest(event, members, name)
      : firmwareDigest(event, members);
  return { rtmr: Number(rtmr), type: Number(type), name, digest };
}

/**
 * Reads the list of events that a dstack guest hands out: an array of {imr, event_type, digest, event,
 * event_payload}. `imr` is the RTMR's number. The digest of a runtime event is computed from name and payload, and
 * one that is given must agree. Dstack-TEE/dstack 312dc60, cc-eventlog. Throws EVENT_LOG.
 */
export function readDstackLog(json: unknown): DstackEvent[] {
  if (!Array.isArray(json))
    throw new MotteError('EVENT_LOG', { field: 'events', expected: 'an array', found: typeof json });
  return json.map((event, i) => readEvent(new JsonObject(event, `events[${i}]`, 'EVENT_LOG')));
}
