// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';

/** An event of a CCEL log that was extended into a register. */
export interface CcelEvent {
  /** RTMR number, 0 to 3. */
  readonly rtmr: number;
  readonly type: number;
  /** SHA-384. */
  readonly digest: Uint8Array;
  readonly data: Uint8Array;
}

/** A log and how much of its area it uses. */
export interface CcelLog {
  readonly events: readonly CcelEvent[];
  readonly usedBytes: number;
}

const SHA384_ID = 0x0c;
const SHA384_BYTES = 48;
const EV_NO_ACTION = 3;
const SPEC_ID = 'Spec ID Event03\0';
const SHA1_BYTES = 20;
const MAX_ALGORITHMS = 16;

function bad(field: string, expected: string, found: string | number, offset: number): MotteError {
  return new MotteError('EVENT_LOG', { field, expected, found, offset });
}

/** Takes numbers and bytes one after the other; past the end it throws. */
class Reader {
  at = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #need(length: number, field: string): number {
    const from = this.at;
    if (length > this.bytes.length - from)
      throw bad(field, `${length} bytes`, `${this.bytes.length - from} before the end`, from);
    this.at += length;
    return from;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#need(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#need(2, field), true);
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#need(4, field), true);
  }

  take(length: number, field: string): Uint8Array {
    const from = this.#need(length, field);
    return new Uint8Array(this.bytes.subarray(from, from + length));
  }
}

/** Digest sizes by algorithm, from the event that every log starts with. TCG PC Client PFP 1.05, 10.4.5.1. */
function readSpecId(log: Reader): ReadonlyMap<number, number> {
  log.u32('first event: index');
  const type = log.u32('first event: type');
  if (type !== EV_NO_ACTION) throw bad('first event: type', 'EV_NO_ACTION', type, 4);
  const digest = log.take(SHA1_BYTES, 'first event: digest');
  const stray = digest.findIndex((byte) => byte !== 0);
  if (stray >= 0) throw bad('first event: digest', 'zeros', digest[stray] ?? 0, 8 + stray);
  const start = log.at + 4;
  const spec = new Reader(log.take(log.u32('first event: size'), 'first event'));
  const signature = new TextDecoder('latin1').decode(spec.take(SPEC_ID.length, 'signature'));
  if (signature !== SPEC_ID)
    throw bad('first event: signature', 'Spec ID Event03', JSON.stringify(signature), start);
  spec.take(8, 'platform class and version');
  const count = spec.u32('number of algorithms');
  if (count < 1 || count > MAX_ALGORITHMS)
    throw bad('number of algorithms', `1 to ${MAX_ALGORITHMS}`, count, start + 24);
  const sizes = new Map<number, number>();
  for (let i = 0; i < count; i++) sizes.set(spec.u16('algorithm'), spec.u16('digest size'));
  spec.take(spec.u8('vendor size'), 'vendor information');
  if (spec.at !== spec.bytes.length)
    throw bad('first event', 'nothing after it', spec.bytes.length - spec.at, start + spec.at);
  if (sizes.get(SHA384_ID) !== SHA384_BYTES)
    throw bad('algorithms', 'SHA-384 of 48 bytes', [...sizes].join('; '), start + 28);
  return sizes;
}

/** The area ends with bytes of one value, 0xff or 0, where no event was written. */
function endsHere(log: Reader): boolean {
  const rest = log.bytes.subarray(log.at);
  return rest.every((byte) => byte === 0xff) || rest.every((byte) => byte === 0);
}

function readEvent(log: Reader, sizes: ReadonlyMap<number, number>): CcelEvent | undefined {
  const from = log.at;
  const index = log.u32('index');
  const type = log.u32('type');
  const count = log.u32('number of digests');
  if (count > sizes.size) throw bad('number of digests', `at most ${sizes.size}`, count, from + 8);
  let digest: Uint8Array | undefined;
  for (let i = 0; i < count; i++) {
    const at = log.at;
    const algorithm = log.u16('algorithm');
    const size = sizes.get(algorithm);
    if (size === undefined) throw bad('algorithm', 'one that the first event names', algorithm, at);
    const value = log.take(size, 'digest');
    if (algorithm === SHA384_ID) digest = value;
  }
  const data = log.take(log.u32('event size'), 'event');
  if (type === EV_NO_ACTION) return undefined;
  if (digest === undefined) throw bad('digest', 'one of SHA-384', 'none', from);
  // Index 0 is MRTD, which nothing extends after the launch.
  if (index < 1 || index > 4) throw bad('index', '1 to 4, for RTMR 0 to 3', index, from);
  return { rtmr: index - 1, type, digest, data };
}

/** Reads the event log that firmware leaves in the area of the ACPI table CCEL. Strict. Throws EVENT_LOG. */
export function readCcelLog(area: Uint8Array): CcelLog {
  const log = new Reader(area);
  const sizes = readSpecId(log);
  const events: CcelEvent[] = [];
  while (log.at < area.length && !endsHere(log)) {
    const event = readEvent(log, sizes);
    if (event !== undefined) events.push(event);
  }
  return { events, usedBytes: log.at };
}
