// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { replayRtmrs } from '@motte/measure/tdx-rtmr';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { withFiles } from '../io/files.js';
import { readEventLog } from '../measure/event-log.js';
import { lines } from '../measure/lines.js';
import { inputsOf } from '../measure/outcome.js';
import { transcript } from '../measure/transcript.js';
import { VERSION } from '../version.js';

/** `motte measure tdx-rtmr --event-log FILE [--acpi-table FILE] [--as ccel|dstack]` */
export function run({ options }: Input): Outcome {
  const paths: Record<string, string> = {
    'event-log': needed(options['event-log'], 'event-log'),
    ...(options['acpi-table'] === undefined ? {} : { 'acpi-table': options['acpi-table'] }),
  };
  return withFiles(paths, (files) => {
    const { kind, log, events } = readEventLog(files, options.as);
    const told = transcript(options);
    const registers = replayRtmrs(events, { onStep: told.onStep, nameOf: ({ what }) => what });
    told.end();
    const named = Object.fromEntries(registers.map((register, i) => [`rtmr${i}`, toHex(register)]));
    const text = lines(named);
    if (options.json !== true) return { result: undefined, text };
    const result = {
      tee: 'tdx',
      kind,
      profile: 'sha384',
      version: VERSION,
      registers: named,
      log,
      events: events.map(({ rtmr, type, name, digest }) => ({
        rtmr,
        type: `0x${type.toString(16)}`,
        name,
        digest: toHex(digest),
      })),
      inputs: inputsOf(files),
      ...(told.steps === undefined ? {} : { transcript: told.steps }),
    };
    return { result, text };
  });
}
