// SPDX-License-Identifier: Apache-2.0
// The file format: by hand, round trips, each rule that is broken, and damage.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { fieldSize, isReserved } from '@motte/binary/layout';
import { bytesSource, readBytes } from '@motte/binary/source';
import { crc32 } from '@motte/igvm/crc32';
import { HEADERS, header, layoutOf } from '@motte/igvm/headers';
import type { HeaderKind, IgvmFile, IgvmHeader, KnownHeader } from '@motte/igvm/headers';
import { igvmLaunch } from '@motte/igvm/launch';
import { IGVM_LOADERS } from '@motte/igvm/loaders';
import { readIgvm } from '@motte/igvm/read';
import { measureSnp } from '@motte/measure/snp';
import { codeAndField, refusalOf } from '@motte/test-helpers/errors';
import { fuzzParser } from '@motte/test-helpers/parser-fuzz';
import { MIXED, bytesOf, file, NATIVE, page, pageAt, platforms, SNP, vcpu } from './samples.js';

/** A file of version 1 with one platform and one page, put together from the offsets in igvm_defs. */
function byHand(): Buffer {
  const headers = Buffer.alloc(24 + 32);
  headers.writeUInt32LE(1, 0); // IGVM_VHT_SUPPORTED_PLATFORM
  headers.writeUInt32LE(16, 4);
  headers.writeUInt32LE(1, 8); // compatibility_mask
  headers.writeUInt8(2, 13); // SEV-SNP
  headers.writeUInt16LE(1, 14);
  headers.writeUInt32LE(0x302, 24); // IGVM_VHT_PAGE_DATA
  headers.writeUInt32LE(24, 28);
  headers.writeBigUInt64LE(0x1000n, 32); // gpa
  headers.writeUInt32LE(1, 40);
  headers.writeUInt32LE(24 + headers.length, 44); // file_offset
  const fixed = Buffer.alloc(24);
  fixed.write('IGVM', 0, 'latin1');
  fixed.writeUInt32LE(1, 4);
  fixed.writeUInt32LE(24, 8);
  fixed.writeUInt32LE(headers.length, 12);
  fixed.writeUInt32LE(24 + headers.length + 4096, 16);
  fixed.writeUInt32LE(crc32(fixed, headers), 20);
  return Buffer.concat([fixed, headers, page(1)]);
}

/** The file with its checksum made right again. */
function resealed(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  const [start, size] = [view.getUint32(8, true), view.getUint32(12, true)];
  view.setUint32(20, 0, true);
  const fixed = out.slice(0, view.getUint32(4, true) === 2 ? 32 : 24);
  view.setUint32(20, crc32(fixed, out.subarray(start, Math.min(out.length, start + size))), true);
  return out;
}

const read = (bytes: Uint8Array): IgvmFile => readIgvm(bytesSource(bytes));

/** What of a file must come back from its bytes. */
function plain({ version, architecture, headers }: IgvmFile): unknown {
  return {
    version,
    architecture,
    headers: headers.map((one) => {
      if (one.kind === 'unknown') return { type: one.type, bytes: one.bytes };
      const { kind, data } = one;
      const values: Record<string, unknown> = { ...one.values };
      delete values['file_offset'];
      return { kind, values, data: data === undefined ? null : readBytes(data, 0, data.size) };
    }),
  };
}

test('the checksum is CRC-32', () => {
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
  assert.is(crc32(new TextEncoder().encode('1234'), new TextEncoder().encode('56789')), 0xcbf43926);
});

test('a file that is put together by hand is read, and written to the same bytes', () => {
  const bytes = byHand();
  const one = read(bytes);
  assert.equal(
    one.headers.map(({ kind }) => kind),
    ['SUPPORTED_PLATFORM', 'PAGE_DATA'],
  );
  assert.equal(Buffer.from(bytesOf(one)), bytes);
});

/** A file with every header of the definition. */
function everyHeader(): IgvmFile {
  const data = bytesSource(page(4));
  const area = header('PARAMETER_AREA', { number_of_bytes: 0x1000n, parameter_area_index: 7 }, data);
  const special: Partial<Record<HeaderKind, KnownHeader>> = {
    PARAMETER_AREA: area,
    PAGE_DATA: header('PAGE_DATA', { gpa: 0x5000n, compatibility_mask: SNP }, data),
    VP_CONTEXT: header('VP_CONTEXT', { compatibility_mask: SNP, vp_index: 3 }, data),
    REQUIRED_MEMORY: header('REQUIRED_MEMORY', { compatibility_mask: SNP, number_of_bytes: 0x1000 }),
    ERROR_RANGE: header('ERROR_RANGE', { compatibility_mask: SNP, size_bytes: 0x1000 }),
    RELOCATABLE_REGION: header('RELOCATABLE_REGION', {
      compatibility_mask: SNP,
      relocation_region_size: 0x1000n,
    }),
    PAGE_TABLE_RELOCATION_REGION: header('PAGE_TABLE_RELOCATION_REGION', {
      compatibility_mask: SNP,
      size: 0x1000n,
    }),
    CORIM_DOCUMENT: header('CORIM_DOCUMENT', { compatibility_mask: SNP, size_bytes: 4096 }, data),
    CORIM_SIGNATURE: header('CORIM_SIGNATURE', { compatibility_mask: SNP, size_bytes: 4096 }, data),
    PARAMETER_INSERT: header('PARAMETER_INSERT', { compatibility_mask: SNP, parameter_area_index: 7 }),
  };
  const kinds = (Object.keys(HEADERS) as HeaderKind[]).filter((kind) => kind !== 'SUPPORTED_PLATFORM');
  // The area is inserted last.
  const order = [...kinds.filter((kind) => kind !== 'PARAMETER_INSERT'), 'PARAMETER_INSERT'] as HeaderKind[];
  const headers = order.map((kind): IgvmHeader => {
    const own = special[kind];
    if (own !== undefined) return own;
    const names = layoutOf(kind).fields.map(({ name }) => name);
    return names.includes('parameter_area_index')
      ? header(kind, { parameter_area_index: 7, byte_offset: 8 })
      : header(kind, { compatibility_mask: SNP });
  });
  return { version: 1, architecture: 'x64', headers: [...platforms, ...headers] };
}

test('every header of the definition comes back from a file', () => {
  for (const version of [1, 2] as const) {
    const whole: IgvmFile = { ...everyHeader(), version };
    assert.equal(plain(read(bytesOf(whole))), plain(whole), `version ${version}`);
  }
  const arm: IgvmFile = { version: 2, architecture: 'aarch64', headers: platforms };
  assert.is(read(bytesOf(arm)).architecture, 'aarch64');
  assert.is(
    codeAndField(() => bytesOf({ ...arm, version: 1 })),
    'IGVM_FORMAT format_version',
  );
});

test('a header that may be passed over is kept; one that may not is refused', () => {
  const optional: IgvmHeader = { kind: 'unknown', type: 0x8000_0399, bytes: Uint8Array.of(1, 2, 3), at: 0 };
  const whole = file([optional, pageAt(0x1000n, {})]);
  assert.equal(plain(read(bytesOf(whole))), plain(whole));
  const needed: IgvmHeader = { ...optional, type: 0x399 };
  assert.is(
    codeAndField(() => read(bytesOf(file([needed])))),
    'IGVM_UNSUPPORTED type',
  );
  const known: IgvmHeader = { ...optional, type: 0x8000_0302 };
  assert.is(
    codeAndField(() => read(bytesOf(file([known])))),
    'IGVM_FORMAT type',
  );
});

test('vCPUs of Hyper-V’s own isolation have as many registers as they say', () => {
  const vsm = header('SUPPORTED_PLATFORM', { compatibility_mask: 4, platform_type: 1, platform_version: 1 });
  const registers = new Uint8Array(4 + 2 * 32).fill(1, 4);
  registers[0] = 2;
  const context = header('VP_CONTEXT', { compatibility_mask: 4 }, bytesSource(registers));
  const whole: IgvmFile = { version: 1, architecture: 'x64', headers: [vsm, context] };
  const bytes = bytesOf(whole);
  assert.equal(plain(read(bytes)), plain(whole));
  const more = bytes.map((byte, i) => (i === bytes.length - registers.length ? 3 : byte));
  assert.is(
    codeAndField(() => read(more)),
    'IGVM_FORMAT VP_CONTEXT.file_offset',
  );
});

test('random files come back', () => {
  const pages = fc.record({
    gpa: fc.integer({ min: 1, max: 1 << 20 }),
    seed: fc.option(fc.nat({ max: 255 })),
    flags: fc.constantFrom(0, 2, 4, 6),
    type: fc.constantFrom('normal', 'secrets', 'cpuid', 'cpuid_xf'),
    mask: fc.constantFrom(SNP, NATIVE, SNP | NATIVE),
  });
  fc.assert(
    fc.property(fc.array(pages, { maxLength: 12 }), fc.constantFrom(1, 2), (list, version) => {
      const headers = list.map(({ gpa, seed, flags, type, mask }) =>
        pageAt(BigInt(gpa) * 4096n, {
          flags,
          type,
          mask,
          ...(seed === null ? {} : { bytes: page(seed) }),
        }),
      );
      const whole = { ...file(headers), version };
      const bytes = bytesOf(whole);
      assert.equal(plain(read(bytes)), plain(whole));
      assert.equal(bytesOf(read(bytes)), bytes);
    }),
    { numRuns: 60 },
  );
});

const AT = { platform: 24 + 8, policy: 24 + 2 * 24 + 8 };

test('each broken rule is refused by its name, with its place', () => {
  const good = bytesOf(file(MIXED));
  const set = (at: number, ...bytes: number[]): Uint8Array => {
    const out = new Uint8Array(good);
    out.set(bytes, at);
    return resealed(out);
  };
  const rows: readonly (readonly [string, Uint8Array, string])[] = [
    ['magic', set(0, 0x4a), 'IGVM_FORMAT magic'],
    ['version', set(4, 3), 'IGVM_UNSUPPORTED format_version'],
    ['headers before their start', set(8, 16), 'IGVM_FORMAT variable_header_offset'],
    ['headers off their multiple', set(8, 28), 'IGVM_FORMAT variable_header_offset'],
    ['headers past the end', set(12, 0xf8, 0xff, 0xff, 0xff), 'IGVM_FORMAT variable_header_size'],
    ['a byte more', new Uint8Array([...good, 0]), 'IGVM_FORMAT total_file_size'],
    ['checksum', good.map((byte, i) => (i === AT.policy ? byte ^ 1 : byte)), 'IGVM_CHECKSUM checksum'],
    ['a length', set(AT.platform - 4, 15), 'IGVM_FORMAT SUPPORTED_PLATFORM: length'],
    ['two bits', set(AT.platform, 3), 'IGVM_FORMAT SUPPORTED_PLATFORM.compatibility_mask'],
    ['the bit of another', set(AT.platform, 2), 'IGVM_FORMAT SUPPORTED_PLATFORM.compatibility_mask'],
    ['a platform of the future', set(AT.platform + 5, 9), 'IGVM_FORMAT SUPPORTED_PLATFORM.platform_type'],
    [
      'a level that no guest ends with',
      set(AT.platform + 4, 1),
      'IGVM_FORMAT SUPPORTED_PLATFORM.highest_vtl',
    ],
    [
      'shared addresses of a plain machine',
      set(AT.platform + 8, 1),
      'IGVM_FORMAT SUPPORTED_PLATFORM.shared_gpa_boundary',
    ],
    ['no such platform', set(AT.policy + 8, 8), 'IGVM_FORMAT GUEST_POLICY.compatibility_mask'],
    ['a reserved byte', set(AT.policy + 15, 1), 'STRUCT_RESERVED GUEST_POLICY.reserved_00c'],
  ];
  for (const [what, bytes, expected] of rows) {
    const error = refusalOf(() => read(bytes));
    assert.is(`${error.code} ${error.field ?? ''}`, expected, what);
    assert.ok(error.offset !== undefined, what);
  }
  const version2 = bytesOf({ ...file(MIXED), version: 2 });
  const set2 = (at: number, byte: number): Uint8Array =>
    resealed(version2.map((old, i) => (i === at ? byte : old)));
  assert.is(
    codeAndField(() => read(set2(0x1d, 0x20))),
    'IGVM_UNSUPPORTED page_size',
  );
  assert.is(
    codeAndField(() => read(set2(0x18, 2))),
    'IGVM_FORMAT architecture',
  );
});

test('parameter areas are a gigabyte together at most: each of their pages is measured', () => {
  const areas = (...sizes: readonly bigint[]): IgvmFile =>
    file(
      sizes.map((size, i) => header('PARAMETER_AREA', { number_of_bytes: size, parameter_area_index: i })),
    );
  assert.is(read(bytesOf(areas(0x3fff_f000n, 0x1000n))).headers.length, 4);
  for (const [sizes, at] of [
    [[0x3fff_f000n, 0x2000n], 1],
    [[0xff00_0000_0000n], 0],
  ] as const) {
    const { code, field, offset } = refusalOf(() => bytesOf(areas(...sizes)));
    assert.equal([code, field], ['IGVM_TOO_LARGE', 'PARAMETER_AREA.number_of_bytes']);
    assert.ok(offset !== undefined, `${at}`);
  }
});

test('headers that contradict each other are refused, read or written', () => {
  const area = header('PARAMETER_AREA', { number_of_bytes: 0x1000n, parameter_area_index: 1 });
  const insert = header('PARAMETER_INSERT', { compatibility_mask: SNP, parameter_area_index: 1 });
  const put = (at: number): IgvmHeader => header('MADT', { parameter_area_index: 1, byte_offset: at });
  const policy = header('GUEST_POLICY', { compatibility_mask: SNP });
  const memory = (gpa: bigint, bytes: number): IgvmHeader =>
    header('REQUIRED_MEMORY', { gpa, compatibility_mask: SNP, number_of_bytes: bytes });
  const rows: readonly (readonly [string, readonly IgvmHeader[], string])[] = [
    ['an area twice', [area, area], 'PARAMETER_AREA.parameter_area_index'],
    ['a value without an area', [put(0)], 'MADT.parameter_area_index'],
    ['a value past its area', [area, put(0x1000)], 'MADT.byte_offset'],
    ['an area inserted twice', [area, insert, insert], 'PARAMETER_INSERT.parameter_area_index'],
    ['a value behind', [area, insert, put(0)], 'MADT.parameter_area_index'],
    ['a policy twice', [policy, policy], 'GUEST_POLICY.compatibility_mask'],
    ['a vCPU twice', [vcpu(0), vcpu(0)], 'VP_CONTEXT.compatibility_mask'],
    ['half a page', [pageAt(0x1800n, {})], 'PAGE_DATA.gpa'],
    ['a page past all', [pageAt(1n << 52n, {})], 'PAGE_DATA.gpa'],
    ['a large page off its multiple', [pageAt(0x1000n, { flags: 1 })], 'PAGE_DATA.gpa'],
    ['a large page of secrets', [pageAt(0n, { flags: 1, type: 'secrets' })], 'PAGE_DATA.flags'],
    ['a flag of the future', [pageAt(0x1000n, { flags: 8 })], 'PAGE_DATA.flags'],
    [
      'a level of trust that there is not',
      [header('RELOCATABLE_REGION', { compatibility_mask: SNP, vtl: 3, relocation_region_size: 0x1000n })],
      'RELOCATABLE_REGION.vtl',
    ],
    ['memory of no page', [memory(0x1000n, 0)], 'REQUIRED_MEMORY.number_of_bytes'],
    ['memory off a page', [memory(0x1001n, 0x1000)], 'REQUIRED_MEMORY.gpa'],
  ];
  for (const [what, headers, field] of rows)
    assert.is(
      codeAndField(() => bytesOf(file(headers))),
      `IGVM_FORMAT ${field}`,
      what,
    );
  assert.is(
    codeAndField(() => bytesOf({ ...file([]), headers: [] })),
    'IGVM_FORMAT SUPPORTED_PLATFORM',
  );
});

test('platforms, initialization and directives come in this order', () => {
  const bytes = bytesOf(file([pageAt(0x1000n, {}), header('GUEST_POLICY', { compatibility_mask: SNP })]));
  assert.is(
    codeAndField(() => read(bytes)),
    'IGVM_FORMAT type',
  );
});

test('one bit in any reserved field is refused, and its place is named', () => {
  const bytes = bytesOf(everyHeader());
  let fields = 0;
  for (const one of read(bytes).headers) {
    if (one.kind === 'unknown') continue;
    const { name, fields: rows } = layoutOf(one.kind);
    for (const row of rows.filter(isReserved)) {
      fields++;
      const at = one.at + row.at + fieldSize(row.type) - 1;
      const { code, field, offset } = refusalOf(() =>
        read(resealed(bytes.map((byte, i) => (i === at ? 0x80 : byte)))),
      );
      assert.equal([code, field, Number(offset)], ['STRUCT_RESERVED', `${name}.${row.name}`, at]);
    }
  }
  assert.ok(fields >= 9);
});

test('damaged files never crash, hang, or come to another file without saying so', () => {
  const seeds = [bytesOf(file(MIXED)), bytesOf({ ...file(MIXED), version: 2 }), new Uint8Array(byHand())];
  const holds = (value: IgvmFile): void => {
    // What is accepted is a whole file: it can be written, and read again.
    assert.equal(plain(read(bytesOf(value))), plain(value));
  };
  const launch = (one: IgvmFile): void => {
    for (const loader of Object.values(IGVM_LOADERS))
      codeAndField(() => measureSnp(igvmLaunch(one, loader).plan));
  };
  fuzzParser({
    name: 'igvm',
    seeds,
    parse: ({ source }) => {
      const one = readIgvm(source);
      launch(one);
      return one;
    },
    holds,
    sparse: 'head',
    offsetless: /^(SNP_INPUT|IGVM_FORMAT SUPPORTED_PLATFORM$)/u,
  });
  fuzzParser({
    name: 'igvm-sealed',
    seeds,
    parse: ({ bytes }) => {
      const one = read(bytes.length < 32 ? bytes : resealed(bytes));
      launch(one);
      return one;
    },
    holds,
    offsetless: /^(SNP_INPUT|IGVM_FORMAT SUPPORTED_PLATFORM$)/u,
  });
});

test.run();
