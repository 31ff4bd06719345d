// SPDX-License-Identifier: Apache-2.0
// `measure snp|seves|sev|snp:svsm|snp:ovmf-hash` and `sev-snp-measure`, over command lines whose digests the tool
// itself has computed, through the command as it is installed.
import { haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { json, MOTTE, motte, PLACE, refusal } from './motte.js';
import type { Ran } from './motte.js';

interface LaunchRow {
  readonly id: string;
  readonly argv: readonly string[];
  readonly digest?: string;
  readonly error?: string;
}

const HERE = join(PLACE, 'sev');
mkdirSync(HERE);

const inHere = (args: readonly string[]): Ran => motte(args, { cwd: HERE });
const tool = (...args: readonly string[]): Ran => inHere(['sev-snp-measure', ...args]);

test('sev-snp-measure talks about itself as the tool does', () => {
  assert.equal(tool('--version'), { status: 0, stdout: 'sev-snp-measure 0.0.13\n', stderr: '' });
  const { status, stdout } = tool('-h');
  assert.is(status, 0);
  for (const name of ['mode', 'ovmf', 'vcpus', 'dump-vmsa', 'vars-file']) assert.match(stdout, `--${name}`);
  assert.is(motte(['help', 'sev-snp-measure']).stdout, stdout);
});

test('sev-snp-measure fails with one line, and nothing on standard output', () => {
  for (const argv of [[], ['--mode', 'sev'], ['--json'], ['--mode', 'sev', '--ovmf', 'nowhere', '--json']]) {
    const { status, stdout, stderr } = tool(...argv);
    assert.ok(status !== null && status > 0);
    assert.is(stdout, '');
    assert.match(stderr, /^motte: [^\n]+\n$/u);
  }
});

/** The value of an option in a command line. */
function valueOf(argv: readonly string[], name: string): string | undefined {
  const at = argv.indexOf(`--${name}`);
  return at < 0 ? undefined : argv[at + 1];
}

/** What a row is an example of: two rows that differ in this go through different code. */
function kindOf({ argv }: LaunchRow): string {
  const vcpus = Number(valueOf(argv, 'vcpus') ?? 0);
  return [
    valueOf(argv, 'mode'),
    valueOf(argv, 'vmm-type'),
    valueOf(argv, 'guest-features'),
    vcpus > 1,
    argv.includes('--kernel'),
    argv.includes('--snp-ovmf-hash'),
  ].join(' ');
}

if (!haveVectors('snp-launch-ovmf') || !haveVectors('snp-page-lists')) {
  console.log('skipped: snp-launch-ovmf, snp-page-lists: vectors are not on this machine (MOTTE_VECTORS)');
} else {
  const { rows, files } = vectorJson('snp-launch-ovmf', 'digests.json') as {
    rows: LaunchRow[];
    files: Record<string, { stored?: string }>;
  };
  for (const [name, { stored }] of Object.entries(files))
    if (stored !== undefined) writeFileSync(join(HERE, name), vector('snp-launch-ovmf', stored));
  const stored = rows.filter(({ argv }) => files[valueOf(argv, 'ovmf') ?? '']?.stored !== undefined);
  const good = stored.filter(({ error }) => error === undefined);
  const bad = rows.filter(({ error }) => error !== undefined);
  const examples = [...new Map(good.map((row) => [kindOf(row), row])).values()];

  test('a command line of the tool has the tool’s output, and fails where it fails', () => {
    assert.ok(examples.length >= 30, `${examples.length} kinds`);
    assert.is(bad.length, 6);
    for (const { id, argv, digest } of [...examples, ...bad]) {
      const { status, stdout, stderr } = tool(...argv);
      assert.is(stdout, digest === undefined ? '' : `${digest}\n`, `${id}: ${stderr}`);
      assert.is(status === 0, digest !== undefined, id);
    }
  });

  /** A row of the tool as our own command has it. */
  const ours = ({ argv }: LaunchRow): { name: string; args: string[] } => {
    const at = argv.indexOf('--mode');
    const name = `measure ${argv[at + 1] ?? ''}`;
    return { name, args: [...name.split(' '), ...argv.slice(0, at), ...argv.slice(at + 2)] };
  };
  const example = (mode: string, ...words: readonly string[]): LaunchRow => {
    const row = stored.find(
      ({ argv, digest }) =>
        digest !== undefined && valueOf(argv, 'mode') === mode && words.every((word) => argv.includes(word)),
    );
    assert.ok(row);
    return row;
  };

  test('measure MODE takes the same options and tells of all that went in', () => {
    for (const row of [
      example('snp', '--kernel', 'QEMU'),
      example('snp', 'ec2'),
      example('snp', '--snp-ovmf-hash', '--kernel'),
      example('seves', 'gce'),
      example('sev', '--kernel'),
      example('snp:svsm'),
      example('snp:ovmf-hash'),
    ]) {
      const { name, args } = ours(row);
      assert.is(inHere(args).stdout, `${row.digest ?? ''}\n`, row.id);
      const result = json(args, name, { cwd: HERE });
      assert.equal([result['mode'], result['measurement']], [valueOf(row.argv, 'mode'), row.digest]);
      const inputs = result['inputs'] as { role: string; path: string; sha256: string }[];
      const given = ['ovmf', 'kernel', 'initrd', 'svsm'].filter((role) => row.argv.includes(`--${role}`));
      assert.equal(inputs.map(({ role }) => role).toSorted(), given.toSorted());
      for (const { path, sha256 } of inputs)
        assert.is(
          createHash('sha256')
            .update(readFileSync(join(HERE, path)))
            .digest('hex'),
          sha256,
        );
    }
  });

  test('the transcript ends with the digest', () => {
    for (const [row, first] of [
      [example('snp', '--kernel', 'QEMU'), /^[0-9a-f]{96} {2}NORMAL 0xfffff?[0-9a-f]+$/u],
      [example('seves', '--kernel'), /^[0-9a-f]{64} {2}LAUNCH_UPDATE_DATA firmware [0-9]+$/u],
      [example('sev', '--kernel'), /^[0-9a-f]{64} {2}LAUNCH_UPDATE_DATA firmware [0-9]+$/u],
    ] as const) {
      const { name, args } = ours(row);
      const lines = inHere([...args, '--transcript'])
        .stdout.trimEnd()
        .split('\n');
      assert.match(lines[0] ?? '', first);
      assert.is(lines.at(-2)?.split(' ')[0], row.digest);
      assert.is(lines.at(-1), row.digest);
      const { transcript } = json([...args, '--transcript'], name, { cwd: HERE });
      assert.is((transcript as unknown[]).length, lines.length - 1);
    }
  });

  test('--verbose, --output-format and --dump-vmsa are those of the tool', () => {
    const row = example('snp', '--kernel', 'QEMU');
    const base64 = Buffer.from(row.digest ?? '', 'hex').toString('base64');
    const wanted = `Calculated SEV_SNP guest measurement: ${base64}\n`;
    const more = ['-v', '--output-format', 'base64', '--dump-vmsa'];
    assert.is(tool(...row.argv, ...more).stdout, wanted);
    const dumped = readdirSync(HERE).filter((name) => /^vmsa[0-9]+\.bin$/u.test(name));
    assert.is(dumped.length, Number(valueOf(row.argv, 'vcpus')));
    const page = readFileSync(join(HERE, 'vmsa0.bin'));
    assert.is(page.length, 4096);
    assert.is(page.readUInt32LE(0x310), 0x800f12, 'RDX of an EPYC-v4');
    for (const name of dumped) rmSync(join(HERE, name));
    assert.is(inHere([...ours(row).args, ...more]).stdout, wanted);
    assert.equal(readFileSync(join(HERE, 'vmsa0.bin')), page);
    const plain = example('snp:ovmf-hash');
    assert.is(tool(...plain.argv, '-v', '--output-format=base64').stdout, `${plain.digest ?? ''}\n`);
  });

  const BASE = ['measure', 'snp', '--ovmf', 'syn8k.fd', '--vcpus', '1', '--vcpu-type', 'EPYC-v4'];

  test('what is no file is read to its end', () => {
    const none = inHere([...BASE, '--kernel', 'kernel1.bin']).stdout;
    for (const initrd of ['/dev/null', 'empty.bin'])
      assert.is(
        inHere([...BASE, '--kernel', 'kernel1.bin', '--initrd', initrd, '--append', '']).stdout,
        none,
      );
    const line = [process.execPath, MOTTE, ...BASE, '--kernel', '/dev/stdin'];
    const piped = spawnSync('sh', ['-c', 'printf "a kernel" | "$0" "$@"', ...line], {
      cwd: HERE,
      encoding: 'utf8',
    });
    writeFileSync(join(HERE, 'piped.bin'), 'a kernel');
    assert.is(piped.stdout, inHere([...BASE, '--kernel', 'piped.bin']).stdout);
  });

  test('features and hosts have names', () => {
    const with21 = inHere([...BASE, '--guest-features', '0x21']).stdout;
    assert.is(inHere([...BASE, '--guest-features', 'kvm-6.6']).stdout, with21);
    const old = json([...BASE, '--vmm-type', 'QEMU-linux-6.9'], 'measure snp', { cwd: HERE });
    assert.is(old['profile'], 'QEMU-linux-6.9');
    assert.is.not(old['measurement'], inHere(BASE).stdout.trim());
  });

  test('what cannot be measured is refused with the option or file', () => {
    writeFileSync(join(HERE, 'short.fd'), new Uint8Array(10));
    writeFileSync(join(HERE, 'list.json'), '{"lists": [{"name": "a", "steps": [{"type": "LAUNCH"}]}]}');
    for (const [expected, args] of [
      ['64 USAGE_VALUE --ovmf', ['measure', 'snp']],
      ['64 USAGE_VALUE --vcpus', [...BASE.slice(0, 4), '--vcpu-type', 'EPYC']],
      ['64 USAGE_VALUE --vcpus', [...BASE.slice(0, 4), '--vcpus', '0']],
      ['64 USAGE_VALUE --vcpu-type', BASE.slice(0, 6)],
      ['64 USAGE_VALUE --vcpu-type', [...BASE.slice(0, 6), '--vcpu-type', 'EPIC']],
      ['64 USAGE_VALUE --guest-features', [...BASE, '--guest-features', '0x10000000000000000']],
      ['64 USAGE_VALUE --output-format', [...BASE, '--output-format', 'HEX']],
      ['64 USAGE_VALUE --name', [...BASE, '--name', 'a']],
      ['64 USAGE_VALUE --ovmf', [...BASE, '--pages', 'list.json']],
      ['2 PAGE_LIST lists[0].steps[0].type', ['measure', 'snp', '--pages', 'list.json']],
      ['2 FILE_ACCESS nowhere', ['measure', 'sev', '--ovmf', 'nowhere']],
      ['2 FILE_ACCESS .', ['measure', 'sev', '--ovmf', '.']],
      ['2 FIRMWARE_TABLE short.fd', ['measure', 'sev', '--ovmf', 'short.fd']],
      ['2 FILE_ACCESS nowhere', [...BASE, '--kernel', 'nowhere']],
      ['2 SNP_INPUT --kernel', ['measure', 'sev', '--ovmf', 'syn64k-nohash.fd', '--kernel', 'kernel1.bin']],
    ] as const)
      assert.is(refusal(args, { cwd: HERE }), expected, args.join(' '));
  });

  test('measure snp --pages measures one list, or a line a list', () => {
    for (const name of ['lists.json', 'pages.bin'])
      writeFileSync(join(HERE, name), vector('snp-page-lists', name));
    const { lists } = vectorJson('snp-page-lists', 'lists.json') as {
      lists: { name: string; final: string; steps: unknown[] }[];
    };
    const args = ['measure', 'snp', '--pages', join(HERE, 'lists.json')];
    assert.is(motte(args).stdout, lists.map(({ name, final }) => `${name}  ${final}\n`).join(''));
    for (const { name, final, steps } of lists.slice(0, 4)) {
      assert.is(motte([...args, '--name', name]).stdout, `${final}\n`);
      const result = json([...args, '--name', name, '--transcript'], 'measure snp');
      assert.equal([result['list'], result['measurement']], [name, final]);
      assert.is((result['transcript'] as unknown[]).length, steps.length);
    }
    json(args, 'measure snp');
    assert.is(refusal([...args, '--name', 'nobody']), '64 USAGE_VALUE --name');
  });
}

test.run();
