// SPDX-License-Identifier: Apache-2.0
// Outputs are whole or not there; inputs that are wrong are refused in one line.
import { sameBytes } from '@motte/test-helpers/bytes';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { VERSION } from '../src/version.js';
import { MOTTE, PLACE, json, motte, refusal } from './motte.js';
import { SMALL_SGXS, smallSgxs } from './small-sgxs.js';

const folder = join(PLACE, 'files');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };
writeFileSync(at('small.sgxs'), smallSgxs());

test('init writes a Keep.toml, keeps the one that is there, and prints it for -', () => {
  const { content } = json(['init'], 'init', here) as { content: string };
  assert.is(readFileSync(at('Keep.toml'), 'utf8'), content);
  writeFileSync(at('Keep.toml'), 'mine');
  assert.is(refusal(['init'], here), '2 FILE_EXISTS Keep.toml');
  assert.is(readFileSync(at('Keep.toml'), 'utf8'), 'mine');
  assert.is(motte(['init', '--force'], here).status, 0);
  assert.is(readFileSync(at('Keep.toml'), 'utf8'), content);
  assert.is(motte(['init', '-o', '-'], here).stdout, content);
  assert.equal(readdirSync(folder), ['Keep.toml', 'small.sgxs']);
});

test('a key is private and never overwritten; its digest is the same from its public half', () => {
  const { mrsigner } = json(['key', 'create', 'sgx', '-o', 'key.pem'], 'key create sgx', here);
  assert.is(statSync(at('key.pem')).mode & 0o777, 0o600);
  const before = readFileSync(at('key.pem'));
  assert.is(refusal(['key', 'create', 'sgx', '-o', 'key.pem'], here), '2 FILE_EXISTS key.pem');
  sameBytes(readFileSync(at('key.pem')), before);
  assert.equal(json(['key', 'digest', 'sgx', 'key.pem'], 'key digest sgx', here), { mrsigner });
  const half = spawnSync('openssl', ['rsa', '-in', at('key.pem'), '-pubout', '-out', at('pub.pem')]);
  if (half.status !== 0) console.log('skipped: key digest of a public key: openssl did not run');
  else assert.is(motte(['key', 'digest', 'sgx', 'pub.pem'], here).stdout, `${String(mrsigner)}\n`);
  assert.is(motte(['key', 'create', 'sgx', '-o', 'key.pem', '--force'], here).status, 0);
  assert.not.equal(readFileSync(at('key.pem')), before);
  assert.is(statSync(at('key.pem')).mode & 0o777, 0o600);
});

test('a key create without -o, and a key that is none, are refused', () => {
  assert.is(refusal(['key', 'create', 'sgx']), '64 USAGE_VALUE --output');
  writeFileSync(at('no.pem'), 'no key');
  assert.is(refusal(['key', 'digest', 'sgx', 'no.pem'], here), '2 SIGN_KEY key');
});

test('an .sgxs stream’s MRENCLAVE is its SHA-256, and --sgxs writes it again', () => {
  const digest = createHash('sha256').update(smallSgxs()).digest('hex');
  const ran = motte(['measure', 'sgx', 'small.sgxs', '--sgxs', 'again.sgxs'], here);
  assert.equal([ran.stdout, ran.stderr, ran.status], [`${digest}\n`, '', 0]);
  sameBytes(readFileSync(at('again.sgxs')), smallSgxs());
  const result = json(['measure', 'sgx', 'small.sgxs'], 'measure sgx', here);
  assert.equal(result, {
    tee: 'sgx',
    kind: 'sgxs',
    profile: 'sgxs',
    version: VERSION,
    measurement: digest,
    config: null,
    pages: { measured: 32, unmeasured: 1 },
    inputs: [{ role: 'sgxs', path: 'small.sgxs', sha256: digest }],
  });
});

test('a plan of a stream is written, and measured again gives the same', () => {
  const ran = motte(['plan', 'small.sgxs', '-o', 'small.plan'], here);
  assert.equal([ran.status, ran.stdout], [0, '']);
  const digest = motte(['measure', 'sgx', 'small.sgxs'], here).stdout;
  assert.is(motte(['measure', 'sgx', 'small.plan'], here).stdout, digest);
  assert.is(motte(['measure', 'sgx', 'small.plan', '--as', 'plan'], here).stdout, digest);
  json(['plan', 'small.sgxs'], 'plan', here);
});

test('sign and verify agree, and sign again with a date gives the same bytes', () => {
  const line = ['sign', 'sgx', 'small.sgxs', '--key', 'key.pem', '--date', '2026-11-25', '-o'];
  const signed = json([...line, 'a.sig'], 'sign sgx', here);
  assert.is(motte([...line, 'b.sig'], here).status, 0);
  sameBytes(readFileSync(at('b.sig')), readFileSync(at('a.sig')));
  const { path, developer, ...rest } = signed;
  assert.equal([path, developer], ['a.sig', false]);
  assert.equal(json(['verify', 'sigstruct', 'a.sig'], 'verify sigstruct', here), rest);
  assert.is(rest['date'], '2026-11-25');
  assert.is(`${String(rest['mrenclave'])}\n`, motte(['measure', 'sgx', 'small.sgxs'], here).stdout);
});

test('the date is what is asked for, and the clock is not asked by itself', () => {
  const dateOf = (args: readonly string[], epoch: string): unknown => {
    const line = ['sign', 'sgx', 'small.sgxs', '--key', 'key.pem', '-o', 'dated.sig', ...args];
    assert.is(motte(line, { ...here, env: { SOURCE_DATE_EPOCH: epoch } }).status, 0);
    return json(['verify', 'sigstruct', 'dated.sig'], 'verify sigstruct', here)['date'];
  };
  assert.is(dateOf([], ''), '2020-01-01');
  assert.is(dateOf([], '951782400'), '2000-02-29');
  assert.is(dateOf(['--date', '2024-12-31'], '951782400'), '2024-12-31');
  const [before, found, after] = [new Date(), dateOf(['--date', 'today'], ''), new Date()];
  assert.ok([before, after].some((time) => time.toISOString().startsWith(String(found))));
  for (const bad of ['2023-02-29', 'yesterday']) {
    assert.match(
      refusal(['sign', 'sgx', 'small.sgxs', '--key', 'key.pem', '-o', 'x.sig', '--date', bad], here),
      /^2 SIGSTRUCT_VALUE/,
    );
  }
});

test('a signature is checked: one changed bit is exit 3, another length exit 2', () => {
  const bytes = readFileSync(at('a.sig'));
  bytes[0x3c0] = (bytes[0x3c0] ?? 0) ^ 1;
  writeFileSync(at('bad.sig'), bytes);
  assert.is(refusal(['verify', 'sigstruct', 'bad.sig'], here), '3 SIGSTRUCT_SIGNATURE SIGNATURE');
  writeFileSync(at('bad.sig'), bytes.subarray(1));
  assert.match(refusal(['verify', 'sigstruct', 'bad.sig'], here), /^2 SIGSTRUCT_SIZE/);
});

test('the developer key is made once, private, and refused when others can read it', () => {
  const env = { XDG_CONFIG_HOME: at('config') };
  const first = motte(['sign', 'sgx', 'small.sgxs', '-o', 'd.sig'], { ...here, env });
  assert.is(first.status, 0);
  assert.match(first.stderr, /making the developer key .*\nmotte: dev-signed/);
  const key = at('config/motte/developer-sgx.pem');
  assert.is(statSync(key).mode & 0o777, 0o600);
  const before = readFileSync(key);
  const again = motte(['sign', 'sgx', 'small.sgxs', '-o', 'd.sig'], { ...here, env });
  assert.is(again.stderr, 'motte: dev-signed; --key names another key\n');
  sameBytes(readFileSync(key), before);
  chmodSync(key, 0o644);
  assert.match(refusal(['sign', 'sgx', 'small.sgxs', '-o', 'd.sig'], { ...here, env }), /^2 DEVELOPER_KEY /);
});

test('a developer key that cannot be made is an error of its own', () => {
  for (const base of ['/proc/nowhere', '/dev/null/x']) {
    const line = ['sign', 'sgx', 'small.sgxs', '-o', 'n.sig', '--json'];
    const ran = motte(line, { ...here, env: { XDG_CONFIG_HOME: base } });
    assert.is(ran.status, 2);
    assert.match(ran.stdout, /"code":"DEVELOPER_KEY"/);
  }
});

test('two processes that make the developer key at once agree on one, and leave one file', () => {
  const sign = (name: string): string =>
    `"${process.execPath}" "${MOTTE}" sign sgx small.sgxs -o ${name}.sig`;
  const env = { ...process.env, XDG_CONFIG_HOME: at('race') };
  const ran = spawnSync('sh', ['-c', `${sign('r1')} & ${sign('r2')} & wait`], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  assert.is(ran.status, 0, ran.stderr);
  const signers = ['r1.sig', 'r2.sig'].map((name) =>
    json(['verify', 'sigstruct', name], 'verify sigstruct', here),
  );
  assert.is(signers[0]?.['mrsigner'], signers[1]?.['mrsigner']);
  assert.equal(readdirSync(at('race/motte')), ['developer-sgx.pem']);
});

for (const [name, line] of [
  ['init', ['init', '--force', '-o']],
  ['a plan', ['plan', 'small.sgxs', '-o']],
  ['a stream', ['measure', 'sgx', 'small.sgxs', '--sgxs']],
  ['a SIGSTRUCT', ['sign', 'sgx', 'small.sgxs', '--key', 'key.pem', '-o']],
  ['a key', ['key', 'create', 'sgx', '--force', '-o']],
] as const) {
  test(`${name} that cannot be written is OUTPUT_FAILED, exit 2, and leaves nothing`, () => {
    const before = readdirSync(folder);
    for (const path of ['/dev/full', '/nonexistent/x', folder, 'x'.repeat(300)]) {
      assert.is(refusal([...line, path], here), `2 OUTPUT_FAILED ${path}`);
    }
    assert.equal(readdirSync(folder), before);
  });
}

test('a full file system: the message says so, the old file stays, nothing half-written is left', () => {
  const disk = at('disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', disk]);
  if (mounted.status !== 0) {
    console.log('skipped: a full file system: mounting a tmpfs is not permitted');
    return;
  }
  try {
    writeFileSync(join(disk, 'out'), 'old');
    const ran = motte(['measure', 'sgx', 'small.sgxs', '--sgxs', 'disk/out'], here);
    assert.is(ran.status, 2);
    assert.match(ran.stderr, /^motte: disk\/out: the file system is full \(ENOSPC\) \[OUTPUT_FAILED\]\n$/);
    assert.is(ran.stdout, '');
    assert.equal(readdirSync(disk), ['out']);
    assert.is(readFileSync(join(disk, 'out'), 'utf8'), 'old');
  } finally {
    spawnSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
});

test('standard output on a full disk is an error, with a reader that has gone it is none', () => {
  const full = openSync('/dev/full', 'w');
  const ran = spawnSync(process.execPath, [MOTTE, 'explain'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  assert.is(ran.status, 2);
  assert.match(ran.stderr, /standard output: the file system is full/);
  const script = `{ "${process.execPath}" "${MOTTE}" explain; echo "status $?" >&2; } | true`;
  const piped = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.is(piped.stderr, 'status 0\n');
});

const plan = motte(['plan', 'small.sgxs'], here).stdout;
const changed = (from: RegExp, to: string): string => plan.replace(from, to);
for (const [name, content, expected] of [
  ['an empty file', '', /^2 FILE_KIND bad$/],
  ['a text', 'hello', /^2 FILE_KIND bad$/],
  ['an ELF header alone', '\x7fELF', /^2 ELF_TRUNCATED/],
  ['a stream that ends in a record', smallSgxs().subarray(0, SMALL_SGXS.size - 1), /^2 SGXS_/],
  ['a plan with a line that is no JSON', `${plan}{`, /^2 PLAN_LINE/],
  ['a plan with an unknown member', changed(/"index":0/, '"index":0,"x":1'), /^2 PLAN_LINE line 1/],
  [
    'a plan with another digest',
    changed(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000'),
    /^2 PLAN_LINE line 2/,
  ],
] as const) {
  test(`${name} is refused`, () => {
    writeFileSync(at('bad'), content, 'latin1');
    assert.match(refusal(['measure', 'sgx', 'bad'], here), expected);
    rmSync(at('bad'));
  });
}

test('a link is replaced, not written through', () => {
  writeFileSync(at('target'), 'mine');
  symlinkSync('target', at('link'));
  assert.is(motte(['init', '--force', '-o', 'link'], here).status, 0);
  assert.is(readFileSync(at('target'), 'utf8'), 'mine');
});

test.run();
