// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from '@motte/test-helpers/vectors';
import { COMMANDS } from '../src/grammar/commands.js';
import { OPTIONS } from '../src/grammar/options.js';
import { parseInput } from '../src/grammar/parse.js';
import { VERSION } from '../src/version.js';
import { json, motte, refusal } from './motte.js';

test('help lists every command, and each command its options', () => {
  for (const flag of ['--help', '-h', 'help']) {
    const { status, stdout, stderr } = motte([flag]);
    assert.equal([status, stderr], [0, '']);
    for (const { name } of COMMANDS) assert.match(stdout, `\n  ${name}`);
  }
  for (const command of COMMANDS) {
    const { status, stdout } = motte([...command.name.split(' '), '--help']);
    assert.is(status, 0);
    for (const name of command.options) assert.match(stdout, `--${name}`);
  }
});

test('help COMMAND is COMMAND --help, and a word that begins several lists them', () => {
  assert.is(motte(['help', 'run']).stdout, motte(['run', '--help']).stdout);
  assert.match(motte(['key', '--help']).stdout, /\n {2}key create sgx [^]*\n {2}key digest sgx FILE /);
});

test('every option is used by some command', () => {
  const used = new Set(COMMANDS.flatMap(({ options }) => options));
  assert.equal(
    Object.keys(OPTIONS).filter((name) => name !== 'help' && !used.has(name as never)),
    [],
  );
});

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'toolchain/motte/package.json'), 'utf8')) as {
    version: string;
  };
  assert.is(VERSION, version);
  assert.is(motte(['--version']).stdout, `${version}\n`);
});

for (const [line, status, talk] of [
  [[], 64, /a command is missing/],
  [['mesure'], 64, /no command motte mesure; did you mean motte measure\?/],
  [['measure'], 64, /motte measure what\? \(expected measure sgx, /],
  [['measure', 'sxg', 'f'], 64, /did you mean motte measure sgx\?/],
  [['measure', 'sgx'], 64, /takes other arguments \(expected FILE, found none\)/],
  [['measure', 'sgx', 'a', 'b'], 64, /found "a" "b"/],
  [['measure', 'sgx', 'a', '--sgx', 'b'], 64, /--sgx: .*did you mean --sgxs\?/],
  [['measure', 'sgx', 'a', '-x'], 64, /^motte: -x: /],
  [['measure', 'sgx', 'a', '--as', 'elf'], 64, /--as: .*expected exec, sgxs, plan, enclave/],
  [['measure', 'sgx', 'a', '--as'], 64, /--as: .*expected a value/],
  [['measure', 'sgx', 'a', '--config='], 64, /--config: .*found nothing/],
  [['measure', 'sgx', 'a', '--config', 'b', '--config', 'c'], 64, /--config: .*found it twice/],
  [['measure', 'sgx', 'a', '--json=1'], 64, /--json/],
  [['plan', 'a', '--tee', 'sxg'], 64, /--tee: .*did you mean sgx\?/],
  [['explain', 'A', 'B'], 64, /takes other arguments/],
  [['run', '--emulate', '--tee'], 64, /--tee: .*expected a value/],
  [['run'], 64, /takes other arguments/],
  [['run', '--nopatch', 'a'], 64, /did you mean --no-patch\?/],
  [['run', '--debug=1', 'a'], 64, /--debug: .*expected no value/],
  [['run', '--tee', 'sgx', '--tee', 'sgx', 'a'], 64, /--tee: .*found it twice/],
  [['run', '--tee=', 'a'], 64, /--tee: /],
  [['run', '--env', 'KV', 'a'], 64, /--env: .*expected K=V/],
  [['run', '--emulate=sctrict', 'a'], 64, /did you mean strict\?/],
  [
    ['run', '/nonexistent'],
    122,
    /^motte: \/nonexistent: there is no such file or folder \(ENOENT\) \[FILE_ACCESS\]\n$/,
  ],
  [['run', '--tee', 'snp', '/bin/true'], 122, /ELF_INTERP|ELF_N/],
  [['plan', '/bin/true', '--tee', 'snp'], 2, /ELF_INTERP|ELF_N/],
  [['build', '/bin/true', '-o', 'x.keep', '--tee', 'snp'], 2, /ELF_INTERP|ELF_N/],
  [['explain', 'NOPE'], 1, /there is no error code NOPE/],
  [['explain', 'ELF_NOT_PI'], 1, /did you mean ELF_NOT_PIE\?/],
] as const) {
  test(`motte ${line.join(' ')} ends with ${status} and says why in one line`, () => {
    const ran = motte(line);
    assert.is(ran.status, status, ran.stderr);
    assert.is(ran.stdout, '');
    assert.match(ran.stderr, talk);
    assert.is(ran.stderr.split('\n').length, 2);
  });
}

for (const [line, expected] of [
  [['mesure'], '64 USAGE_COMMAND'],
  [['measure', 'sgx', '/nonexistent'], '2 FILE_ACCESS /nonexistent'],
  [['measure', 'sgx', '/'], '2 FILE_ACCESS /'],
  [['measure', 'sgx', '/dev/null'], '2 FILE_ACCESS /dev/null'],
  [['measure', 'sgx', '/etc/passwd/x'], '2 FILE_ACCESS /etc/passwd/x'],
  [['measure', 'sgx', '/etc/passwd'], '2 FILE_KIND /etc/passwd'],
  [['measure', 'sgx', '/etc/passwd', '--config', '/nonexistent'], '2 FILE_ACCESS /nonexistent'],
  [['measure', 'sgx', '/etc/passwd', '--config', '/etc/passwd'], '2 KEEP_SYNTAX Keep.toml'],
  [['explain', 'NOPE'], '1 EXPLAIN_UNKNOWN CODE'],
] as const) {
  test(`motte ${line.join(' ')} --json: ${expected}`, () => assert.is(refusal(line), expected));
}

test('everything after FILE is the program’s', () => {
  const run = COMMANDS.find(({ name }) => name === 'run');
  assert.ok(run);
  for (const [line, options, file, rest] of [
    [['prog', '--tee', 'x', '-h'], {}, 'prog', ['--tee', 'x', '-h']],
    [['--emulate', 'prog', '--', 'a'], { emulate: '' }, 'prog', ['--', 'a']],
    [
      ['--emulate=strict', '--env', 'A=1', '--env=B=2 3', '--', '-p', '-q'],
      { emulate: 'strict', env: ['A=1', 'B=2 3'] },
      '-p',
      ['-q'],
    ],
    [['--stats', 'prog'], { stats: '' }, 'prog', []],
    [['--stats=f', '--tee', 'auto', 'prog', ''], { stats: 'f', tee: 'auto' }, 'prog', ['']],
    [['--tee=sgx', '0012', '1e3'], { tee: 'sgx' }, '0012', ['1e3']],
  ] as const) {
    const input = parseInput(run, line);
    assert.equal({ ...input.options }, options);
    assert.equal([input.words, input.rest], [[file], rest]);
  }
});

test('any words are an input or a usage error, by both parsers', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      '--',
      '-',
      '-o',
      '-h',
      '--help',
      '--__proto__',
      '--constructor=1',
      '--no-json',
      '-ojson',
      '--env',
    ),
    fc
      .constantFrom(...Object.keys(OPTIONS))
      .chain((name) =>
        fc.constantFrom(`--${name}`, `--${name}=x`, `--${name}=`, `--no-${name}`, `--${name}.x=1`),
      ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...COMMANDS), fc.array(word, { maxLength: 6 }), (command, argv) => {
      try {
        const { words, rest, options } = parseInput(command, argv);
        for (const text of [...words, ...rest]) assert.ok(argv.includes(text), text);
        for (const name of Object.keys(options))
          assert.ok(command.options.includes(name as never) || name === 'help');
      } catch (error) {
        assert.instance(error, MotteError, `${argv.join(' ')}: ${String(error)}`);
        assert.match((error as MotteError).code, /^USAGE_/);
      }
    }),
    fuzzParameters(300),
  );
});

test('options stand before and after the arguments, and `--` ends them', () => {
  const measure = COMMANDS.find(({ name }) => name === 'measure sgx');
  assert.ok(measure);
  const input = parseInput(measure, ['--json', '--', '--as']);
  assert.equal([input.words, { ...input.options }], [['--as'], { json: true }]);
});

test('explain says of every code what docs/errors.md says', () => {
  const { codes } = json(['explain'], 'explain') as { codes: string[] };
  const book = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  for (const code of codes) assert.match(book, `\n## ${code}\n`);
  const one = json(['explain', 'elf_not_pie'], 'explain');
  assert.is(one['code'], 'ELF_NOT_PIE');
  assert.match(
    motte(['explain', 'ELF_NOT_PIE']).stdout,
    /^ELF_NOT_PIE: .+\nFix: .+\nExit status: 2, bad input\n$/,
  );
});

test('platform info and schema keep are of their schemas', () => {
  json(['platform', 'info'], 'platform info');
  const { schema } = json(['schema', 'keep'], 'schema keep');
  assert.equal(JSON.parse(motte(['schema', 'keep']).stdout), schema);
  assert.equal(schema, JSON.parse(readFileSync(join(ROOT, 'docs/keep-toml.schema.json'), 'utf8')));
});

test.run();
