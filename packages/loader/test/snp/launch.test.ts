// SPDX-License-Identifier: Apache-2.0
// The launch of an SEV-SNP Keep, by software in place of KVM and the firmware: what goes over the ioctls, the digest that
// comes of it, and each thing that a firmware refuses.
import { fromHex, toHex } from '@motte/binary/hex';
import { SEV_STATUS } from '@motte/binary/snp/firmware-status';
import { bytesSource } from '@motte/binary/source';
import { measureSnp } from '@motte/measure/snp';
import { CPUID_PAGE, CPUID_ROW } from '@motte/plan/snp/cpuid-page';
import { SNP_PAGE_TYPES, VMSA_GPA } from '@motte/plan/snp/plan';
import type { SnpPageType, SnpRun } from '@motte/plan/snp/plan';
import { SECRETS } from '@motte/plan/snp/secrets';
import { VMSA } from '@motte/plan/snp/vmsa';
import { NO_BYTES } from '@motte/plan/sources';
import { createP384Key, snpSignerFromPem } from '@motte/sign/snp/ecdsa-node';
import { idAuth, idBlock } from '@motte/sign/snp/id-block';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { goodVmsa, guest, missing, PAGE, POLICY, script } from './software.js';

const BASE = 0x1_0000_0000n;
const SOURCE = { file: 'test', section: 'test', offset: 0 };
const EIO = -5;
const EINVAL = -22;
const hex = (value: number | bigint): string => value.toString(16);
const last = (answers: readonly string[]): string => answers.at(-1) ?? '';

interface Piece {
  readonly type: SnpPageType;
  readonly pages: number;
  /** Each page has this byte; `normal` alone. */
  readonly fill: number;
}

/** A plan, and the same as the driver's commands. */
function launchOf(pieces: readonly Piece[], vcpus: number): { runs: SnpRun[]; lines: string[] } {
  const runs: SnpRun[] = [];
  const lines: string[] = [];
  let offset = 0;
  for (const { type, pages, fill } of pieces) {
    const bytes = new Uint8Array(type === 'normal' ? pages * PAGE : 0).fill(fill);
    runs.push({ gpa: BASE + BigInt(offset), pages, type, bytes: bytesSource(bytes), source: SOURCE });
    lines.push(`run ${hex(offset)} ${hex(pages)} ${SNP_PAGE_TYPES[type]}`);
    for (let at = 0; at < bytes.length; at += PAGE)
      lines.push(`page ${hex(offset + at)} ${toHex(bytes.subarray(at, at + PAGE))}`);
    offset += pages * PAGE;
  }
  for (let i = 0; i < vcpus; i++)
    runs.push({ gpa: VMSA_GPA, pages: 1, type: 'vmsa', bytes: bytesSource(goodVmsa()), source: SOURCE });
  return { runs, lines };
}

const piece: fc.Arbitrary<Piece> = fc.record({
  type: fc.constantFrom<SnpPageType>('normal', 'zero', 'unmeasured', 'secrets', 'cpuid'),
  pages: fc.integer({ min: 1, max: 4 }),
  fill: fc.integer({ min: 1, max: 255 }),
});

/** What was asked for, as a plan: each ioctl is a run, the vCPUs come last by themselves. */
function folded(answers: readonly string[], vcpus: number): Uint8Array {
  const updates = answers.filter((line) => line.startsWith('update '));
  // A call that did a part is repeated for what is left: of those that overlap, the later ones count.
  const pages = new Map<bigint, { type: number; bytes: Uint8Array }>();
  for (const line of updates) {
    const [, gfn = '', length = '', type = '', contents = ''] = line.split(' ');
    const bytes = contents === '-' ? new Uint8Array(0) : fromHex(contents, 'contents');
    for (let i = 0; i < parseInt(length, 16) / PAGE; i++)
      pages.set(BigInt(`0x${gfn}`) + BigInt(i), {
        type: parseInt(type, 16),
        bytes: bytes.slice(i * PAGE, (i + 1) * PAGE),
      });
  }
  const names = Object.entries(SNP_PAGE_TYPES) as [SnpPageType, number][];
  const runs = [...pages].map(([gfn, page]): SnpRun => {
    const [type] = names.find(([, number]) => number === page.type) ?? ['vmsa'];
    const bytes = type === 'normal' ? bytesSource(page.bytes) : NO_BYTES;
    return { gpa: gfn * BigInt(PAGE), pages: 1, type, bytes, source: SOURCE };
  });
  const states = Array.from({ length: vcpus }, (): SnpRun => ({
    gpa: VMSA_GPA,
    pages: 1,
    type: 'vmsa',
    bytes: bytesSource(goodVmsa()),
    source: SOURCE,
  }));
  return measureSnp({ tee: 'snp', runs: [...runs, ...states] });
}

if (missing !== undefined) {
  console.log(`skipped: the launch of SEV-SNP by software: ${missing} is missing; npm run build`);
} else {
  test('the firmware’s digest, the plan’s and that of the recorded ioctls are one', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        (pieces, vcpus, most) => {
          const { runs, lines } = launchOf(pieces, vcpus);
          const answers = script([
            ...guest(vcpus),
            `most ${hex(most)}`,
            ...lines,
            `launch ${hex(POLICY)} 0 ${'5a'.repeat(32)}`,
            'digest',
          ]);
          const expected = toHex(measureSnp({ tee: 'snp', runs }));
          assert.is(answers.at(-2), 'launched 0');
          assert.is(last(answers), expected);
          assert.is(toHex(folded(answers, vcpus)), expected);
          assert.ok(answers.includes(`start ${hex(POLICY)}`));
          assert.ok(answers.includes(`finish 0 0 ${'5a'.repeat(32)}`));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('pages become the guest’s: contents, zeros, secrets', () => {
    const { lines } = launchOf(
      [
        { type: 'normal', pages: 1, fill: 0x41 },
        { type: 'zero', pages: 1, fill: 0 },
        { type: 'secrets', pages: 1, fill: 0 },
      ],
      1,
    );
    const answers = script([
      ...guest(),
      'silent',
      ...lines,
      `launch ${hex(POLICY)} 0 00`,
      'peek 0 4',
      'peek 1000 4',
      'peek 2000 1000',
    ]);
    const [first, second, third] = answers.slice(-3);
    assert.equal([first, second], ['41414141', '00000000']);
    const secrets = SECRETS.read(fromHex(third ?? '', 'secrets'));
    assert.is(secrets.version, 3);
    assert.is(new Set([secrets.vmpck0, secrets.vmpck1, secrets.vmpck2, secrets.vmpck3].map(toHex)).size, 4);
  });

  const { SUCCESS, INVALID_GUEST_STATE, INVALID_PAGE_STATE, INVALID_ADDRESS, INVALID_PARAM, POLICY_FAILURE } =
    SEV_STATUS;
  const launching = ['init 2 0', `start ${hex(POLICY)}`];
  /** The commands after `guest()`, and what the last one says: the ioctl's result, the firmware's status. */
  const RULES: readonly (readonly [
    name: string,
    lines: readonly string[],
    result: number,
    status: number,
  ])[] = [
    ['START before INIT2', [`start ${hex(POLICY)}`], EINVAL, SUCCESS],
    ['UPDATE before START', ['init 2 0', 'update 100000000 1 1 0'], EIO, INVALID_GUEST_STATE],
    ['FINISH before START', ['init 2 0', 'finish'], EIO, INVALID_GUEST_STATE],
    ['INIT2 twice', ['init 2 0', 'init 2 0'], EINVAL, SUCCESS],
    ['INIT2 for a GHCB protocol that there is not', ['init 3 0'], EINVAL, SUCCESS],
    ['INIT2 with flags', ['init 2 1'], EINVAL, SUCCESS],
    ['START twice', [...launching, `start ${hex(POLICY)}`], EINVAL, SUCCESS],
    ['FINISH twice', [...launching, 'finish', 'finish'], EIO, INVALID_GUEST_STATE],
    ['UPDATE after FINISH', [...launching, 'finish', 'update 100000000 1 1 0'], EIO, INVALID_GUEST_STATE],
    ['a page', [...launching, 'update 100000000 1 1 0'], 0, SUCCESS],
    [
      'a page twice',
      [...launching, 'update 100000000 1 1 0', 'update 100000000 1 1 0'],
      EIO,
      INVALID_PAGE_STATE,
    ],
    [
      'a page within a run twice',
      [...launching, 'update 100001000 1 3 0', 'update 100000000 2 3 0'],
      EIO,
      INVALID_PAGE_STATE,
    ],
    [
      'a page that is the host’s',
      [...launching, 'own 100000000 1000 0', 'update 100000000 1 1 0'],
      EIO,
      INVALID_PAGE_STATE,
    ],
    ['a page outside of the guest', [...launching, 'update 100010000 1 1 0'], EIO, INVALID_ADDRESS],
    ['a VMSA by user space', [...launching, 'update 100000000 1 2 0'], EINVAL, SUCCESS],
    ['a type that there is not', [...launching, 'update 100000000 1 7 0'], EINVAL, SUCCESS],
    ['type 0', [...launching, 'update 100000000 1 0 0'], EINVAL, SUCCESS],
    ['UPDATE with flags', [...launching, 'update 100000000 1 1 1'], EINVAL, SUCCESS],
    ['a policy without bit 17', ['init 2 0', 'start 10000'], EINVAL, SUCCESS],
    ['a policy of one socket, which KVM refuses', ['init 2 0', 'start 120000'], EINVAL, SUCCESS],
    ['a policy with reserved bits', ['init 2 0', 'start 4020000'], EIO, POLICY_FAILURE],
    ['a policy for a later ABI', ['init 2 0', 'start 2003b'], 0, SUCCESS],
    ['a policy for ABI 1.59', ['init 2 0', 'start 2013b'], EIO, POLICY_FAILURE],
    ['a policy for ABI 2.0', ['init 2 0', 'start 20200'], EIO, POLICY_FAILURE],
  ];
  for (const [name, lines, result, status] of RULES) {
    test(`firmware: ${name}`, () => {
      assert.is(last(script([...guest(), ...lines])), `${result} ${hex(status)}`);
    });
  }

  const changed = (change: Parameters<typeof VMSA.write>[0]): string =>
    toHex(VMSA.write({ ...VMSA.read(goodVmsa()), ...change }));
  const STATES: readonly (readonly [name: string, vmsa: string])[] = [
    ['without SNPActive', changed({ sev_features: 0n })],
    ['with a feature that there is not', changed({ sev_features: 1n | (1n << 40n) })],
    ['without EFER.SVME', changed({ efer: 0xd01n })],
    ['in long mode without PAE', changed({ cr4: 0n })],
    ['CR0.NW without CR0.CD', changed({ cr0: 0xa005_0033n })],
    ['a high half in CR0', changed({ cr0: 0x1_8005_0033n })],
    ['XCR0 without x87', changed({ xcr0: 6n })],
  ];
  for (const [name, vmsa] of STATES) {
    test(`firmware: a vCPU ${name}`, () => {
      const answers = script([...guest(), `vmsa 0 ${vmsa}`, ...launching, 'finish']);
      assert.is(last(answers), `${EIO} ${hex(INVALID_PARAM)}`);
    });
  }

  test('a CPUID page beyond the CPU is corrected, shown and launched; one that is no table is not', () => {
    const cpuid = 'cpuid 1 0 830f10 1234 40000000 2';
    const row = (ecx: number): Uint8Array =>
      CPUID_ROW.write({ leaf: 1, eax: 0x830f10, ebx: 0xffff, ecx, edx: 2 });
    const page = (count: number, ecx: number): string => {
      const bytes = new Uint8Array(PAGE);
      bytes.set(CPUID_PAGE.write({ count }));
      bytes.set(row(ecx), CPUID_PAGE.size);
      return toHex(bytes);
    };
    const launch = (contents: string): string[] =>
      script([
        ...guest(),
        cpuid,
        'silent',
        'run 0 1 6',
        `page 0 ${contents}`,
        `launch ${hex(POLICY)} 0 00`,
        'peek 28 10',
      ]).slice(-2);
    const [good, goodRow] = launch(page(1, 0x40000000));
    assert.is(good, 'launched 0');
    const [corrected, correctedRow] = launch(page(1, 0x40000001));
    assert.is(corrected, 'launched 1');
    assert.is(goodRow, correctedRow);
    assert.is(goodRow, toHex(row(0x40000000).subarray(0x18, 0x28)));
    assert.match(
      launch(page(65, 0x40000000))[0] ?? '',
      /^failed SNP_LAUNCH_UPDATE of 1 pages of type 6.*INVALID_PARAM/,
    );
  });

  const HOSTILE: readonly (readonly [name: string, kind: number, updates: number, expected: RegExp])[] = [
    ['makes no progress', 1, 1000, /^failed SNP_LAUNCH_UPDATE of 1 pages of type 6.*Resource temporarily/],
    ['finds every CPUID page wrong', 2, 2, /INVALID_PARAM/],
    ['says what no firmware says', 3, 1, /status 0xbad, a status of the firmware that is not known/],
  ];
  for (const [name, kind, updates, expected] of HOSTILE) {
    test(`a kernel that ${name} ends the launch after ${updates} calls`, () => {
      const lines = [...guest(), 'silent', `hostile ${kind}`, 'run 0 1 6', `launch ${hex(POLICY)} 0 00`];
      const [said = '', count] = script([...lines, 'updates']).slice(-2);
      assert.match(said, expected);
      assert.is(count, `${updates}`);
    });
  }

  test('an ID block: its digest, policy and signatures', () => {
    const [idKey, authorKey] = [createP384Key(), createP384Key()].map(({ privateKey }) =>
      snpSignerFromPem(privateKey),
    );
    if (idKey === undefined || authorKey === undefined) throw new Error('no key');
    const { runs, lines } = launchOf([{ type: 'normal', pages: 2, fill: 7 }], 1);
    const launchDigest = measureSnp({ tee: 'snp', runs });
    const launch = (block: Uint8Array, auth: Uint8Array, flags: number): string =>
      last(
        script([
          ...guest(),
          'silent',
          ...lines,
          `launch ${hex(POLICY)} ${flags} ${'00'.repeat(32)} ${toHex(block)} ${toHex(auth)}`,
        ]),
      );
    const block = idBlock({ launchDigest, guestSvn: 3, policy: POLICY });
    const other = idBlock({
      launchDigest: launchDigest.map((byte) => byte ^ 1),
      guestSvn: 3,
      policy: POLICY,
    });
    const looser = idBlock({ launchDigest, guestSvn: 3, policy: POLICY | (1n << 19n) });
    const flip = (bytes: Uint8Array, at: number): Uint8Array => {
      const out = bytes.slice();
      out[at] = (out[at] ?? 0) ^ 1;
      return out;
    };
    const [alone, both] = [idAuth(block, idKey), idAuth(block, idKey, authorKey)];
    const ROWS: readonly (readonly [string, Uint8Array, Uint8Array, number, RegExp])[] = [
      ['by an ID key', block, alone, 1, /^launched/],
      ['by an ID key and an author key', block, both, 3, /^launched/],
      ['of another digest', other, idAuth(other, idKey), 1, /BAD_MEASUREMENT/],
      ['of another policy', looser, idAuth(looser, idKey), 1, /POLICY_FAILURE/],
      ['changed after it was signed', flip(block, 0x54), alone, 1, /BAD_SIGNATURE/],
      ['with a signature that is changed', block, flip(alone, 0x50), 1, /BAD_SIGNATURE/],
      ['of another version', flip(block, 0x51), alone, 1, /BAD_VERSION/],
      ['with a signature of the author’s that is changed', block, flip(both, 0x690), 3, /BAD_SIGNATURE/],
      ['whose author key is named and missing', block, alone, 3, /INVALID_PARAM/],
      ['with a reserved byte', block, flip(alone, 0x10), 1, /INVALID_PARAM/],
      ['for another curve', block, flip(alone, 0x240), 1, /INVALID_PARAM/],
    ];
    for (const [name, one, auth, flags, expected] of ROWS)
      assert.match(launch(one, auth, flags), expected, name);
  });

  test('PVALIDATE: once, CF the second time, and never of what is the host’s', () => {
    const answers = script([
      ...guest(),
      'pvalidate 100000000 0 1',
      'pvalidate 100000000 0 1',
      'own 100000000 1000 0',
      'own 100000000 1000 1',
      'pvalidate 100000000 0 1',
      'own 100001000 1000 0',
      'pvalidate 100001000 0 1',
      'pvalidate 100010000 0 1',
      'pvalidate 100002000 0 0',
    ]);
    assert.equal(
      answers.filter((line) => / /.test(line)),
      ['0 0', '0 1', '0 0', '1 0', '1 0', '0 1'],
    );
  });

  test('PVALIDATE of 2 MiB: all alike, or page by page', () => {
    const setup = ['setup 100000000 400 1', 'own 100000000 400000 1'];
    assert.equal(script([...setup, 'pvalidate 100000000 1 1', 'pvalidate 100000000 1 1']).slice(-2), [
      '0 0',
      '0 1',
    ]);
    assert.is(last(script([...setup, 'pvalidate 100001000 0 1', 'pvalidate 100000000 1 1'])), '6 0');
    assert.is(last(script([...setup, 'pvalidate 100001000 1 1'])), '1 0');
  });
}

test.run();
