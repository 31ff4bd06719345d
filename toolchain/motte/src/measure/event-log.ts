// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hex64 } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import { readCcelTable } from '@motte/measure/ccel-table';
import { eventTypeName } from '@motte/measure/tcg-event-types';
import { readDstackLog } from '@motte/measure/tdx-dstack-log';
import { readCcelLog } from '@motte/measure/tdx-event-log';
import type { RtmrEvent } from '@motte/measure/tdx-rtmr';
import type { InputFile } from '../io/file.js';
import { readSmall } from '../io/file.js';
import { readJson } from '../io/json.js';

/** An event of a log of either kind. */
export interface LoggedEvent extends RtmrEvent {
  readonly type: number;
  /** What dstack calls it; of the others the name of its type. */
  readonly name: string;
  /** What a transcript calls it. */
  readonly what: string;
}

/** A log, whichever kind it is. */
export interface EventLog {
  readonly kind: 'ccel' | 'dstack';
  /** The area of a CCEL log: what is used of it, and where the ACPI table says it is. */
  readonly log: { readonly bytes: number; readonly used: number; readonly address: string | null } | null;
  readonly events: readonly LoggedEvent[];
}

/** Most bytes of a log's area; firmware takes 64 KiB to 256 KiB. */
const MOST_AREA = 1 << 24;
/** How much of a file tells its kind. */
const HEAD_BYTES = 64;

/** JSON begins with a bracket; the first event of a CCEL log with two small numbers. */
function isJson(file: InputFile): boolean {
  const head = readBytes(file, 0, Math.min(HEAD_BYTES, file.size));
  return /^\s*[[{]/u.test(new TextDecoder('latin1').decode(head));
}

function ccelLog(file: InputFile, table: InputFile | undefined): EventLog {
  const known = table === undefined ? undefined : readCcelTable(readSmall(table.path));
  if (known !== undefined && file.size !== known.logBytes)
    throw new MotteError('EVENT_LOG', {
      field: file.path,
      expected: `${known.logBytes} bytes, as the ACPI table has it`,
      found: file.size,
    });
  const { events, usedBytes } = readCcelLog(readSmall(file.path, MOST_AREA));
  const address = known === undefined ? null : hex64(known.logAddress);
  return {
    kind: 'ccel',
    log: { bytes: file.size, used: usedBytes, address },
    events: events.map(({ rtmr, type, digest }) => {
      const name = eventTypeName(type);
      return { rtmr, type, name, digest, what: name };
    }),
  };
}

function dstackLog(file: InputFile): EventLog {
  const events = readDstackLog(readJson(file.path, 'EVENT_LOG')).map(({ rtmr, type, name, digest }) => {
    const typeName = eventTypeName(type);
    // A name is the guest's: whatever it holds must stay one line.
    const what = name === '' ? typeName : `${typeName} ${JSON.stringify(name)}`;
    return { rtmr, type, name: name === '' ? typeName : name, digest, what };
  });
  return { kind: 'dstack', log: null, events };
}

/** Reads the log of `files['event-log']` by its kind. Throws EVENT_LOG, CCEL_TABLE, USAGE_VALUE. */
export function readEventLog(files: Readonly<Record<string, InputFile>>, as: string | undefined): EventLog {
  const { 'event-log': file, 'acpi-table': table } = files as {
    'event-log': InputFile;
    'acpi-table'?: InputFile;
  };
  const kind = as ?? (isJson(file) ? 'dstack' : 'ccel');
  if (kind !== 'dstack') return ccelLog(file, table);
  if (table !== undefined)
    throw new MotteError('USAGE_VALUE', {
      field: '--acpi-table',
      expected: 'a CCEL log beside it',
      found: 'dstack’s JSON',
    });
  return dstackLog(file);
}
