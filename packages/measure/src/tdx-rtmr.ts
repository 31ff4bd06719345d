// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { newSha384 } from './hash.js';
import type { NewHasher } from './hash.js';
import type { OnStep } from './transcript.js';

/** A measurement that was extended into a register. */
export interface RtmrEvent {
  /** RTMR number, 0 to 3. */
  readonly rtmr: number;
  /** SHA-384, 48 bytes. */
  readonly digest: Uint8Array;
}

/** How a log is replayed; each has a default. */
export interface ReplayOptions<E extends RtmrEvent> {
  /** Starts a SHA-384; without it the platform's. */
  readonly sha384?: NewHasher;
  /** Is told of every event, with the register after it, for a transcript. */
  readonly onStep?: OnStep | undefined;
  /** What a transcript calls an event, beside its register. */
  readonly nameOf?: (event: E) => string;
}

/** Registers that software of the guest extends. */
export const RTMR_COUNT = 4;
const DIGEST_BYTES = 48;

/**
 * The registers after all `events`, from zeros: each is SHA-384 of what it was and the event's digest. Throws
 * EVENT_LOG.
 */
export function replayRtmrs<E extends RtmrEvent>(
  events: Iterable<E>,
  { sha384 = newSha384, onStep, nameOf }: ReplayOptions<E> = {},
): Uint8Array[] {
  const registers = Array.from({ length: RTMR_COUNT }, (): Uint8Array => new Uint8Array(DIGEST_BYTES));
  for (const event of events) {
    const { rtmr, digest } = event;
    const before = registers[rtmr];
    if (before === undefined || digest.length !== DIGEST_BYTES) {
      const expected = `RTMR 0 to ${RTMR_COUNT - 1}, and ${DIGEST_BYTES} bytes`;
      throw new MotteError('EVENT_LOG', {
        field: 'event',
        expected,
        found: `RTMR ${rtmr}, ${digest.length} bytes`,
      });
    }
    const hasher = sha384();
    hasher.update(before);
    hasher.update(digest);
    const after = hasher.digest();
    registers[rtmr] = after;
    onStep?.({ step: `rtmr${rtmr} ${nameOf?.(event) ?? ''}`.trimEnd(), digest: after.slice() });
  }
  return registers;
}

/** Type of an event that dstack extends while the guest runs. */
export const DSTACK_RUNTIME_EVENT = 0x08000001;

/** The digest of a dstack runtime event: type, name and payload with colons between. */
export function dstackEventDigest(
  name: string,
  payload: Uint8Array,
  sha384: NewHasher = newSha384,
): Uint8Array {
  const type = new Uint8Array(4);
  new DataView(type.buffer).setUint32(0, DSTACK_RUNTIME_EVENT, true);
  const hasher = sha384();
  hasher.update(type);
  hasher.update(new TextEncoder().encode(`:${name}:`));
  hasher.update(payload);
  return hasher.digest();
}

/**
 * The digest that td-shim extends for a command line: zero padded to the size of its region. Throws
 * EVENT_LOG.
 */
export function payloadParamDigest(
  commandLine: string,
  region: number,
  sha384: NewHasher = newSha384,
): Uint8Array {
  const text = new TextEncoder().encode(commandLine);
  if (text.length > region)
    throw new MotteError('EVENT_LOG', {
      field: 'command line',
      expected: `at most ${region} bytes`,
      found: text.length,
    });
  const padded = new Uint8Array(region);
  padded.set(text);
  const hasher = sha384();
  hasher.update(padded);
  return hasher.digest();
}
