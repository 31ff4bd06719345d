// SPDX-License-Identifier: Apache-2.0
// What the formats read here reserve, or fix at zero: one flipped byte is refused, and its place is named.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fieldSize, isReserved } from '@motte/binary/layout';
import { CCEL_TABLE, readCcelTable } from '@motte/measure/ccel-table';
import { carryBlob, readCpio } from '@motte/measure/pef/cpio';
import { FDT_HEADER, RESERVATIONS_BYTES } from '@motte/measure/pef/fdt';
import { readFdt } from '@motte/measure/pef/fdt-read';
import { writeFdt } from '@motte/measure/pef/fdt-write';
import { readCcelLog } from '@motte/measure/tdx-event-log';
import { refusalOf } from '@motte/test-helpers/errors';
import { CCEL_LOG, ccelTable } from './samples.js';

function flipped(bytes: Uint8Array, at: number, mask = 0x80): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ mask : byte));
}

test('the ACPI table CCEL', () => {
  const table = ccelTable();
  readCcelTable(table);
  const fields = CCEL_TABLE.fields.filter(isReserved);
  assert.ok(fields.length > 0);
  for (const field of fields)
    for (let at = field.at; at < field.at + fieldSize(field.type); at++) {
      const { code, field: name, offset } = refusalOf(() => readCcelTable(flipped(table, at)));
      assert.equal([code, name, Number(offset)], ['STRUCT_RESERVED', `CCEL.${field.name}`, at]);
    }
});

test('the digest of the event that says how a log is built', () => {
  readCcelLog(CCEL_LOG);
  for (let at = 8; at < 28; at++) {
    const { code, field, offset } = refusalOf(() => readCcelLog(flipped(CCEL_LOG, at)));
    assert.equal([code, field, Number(offset)], ['EVENT_LOG', 'first event: digest', at]);
  }
});

test('a device tree’s header reserves nothing; the list of reserved memory is empty', () => {
  assert.equal(FDT_HEADER.fields.filter(isReserved), []);
  const tree = writeFdt({ root: { name: '', properties: [], nodes: [] }, strings: [] });
  readFdt(tree);
  for (let i = 0; i < RESERVATIONS_BYTES; i++) {
    const at = FDT_HEADER.size + i;
    const { code, field, offset } = refusalOf(() => readFdt(flipped(tree, at)));
    assert.equal([code, field, Number(offset)], ['FDT', 'memory reservations', at]);
  }
});

test('the checksum of an archive without checksums', () => {
  const archive = carryBlob(Uint8Array.of(1), Uint8Array.of(2), 'x.dtb');
  readCpio(archive);
  // The last of 13 members of 8 digits, after 6 letters of magic; '0' becomes '1'.
  const check = 6 + 12 * 8;
  for (let at = check; at < check + 8; at++) {
    const { code, field, offset } = refusalOf(() => readCpio(flipped(archive, at, 1)));
    assert.equal([code, field, Number(offset)], ['CPIO', 'check', check]);
  }
});

test.run();
