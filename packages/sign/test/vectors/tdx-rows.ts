// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { TDX_PROFILES } from '@motte/measure/profiles/tdx';
import { CPU_TYPES } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSnp } from '@motte/measure/snp';
import { readTdReport } from '@motte/measure/td-report';
import { measureTdx, mrtdOf } from '@motte/measure/tdx';
import { readCcelTable } from '@motte/measure/ccel-table';
import { readDstackLog } from '@motte/measure/tdx-dstack-log';
import { readCcelLog } from '@motte/measure/tdx-event-log';
import { readTdxPageLists } from '@motte/measure/tdx-page-lists';
import { payloadParamDigest, replayRtmrs } from '@motte/measure/tdx-rtmr';
import type { RtmrEvent } from '@motte/measure/tdx-rtmr';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import { snpLaunchPlan } from '@motte/plan/snp/launch';
import type { VmmProfile } from '@motte/plan/snp/profile';
import { tdvfPlan } from '@motte/plan/tdx/plan';
import { readTdvf } from '@motte/plan/tdx/tdvf';
import { codeOf } from '@motte/test-helpers/errors';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function sha(algorithm: 'sha384' | 'sha512', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

function checkSnp(row: Row, image: Uint8Array, name: string, launch: Meta): void {
  const profile = (VMM_PROFILES as Readonly<Record<string, VmmProfile>>)[text(launch, 'vmm')];
  if (profile === undefined) throw new Error(`no profile ${text(launch, 'vmm')}`);
  const type = launch['vcpu_type'];
  const plan = snpLaunchPlan({
    file: name,
    image: bytesSource(image),
    firmware: readSevFirmware(bytesSource(image)),
    profile,
    vcpus: {
      count: Number(launch['vcpus']),
      features: BigInt(text(launch, 'guest_features')),
      signature: typeof type === 'string' ? (CPU_TYPES[type] ?? 0) : 0,
    },
  });
  row.equal(`snp ${profile.name}`, toHex(measureSnp(plan)), launch['digest']);
}

function checkImage(row: Row, folder: VectorFolder, vector: Meta): void {
  const name = text(vector, 'file');
  const image = folder.file(name);
  const source = bytesSource(image);
  row.equal('sha512', sha('sha512', image), vector['sha512']);
  if (vector['expect'] === 'reject') {
    if (codeOf(() => tdvfPlan(source, name)) === 'accepted') row.fail('accepted');
    return;
  }
  row.equal('expect', vector['expect'], 'mrtd');
  const sections = readTdvf(source).map((section) => ({
    data_offset: hex(section.data_offset),
    raw_size: hex(section.raw_size),
    gpa: hex(section.gpa),
    mem_size: hex(section.mem_size),
    type: section.type,
    attr: section.attributes,
  }));
  row.equal('sections', sections, vector['sections']);
  const plan = tdvfPlan(source, name);
  row.equal('mrtd', toHex(measureTdx(plan, TDX_PROFILES.page)), vector['mrtd']);
  row.equal('mrtd_two_pass', toHex(measureTdx(plan, TDX_PROFILES['two-pass'])), vector['mrtd_two_pass']);
  for (const launch of objects(vector['snp'], 'snp')) checkSnp(row, image, name, launch);
}

/** tdx-mrtd: an image a row. */
export function mrtdRows(folder: VectorFolder): RowResult[] {
  const vectors = objects(folder.json('mrtd.json')['rows'], 'rows');
  return vectors.map((vector) => checkRow(text(vector, 'name'), (row) => checkImage(row, folder, vector)));
}

/** tdx-page-lists: a list of operations a row, with the digest that each of them would end with. */
export function tdxListRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('lists.json');
  const read = readTdxPageLists(data, (name) => bytesSource(folder.file(name)));
  return objects(data['lists'], 'lists').map((list, i) =>
    checkRow(text(list, 'name'), (row) => {
      const { name, operations } = read[i] ?? { name: 'none', operations: [] };
      row.equal('name', name, list['name']);
      const digests: string[] = [];
      const final = mrtdOf(operations, { onStep: ({ digest }) => void digests.push(toHex(digest)) });
      const steps = objects(list['steps'], 'steps');
      row.equal(
        'digests',
        digests,
        steps.map((step) => step['digest_if_finalized_now']),
      );
      row.equal('final', toHex(final), list['final']);
    }),
  );
}

/** The registers after the events must be what the vector says, and what the quote says. */
function checkReplay(row: Row, folder: VectorFolder, vector: Meta, events: readonly RtmrEvent[]): void {
  const registers = replayRtmrs(events).map(toHex);
  row.equal('rtmr', registers, vector['rtmr']);
  const report = readTdReport(folder.file(text(vector, 'quote')));
  row.equal(
    'rtmr in the quote',
    [report.rtmr0, report.rtmr1, report.rtmr2, report.rtmr3].map(toHex),
    registers,
  );
  for (const [name, value] of Object.entries(object(vector['td'], 'td'))) {
    const found = (report as Readonly<Record<string, Uint8Array>>)[name];
    row.equal(`td.${name}`, found === undefined ? undefined : toHex(found), value);
  }
}

function checkCcel(row: Row, folder: VectorFolder, vector: Meta): void {
  const area = folder.file(text(vector, 'log'));
  row.equal('bytes of the log', readCcelTable(folder.file(text(vector, 'table'))).logBytes, area.length);
  const log = readCcelLog(area);
  row.equal('events', log.events.length, vector['events']);
  row.equal('used_bytes', log.usedBytes, vector['used_bytes']);
  const found = log.events.map(({ rtmr, type, digest, data }) => ({
    imr: rtmr,
    type: hex(type),
    sha384: toHex(digest),
    data_len: data.length,
    digest_is_sha384_of_data: sha('sha384', data) === toHex(digest),
  }));
  row.equal('event_digests', found, vector['event_digests']);
  checkReplay(row, folder, vector, log.events);
}

function checkDstack(row: Row, folder: VectorFolder, vector: Meta): void {
  checkReplay(row, folder, vector, readDstackLog(vector['events']));
}

/** tdx-rtmr: an event log, or the digest of a command line, a row. */
export function rtmrRows(folder: VectorFolder): RowResult[] {
  const rows: unknown = JSON.parse(new TextDecoder().decode(folder.file('rtmr.json')));
  return objects(rows, 'rtmr.json').map((vector) =>
    checkRow(text(vector, 'name'), (row) => {
      if (vector['log'] !== undefined) checkCcel(row, folder, vector);
      else if (vector['events'] !== undefined) checkDstack(row, folder, vector);
      else {
        const found = payloadParamDigest(text(vector, 'input_ascii'), Number(vector['padded_to']));
        row.equal('sha384', toHex(found), vector['sha384']);
      }
    }),
  );
}
