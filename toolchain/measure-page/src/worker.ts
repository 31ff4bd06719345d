// SPDX-License-Identifier: Apache-2.0
// The worker: reads files by slices and measures them, so that the page never waits. It serves one measurement; a
// page that wants another, or none, ends it.
import { MotteError } from '@motte/binary/error';
import type { NamedFile } from './core/job.js';
import { measureImage } from './core/measure.js';
import { Meter } from './core/meter.js';
import type { Part, Rows } from './core/report.js';
import { windowSource } from './core/window-source.js';
import type { Files, Reply, Request, SentPart } from './messages.js';

/** Synchronous reading, which browsers have in workers alone; TypeScript's DOM library is that of pages. */
declare const FileReaderSync: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };

const tables: Rows[] = [];

function reply(message: Reply): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- nor has the page that it serves
  globalThis.postMessage(message);
}

function named(file: File): NamedFile {
  const reader = new FileReaderSync();
  const slice = (from: number, to: number): Uint8Array => {
    try {
      return new Uint8Array(reader.readAsArrayBuffer(file.slice(from, to)));
    } catch (cause) {
      throw new MotteError('FILE_ACCESS', {
        field: file.name,
        message: 'the browser could not read the file; it was changed, or is no file',
        offset: from,
        cause,
      });
    }
  };
  return { name: file.name, source: windowSource(file.size, slice) };
}

function sent({ rows, ...part }: Part): SentPart {
  if (rows === undefined) return part;
  tables.push(rows);
  return { ...part, rows: { table: tables.length - 1, count: rows.count } };
}

function measure(files: Files, settings: Parameters<typeof measureImage>[0]['settings']): void {
  const images = files.images.map(named);
  const { kernel, initrd, svsm } = files;
  for (const [index, image] of images.entries()) {
    const meter = new Meter((progress) => reply({ type: 'progress', file: image.name, progress }));
    const job = {
      image,
      beside: images.filter((other) => other !== image),
      settings,
      meter,
      ...(kernel === undefined ? {} : { kernel: named(kernel) }),
      ...(initrd === undefined ? {} : { initrd: named(initrd) }),
      ...(svsm === undefined ? {} : { svsm: named(svsm) }),
    };
    for (const part of measureImage(job))
      reply({ type: 'part', image: index, file: image.name, part: sent(part) });
  }
  reply({ type: 'done' });
}

globalThis.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.type === 'measure') {
    measure(data.files, data.settings);
    return;
  }
  const { table, from, count } = data;
  const rows = tables[table];
  if (rows === undefined) return;
  const shown = Math.max(0, Math.min(count, rows.count - from));
  reply({ type: 'rows', table, from, rows: Array.from({ length: shown }, (_, i) => rows.row(from + i)) });
});
