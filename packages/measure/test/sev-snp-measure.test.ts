// SPDX-License-Identifier: Apache-2.0
// The command line of sev-snp-measure: what argparse takes (each case was compared with the tool itself, release
// 0.0.13 under Python 3.11), what is refused, and what a launch of it comes to.
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { FEATURE_SETS } from '@motte/measure/profiles/guest-features';
import { CPU_TYPES } from '@motte/measure/profiles/cpu-types';
import { SEV_SNP_MEASURE } from '@motte/measure/profiles/sev-snp-measure';
import type { SevMode } from '@motte/measure/profiles/sev-snp-measure';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { readToolArgv } from '@motte/measure/sev-snp-measure/argv';
import { MOTTE_DIALECT, TOOL_DIALECT } from '@motte/measure/sev-snp-measure/dialect';
import { sevLaunch } from '@motte/measure/sev-snp-measure/launch';
import { TOOL_OPTIONS } from '@motte/measure/sev-snp-measure/options';
import type { SevOptions } from '@motte/measure/sev-snp-measure/options';
import { pythonInt } from '@motte/measure/sev-snp-measure/python-int';
import { sevRequest } from '@motte/measure/sev-snp-measure/request';
import type { SevRequest } from '@motte/measure/sev-snp-measure/request';
import { codeAndField } from '@motte/test-helpers/errors';

const BASE = ['--mode', 'sev', '--ovmf', 'f'];

for (const [line, expected] of [
  [BASE, {}],
  [['--mode=sev', '--ovmf=f'], {}],
  [['--mo', 'sev', '--ov=f'], {}],
  [['--mode', 'snp', ...BASE, '--ovmf', 'g', '--ovmf', 'f'], {}],
  [[...BASE, '--vcpus', ' +1_0 '], { vcpus: ' +1_0 ' }],
  [[...BASE, '--vcpus', '-1'], { vcpus: '-1' }],
  [[...BASE, '--vcpu-t', 'EPYC'], { 'vcpu-type': 'EPYC' }],
  [[...BASE, '--append', ''], { append: '' }],
  [[...BASE, '--append='], { append: '' }],
  [[...BASE, '--append=a=b --c'], { append: 'a=b --c' }],
  [[...BASE, '--append', '-a b'], { append: '-a b' }],
  [[...BASE, '--append', '-1.5'], { append: '-1.5' }],
  [[...BASE, '--append', '-'], { append: '-' }],
  [[...BASE, '--append', '--zz=a b'], { append: '--zz=a b' }],
  [[...BASE, '--dump-vmsa', '--dump'], { 'dump-vmsa': true }],
] as const) {
  test(`taken: ${line.join(' ')}`, () => {
    const call = readToolArgv(line);
    assert.ok(call.kind === 'measure');
    assert.equal([call.mode, call.options], ['sev', { ovmf: 'f', ...expected }]);
    assert.equal([call.format, call.verbose], ['hex', false]);
  });
}

for (const [line, kind, verbose] of [
  [['--help'], 'help', false],
  [['-vh'], 'help', false],
  [['--h', '--mode', 'x'], 'help', false],
  [['--vers'], 'version', false],
  [['--version', '--vcpus', 'x'], 'version', false],
  [['-vv', ...BASE], 'measure', true],
  [['-v=v', ...BASE], 'measure', true],
  [['--verb', ...BASE], 'measure', true],
] as const) {
  test(`${line.join(' ')} asks for ${kind}`, () => {
    const call = readToolArgv(line);
    assert.equal([call.kind, 'verbose' in call && call.verbose], [kind, verbose]);
  });
}

for (const [line, expected] of [
  [[], 'USAGE_VALUE --mode'],
  [['--mode', 'sev'], 'USAGE_VALUE --ovmf'],
  [['--mode', 'SEV', '--ovmf', 'f'], 'USAGE_VALUE --mode'],
  [[...BASE, 'x'], 'USAGE_ARGUMENTS'],
  [[...BASE, '--'], 'USAGE_ARGUMENTS'],
  [[...BASE, '--bogus'], 'USAGE_ARGUMENTS'],
  [[...BASE, '-x'], 'USAGE_ARGUMENTS'],
  [['--vcpu', '1', ...BASE], 'USAGE_OPTION --vcpu'],
  [['--help', '--ver'], 'USAGE_OPTION --ver'],
  [['--vcpus', 'x', '--help'], 'USAGE_VALUE --vcpus'],
  [['-vx', '--help'], 'USAGE_VALUE -v'],
  [['-v=', ...BASE], 'USAGE_VALUE -v'],
  [['--dump-vmsa=1', ...BASE], 'USAGE_VALUE --dump-vmsa'],
  [[...BASE, '--append'], 'USAGE_VALUE --append'],
  [[...BASE, '--append', '-a'], 'USAGE_VALUE --append'],
  [[...BASE, '--append', '--k=a b'], 'USAGE_VALUE --append'],
  [[...BASE, '--kernel', '--', 'k'], 'USAGE_VALUE --kernel'],
  [[...BASE, '--vcpus', '0x2'], 'USAGE_VALUE --vcpus'],
  [[...BASE, '--vcpu-sig', '077'], 'USAGE_VALUE --vcpu-sig'],
  [[...BASE, '--guest-features', 'kvm'], 'USAGE_VALUE --guest-features'],
  [[...BASE, '--vcpu-type', 'constructor'], 'USAGE_VALUE --vcpu-type'],
  [[...BASE, '--output-format', 'HEX'], 'USAGE_VALUE --output-format'],
  [[...BASE, '--vars-size', '1', '--vars-file', 'v'], 'USAGE_VALUE --vars-file'],
] as const) {
  test(`refused: ${line.join(' ')}`, () =>
    assert.is(
      codeAndField(() => readToolArgv(line)),
      expected,
    ));
}

test('numbers are those of Python', () => {
  for (const [text, ten, any] of [
    ['12', 12n, 12n],
    [' -1_0\n', -10n, -10n],
    ['+7', 7n, 7n],
    ['007', 7n, undefined],
    ['0_0', 0n, 0n],
    ['0x_1F', undefined, 31n],
    ['-0O17', undefined, -15n],
    ['0b1_1', undefined, 3n],
    ['1__0', undefined, undefined],
    ['1_', undefined, undefined],
    ['0x', undefined, undefined],
    ['', undefined, undefined],
    ['1.0', undefined, undefined],
    ['9'.repeat(4301), undefined, undefined],
  ] as const) {
    assert.is(pythonInt(text, 10), ten, text);
    assert.is(pythonInt(text, 0), any, text);
  }
});

test('any words are a call or a usage error', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom(
      '--',
      '-',
      '-v',
      '-vh',
      '-h',
      '--=x',
      '--__proto__',
      '-1',
      'sev',
      'snp',
      'EPYC',
      '0x1',
      ' ',
    ),
    fc
      .tuple(
        fc.constantFrom(...Object.keys(TOOL_OPTIONS)),
        fc.nat(12),
        fc.constantFrom('', '=', '=1', '=a b'),
      )
      .map(([name, cut, tail]) => `--${name.slice(0, name.length - cut)}${tail}`),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 10 }), fc.boolean(), (argv, based) => {
      try {
        const call = readToolArgv(based ? [...BASE, ...argv] : argv);
        if (call.kind !== 'measure') return;
        for (const dialect of [TOOL_DIALECT, MOTTE_DIALECT]) sevRequest(call.mode, call.options, dialect);
      } catch (error) {
        assert.instance(error, MotteError, `${argv.join(' ')}: ${String(error)}`);
        assert.match((error as MotteError).code, /^USAGE_/u);
      }
    }),
    fuzzParameters(2000),
  );
});

const SNP: SevOptions = { ovmf: 'f', vcpus: '2', 'vcpu-type': 'EPYC-v4' };

function vcpus(options: SevOptions, dialect = TOOL_DIALECT): unknown {
  const request = sevRequest('snp', { ...SNP, ...options }, dialect);
  return 'vcpus' in request ? request.vcpus : undefined;
}

test('numbers that fit no field are cut as the tool cuts them, and refused by us', () => {
  const base = { count: 2, signature: 0x800f12, features: 1n };
  const parts = (family: string, model: string, stepping: string): SevOptions => ({
    'vcpu-family': family,
    'vcpu-model': model,
    'vcpu-stepping': stepping,
  });
  for (const [options, cut, field] of [
    [{ vcpus: '0' }, { count: 0 }, '--vcpus'],
    [{ vcpus: '-3' }, { count: 0 }, '--vcpus'],
    [{ 'guest-features': '-1' }, { features: (1n << 64n) - 1n }, '--guest-features'],
    [{ 'guest-features': '0x10000000000000021' }, { features: 0x21n }, '--guest-features'],
    [{ 'vcpu-sig': '-1' }, { signature: (1n << 64n) - 1n }, '--vcpu-sig'],
    [parts('271', '0', '0'), { signature: 0xf00 }, '--vcpu-family'],
    [parts('23', '257', '2'), { signature: 0x800f12 }, '--vcpu-model'],
    [parts('23', '1', '18'), { signature: 0x800f12 }, '--vcpu-stepping'],
  ] as const) {
    assert.equal(vcpus(options), { ...base, ...cut });
    assert.is(
      codeAndField(() => vcpus(options, MOTTE_DIALECT)),
      `USAGE_VALUE ${field}`,
    );
  }
  assert.equal(vcpus(parts('0', '0', '0')), { ...base, signature: 0 });
  assert.equal(vcpus({ 'vcpu-sig': '0' }), { ...base, signature: 0n });
  assert.equal(vcpus({ ...parts('25', '1', '1'), 'vcpu-sig': '5' }), { ...base, signature: 0xa00f11 });
});

test('features have names, by which host gives them', () => {
  for (const [name, { features, source }] of Object.entries(FEATURE_SETS)) {
    assert.equal(vcpus({ 'guest-features': name }, MOTTE_DIALECT), {
      count: 2,
      signature: 0x800f12,
      features,
    });
    assert.match(source, /vector/u, 'which vector shows it, or that there is none');
  }
  assert.equal([FEATURE_SETS.kvm.features, FEATURE_SETS['kvm-6.6'].features], [0x1n, 0x21n]);
});

const ALL: SevOptions = { ...SNP, svsm: 's', 'vars-size': '4096' };

for (const [name, mode, change, field] of [
  ['no firmware', 'snp', { ovmf: '' }, 'ovmf'],
  ['an initrd without a kernel', 'snp', { initrd: 'i' }, 'kernel'],
  ['a command line without a kernel', 'sev', { append: 'a' }, 'kernel'],
  ['a VMM that is none', 'sev', { 'vmm-type': 'xen' }, 'vmm-type'],
  ['the SVSM as a VMM', 'snp', { 'vmm-type': 'SVSM' }, 'vmm-type'],
  ['a member of every object', 'snp', { 'vmm-type': 'toString' }, 'vmm-type'],
  ['a CPU type that is none', 'snp', { 'vcpu-type': 'valueOf' }, 'vcpu-type'],
  ['no CPU type, with QEMU', 'snp', { 'vcpu-type': '' }, 'vcpu-type'],
  ['a family alone', 'snp', { 'vcpu-family': '23' }, 'vcpu-model'],
  ['no stepping', 'snp', { 'vcpu-family': '23', 'vcpu-model': '1' }, 'vcpu-stepping'],
  ['a family below zero', 'snp', { 'vcpu-family': '-1' }, 'vcpu-family'],
  ['more vCPUs than KVM makes', 'snp', { vcpus: '4097' }, 'vcpus'],
  ['a short digest', 'snp', { 'snp-ovmf-hash': '00'.repeat(47) }, 'snp-ovmf-hash'],
  ['no hex', 'snp', { 'snp-ovmf-hash': 'zz'.repeat(48) }, 'snp-ovmf-hash'],
  ['space within a byte', 'snp', { 'snp-ovmf-hash': '0 0'.repeat(48) }, 'snp-ovmf-hash'],
  ['a digest of firmware for SEV', 'sev', { 'snp-ovmf-hash': '00'.repeat(48) }, 'snp-ovmf-hash'],
  ['VMSAs of SEV', 'sev', { 'dump-vmsa': true }, 'dump-vmsa'],
  ['an SVSM on EC2', 'snp:svsm', { 'vmm-type': 'ec2' }, 'vmm-type'],
  ['no SVSM', 'snp:svsm', { svsm: '' }, 'svsm'],
  ['no variable store', 'snp:svsm', { 'vars-size': '0' }, 'vars-size'],
  ['two of them', 'snp:svsm', { 'vars-file': 'v' }, 'vars-size'],
] as const satisfies readonly (readonly [string, SevMode, SevOptions, string])[]) {
  for (const dialect of [TOOL_DIALECT, MOTTE_DIALECT])
    test(`refused: ${name}`, () =>
      assert.is(
        codeAndField(() => sevRequest(mode, { ...ALL, ...change }, dialect)),
        `USAGE_VALUE --${field}`,
      ));
}

test('what is empty was not given, and what a mode does not use does not matter', () => {
  const empty = { kernel: '', initrd: '', append: '', 'snp-ovmf-hash': '' };
  const request = sevRequest('snp', { ...SNP, ...empty }, TOOL_DIALECT) as SevRequest & { mode: 'snp' };
  assert.equal([request.boot, request.start], [undefined, undefined]);
  const line = { ovmf: 'f', 'vmm-type': '?', initrd: 'i', 'dump-vmsa': true } as const;
  assert.equal(sevRequest('snp:ovmf-hash', line, TOOL_DIALECT), { mode: 'snp:ovmf-hash', ovmf: 'f' });
  const spaced = sevRequest('snp', { ...SNP, 'snp-ovmf-hash': ' AB'.repeat(48) }, TOOL_DIALECT);
  assert.is(toHex((spaced as typeof request).start ?? new Uint8Array()), 'ab'.repeat(48));
});

test('firmware that cannot be launched is refused with its path', () => {
  const files: Readonly<Record<string, Uint8Array>> = {
    none: new Uint8Array(0x31),
    bare: new Uint8Array(0x1000),
    odd: new Uint8Array(0x1001),
  };
  const launch = (mode: SevMode, options: SevOptions): unknown =>
    sevLaunch(sevRequest(mode, { ...SNP, ...options }, TOOL_DIALECT), (path) =>
      bytesSource(files[path] ?? new Uint8Array()),
    );
  for (const [mode, options, expected] of [
    ['sev', { ovmf: 'none' }, 'FIRMWARE_TABLE none'],
    ['snp', { ovmf: 'bare' }, 'SNP_INPUT bare'],
    ['seves', { ovmf: 'bare' }, 'SNP_INPUT bare'],
    ['sev', { ovmf: 'bare', kernel: 'k' }, 'SNP_INPUT --kernel'],
    ['snp:ovmf-hash', { ovmf: 'odd' }, 'SNP_INPUT odd'],
    ['snp:svsm', { ovmf: 'bare', svsm: 'bare', 'vars-size': '5000' }, 'SNP_INPUT --vars-size'],
    ['snp:svsm', { ovmf: 'bare', svsm: 'bare', 'vars-file': 'odd' }, 'SNP_INPUT odd'],
    ['snp:svsm', { ovmf: 'bare', svsm: 'bare', 'vars-size': '4096' }, 'SNP_INPUT bare'],
  ] as const)
    assert.is(
      codeAndField(() => launch(mode, options)),
      expected,
    );
});

test('the names of the tool are names of ours', () => {
  for (const name of SEV_SNP_MEASURE.vmmTypes) assert.ok(Object.hasOwn(VMM_PROFILES, name), name);
  for (const name of SEV_SNP_MEASURE.cpuTypes) assert.ok(Object.hasOwn(CPU_TYPES, name), name);
  for (const { source } of Object.values(VMM_PROFILES)) assert.match(source, /vector/u);
});

test.run();
