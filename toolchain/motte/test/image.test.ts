// SPDX-License-Identifier: Apache-2.0
// Keep images through the whole command: built, signed in one step and in two, verified, measured, run.
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MOTTE, PLACE, json, motte, refusal } from './motte.js';

const folder = join(PLACE, 'image');
mkdirSync(folder);
const here = { cwd: folder };
const at = (name: string): string => join(folder, name);

const SHOW = `
  #include <stdio.h>
  extern char **environ;
  int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) printf("arg %s\\n", argv[i]);
    for (char **e = environ; *e; e++) printf("env %s\\n", *e);
    return 3;
  }`;

function openssl(...args: readonly string[]): string {
  const ran = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  assert.is(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

function ok(...args: readonly string[]): string {
  const ran = motte(args, here);
  assert.is(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

const compiled = spawnSync('gcc-12', ['-static-pie', '-O2', '-x', 'c', '-', '-o', at('show')], {
  input: SHOW,
});

if (compiled.status !== 0) {
  console.log('skipped: Keep images by the command: gcc-12 is not on this machine');
} else {
  writeFileSync(at('Keep.toml'), 'args = ["from", "toml"]\nmemory = "16MiB"\n[env]\nK = "v"\n');
  openssl('genpkey', '-algorithm', 'ed25519', '-out', 'ed.pem');
  openssl('pkey', '-in', 'ed.pem', '-pubout', '-out', 'ed.pub');
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'ec.pem');
  openssl('pkey', '-in', 'ec.pem', '-pubout', '-out', 'ec.pub');
  ok('key', 'create', 'sgx', '-o', 'sgx.pem');
  openssl('rsa', '-in', 'sgx.pem', '-pubout', '-out', 'sgx.pub');

  const SHOWN = ['arg show', 'arg from', 'arg toml', 'env K=v', ''].join('\n');

  test('build, sign, verify, run', () => {
    const digest = ok('build', 'show', '--config', 'Keep.toml', '-o', 'app.keep');
    assert.match(digest, /^sha256:[0-9a-f]{64}\n$/);
    assert.match(
      ok('verify', 'image', 'app.keep'),
      /SIGSTRUCT +none.*\nID block +none.*\n.*\nsigned by +nobody/,
    );
    const signed = ok('sign', 'image', 'app.keep', '--signer', 'ed.pem', '--key', 'sgx.pem');
    assert.is.not(signed, digest);
    assert.match(ok('verify', 'image', 'app.keep', '--signer', 'ed.pub'), /signed by +key [0-9a-f]{64}\n$/);
    const ran = motte(['run', '--emulate', '--signer', 'ed.pub', 'app.keep'], here);
    assert.is(ran.status, 3, ran.stderr);
    assert.is(ran.stdout, SHOWN);
    assert.match(
      ran.stderr,
      /^sgx \(emulated\) · mrenclave [0-9a-f]{8}… · .* measured · image [0-9a-f]{8}… signed by [0-9a-f]{8}…\n$/,
    );
  });

  test('the measurement that the manifest predicts is that of the Keep that runs, and of the program', () => {
    const { measurements } = json(['verify', 'image', 'app.keep'], 'verify image', here) as {
      measurements: { value: string }[];
    };
    const [predicted] = measurements;
    const stats = at('stats.json');
    assert.is(motte(['run', '--emulate', `--stats=${stats}`, 'app.keep'], here).status, 3);
    const { measurement, ended } = JSON.parse(readFileSync(stats, 'utf8')) as Record<string, unknown>;
    assert.equal([measurement, ended], [predicted?.value, 'exited']);
    assert.is(ok('measure', 'sgx', 'app.keep').trim(), measurement);
    assert.is(ok('measure', 'sgx', 'show', '--config', 'Keep.toml').trim(), measurement);
    const told = json(['measure', 'sgx', 'app.keep', '--as', 'image'], 'measure sgx', here);
    assert.equal([told['kind'], told['profile']], ['image', 'keep-sgx2']);
    const program = json(['measure', 'sgx', 'show', '--config', 'Keep.toml'], 'measure sgx', here);
    assert.equal(told['config'], program['config']);
    assert.is(json(['plan', 'app.keep'], 'plan', here)['kind'], 'image');
  });

  test('the same image for SEV-SNP: its launch digest, an ID block made here and one made elsewhere', () => {
    const digest = ok('measure', 'snp', 'app.keep').trim();
    assert.is(ok('measure', 'snp', 'show', '--config', 'Keep.toml').trim(), digest);
    ok('key', 'create', 'snp', '-o', 'id.pem', '--public', 'id.pub');
    ok('key', 'create', 'snp', '-o', 'author.pem');
    ok('build', 'show', '--config', 'Keep.toml', '-o', 'snp.keep');
    copyFileSync(at('snp.keep'), at('snp2.keep'));
    const keys = ['--author-key', 'author.pem', '--guest-svn', '7', '--image-id', 'ab'.repeat(16)];
    const here_ = ok('sign', 'image', 'snp.keep', '--id-key', 'id.pem', ...keys);
    const seen = json(['verify', 'image', 'snp.keep'], 'verify image', here);
    const [, predicted] = seen['measurements'] as { value: string }[];
    assert.is(predicted?.value, digest);
    const id = seen['idBlock'] as Record<'measurement' | 'guestSvn' | 'imageId' | 'idKeyDigest', string>;
    assert.equal([id['measurement'], id['guestSvn'], id['imageId']], [digest, 7, 'ab'.repeat(16)]);
    assert.is(`${id['idKeyDigest']}\n`, ok('key', 'digest', 'snp', 'id.pub'));
    assert.match(
      ok('verify', 'image', 'snp.keep'),
      /\nID block +policy 0x30000, svn 7\nID key +[0-9a-f]{96}\n/,
    );

    const files = ['--id-block', 'id-block', '--id-auth', 'id-auth'];
    ok('sign', 'snp', '--measurement', digest, '--key', 'id.pem', ...keys, ...files);
    assert.is(ok('sign', 'image', 'snp2.keep', ...files), here_);
    ok('sign', 'snp', '--measurement', '00'.repeat(48), '--key', 'id.pem', ...files);
    assert.match(refusal(['sign', 'image', 'snp2.keep', ...files], here), /^1 SNP_ID_OTHER ld$/);
    const lone = refusal(['sign', 'image', 'snp2.keep', '--guest-svn', '1'], here);
    assert.is(lone, '64 USAGE_VALUE --guest-svn');
    const both = refusal(['sign', 'image', 'snp2.keep', ...files, '--id-key', 'id.pem'], here);
    assert.is(both, '64 USAGE_VALUE --id-key');
  });

  test('an image for SGX alone is none for SEV-SNP and KVM', () => {
    ok('build', 'show', '--tee', 'sgx', '-o', 'sgx.keep');
    ok('measure', 'sgx', 'sgx.keep');
    assert.match(ok('verify', 'image', 'sgx.keep'), /^(?!ID block)/);
    for (const args of [
      ['measure', 'snp', 'sgx.keep'],
      ['measure', 'kvm', 'sgx.keep'],
      ['plan', '--tee', 'snp', 'sgx.keep'],
    ])
      assert.is(refusal(args, here), '6 TEE_UNSUPPORTED sgx.keep');
  });

  test('--json of each', () => {
    const built = json(['build', 'show', '--config', 'Keep.toml', '-o', 'json.keep'], 'build', here);
    const signed = json(
      ['sign', 'image', 'json.keep', '--signer', 'ec.pem', '--key', 'sgx.pem'],
      'sign image',
      here,
    );
    const seen = json(['verify', 'image', 'json.keep', '--signer', 'ec.pub'], 'verify image', here);
    assert.is(seen['digest'], signed['digest']);
    assert.equal(seen['exec'], built['exec']);
    assert.equal(seen['signers'], seen['required']);
    const { mrsigner } = seen['sigstruct'] as { mrsigner: string };
    assert.is(`${mrsigner}\n`, ok('key', 'digest', 'sgx', 'sgx.pem'));
  });

  test('a folder is an image too', () => {
    const digest = ok('build', 'show', '--config', 'Keep.toml', '-o', 'folder/');
    assert.equal(readdirSync(at('folder')).sort(), ['blobs', 'index.json', 'oci-layout']);
    assert.is(ok('build', 'show', '--config', 'Keep.toml', '-o', 'tar.keep'), digest);
    assert.is(ok('build', 'show', '--config', 'Keep.toml', '-o', 'other', '--format', 'dir'), digest);
    ok('sign', 'image', 'folder', '--signer', 'ed.pem');
    const ran = motte(['run', '--emulate', 'folder'], here);
    assert.equal([ran.status, ran.stdout], [3, SHOWN]);
    assert.match(ran.stderr, /signed by [0-9a-f]{8}… · dev-signed\n$/);
    // As docs/keep-image.md packs one.
    const tar = ['--format=ustar', '-cf', 'packed.keep', '-C', 'folder', 'blobs', 'index.json', 'oci-layout'];
    assert.is(spawnSync('tar', tar, { cwd: folder }).status, 0);
    assert.is(ok('verify', 'image', 'packed.keep'), ok('verify', 'image', 'folder'));
    ok('sign', 'image', 'folder', '--signer', 'ec.pem', '-o', 'from-folder.keep');
    assert.match(
      ok('verify', 'image', 'from-folder.keep', '--signer', 'ed.pub', '--signer', 'ec.pub'),
      /^image/,
    );
  });

  /** Signs `digest` to `sig`, as whoever has the key of the SIGSTRUCT. */
  const hsm = (): unknown =>
    openssl(...'pkeyutl -sign -inkey sgx.pem -pkeyopt digest:sha256 -in digest -out sig'.split(' '));

  test('both signatures in two steps, by keys that the command never sees', () => {
    ok('build', 'show', '-o', 'hsm.keep');
    const digest = ok('sign', 'image', 'hsm.keep', '--digest-out', 'digest', '--message-out', 'message');
    assert.is(readFileSync(at('digest')).toString('hex'), digest.trim());
    hsm();
    ok('sign', 'image', 'hsm.keep', '--signature-in', 'sig', '--key', 'sgx.pub');
    ok('sign', 'image', 'hsm.keep', '--envelope-message-out', 'message');
    openssl('pkeyutl', '-sign', '-rawin', '-inkey', 'ed.pem', '-in', 'message', '-out', 'sig');
    ok('sign', 'image', 'hsm.keep', '--envelope-signature-in', 'sig', '--signer', 'ed.pub');
    ok('sign', 'image', 'hsm.keep', '--envelope-message-out', 'message');
    openssl('dgst', '-sha256', '-sign', 'ec.pem', '-out', 'sig', 'message');
    ok('sign', 'image', 'hsm.keep', '--envelope-signature-in', 'sig', '--signer', 'ec.pub');
    ok('verify', 'image', 'hsm.keep', '--signer', 'ed.pub', '--signer', 'ec.pub');
    // The same image by keys in files: OpenSSL's ECDSA has another nonce each time, so only Ed25519 is compared.
    ok('build', 'show', '-o', 'file.keep');
    ok('sign', 'image', 'file.keep', '--key', 'sgx.pem', '--signer', 'ed.pem');
    ok('build', 'show', '-o', 'hsm2.keep');
    ok('sign', 'image', 'hsm2.keep', '--digest-out', 'digest');
    hsm();
    ok('sign', 'image', 'hsm2.keep', '--signature-in', 'sig', '--key', 'sgx.pub', '--signer', 'ed.pem');
    assert.equal(readFileSync(at('hsm2.keep')), readFileSync(at('file.keep')));
  });

  test('SOURCE_DATE_EPOCH dates what asks for a date', () => {
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    const dated = { ...here, env };
    json(['build', 'show', '-o', 'dated.keep'], 'build', dated);
    json(['sign', 'image', 'dated.keep', '--key', 'sgx.pem'], 'sign image', dated);
    const seen = json(['verify', 'image', 'dated.keep'], 'verify image', here);
    assert.is(seen['created'], '2023-11-14T22:13:20Z');
    assert.is((seen['sigstruct'] as { date: string }).date, '2023-11-14');
    assert.is(json(['verify', 'image', 'app.keep'], 'verify image', here)['created'], null);
    assert.is(
      refusal(['build', 'show', '-o', 'x.keep'], { ...here, env: { SOURCE_DATE_EPOCH: 'now' } }),
      '2 SIGSTRUCT_VALUE SOURCE_DATE_EPOCH',
    );
  });

  copyFileSync(at('show'), at('broken.keep'));
  test('what is refused', () => {
    const image = readFileSync(at('app.keep'));
    const middle = image.length >> 1;
    image[middle] = (image[middle] ?? 0) ^ 1;
    writeFileSync(at('broken.keep'), image);
    cpSync(at('folder'), at('stray'), { recursive: true });
    writeFileSync(at('stray/x'), '');
    for (const [args, said] of [
      [['verify', 'image', 'broken.keep'], '3 IMAGE_BLOB_DIGEST exec'],
      [['verify', 'image', 'app.keep', '--signer', 'ec.pub'], '3 IMAGE_SIGNER signers'],
      [['verify', 'image', 'show'], '2 IMAGE_TAR show'],
      [['verify', 'image', 'none.keep'], '2 FILE_ACCESS none.keep'],
      [['verify', 'image', 'stray'], '2 IMAGE_LAYOUT "x"'],
      [['verify', 'image', 'app.keep', '--signer', 'sgx.pub'], '2 IMAGE_KEY key'],
      [['sign', 'image', 'broken.keep', '--signer', 'ed.pem'], '3 IMAGE_BLOB_DIGEST exec'],
      [['sign', 'image', 'app.keep'], '64 USAGE_VALUE --signer'],
      [['sign', 'image', 'app.keep', '--signer', 'ed.pub'], '2 IMAGE_KEY key'],
      [['sign', 'image', 'app.keep', '--key', 'ec.pem'], '2 SIGN_KEY key'],
      [['sign', 'image', 'app.keep', '--key', 'sgx.pem', '--date', '2024-02-29'], '2 IMAGE_SIGNED SIGSTRUCT'],
      [['sign', 'image', 'app.keep', '--signature-in', 'sig'], '64 USAGE_VALUE --key'],
      [['sign', 'image', 'app.keep', '--envelope-signature-in', 'sig'], '64 USAGE_VALUE --signer'],
      [
        [
          'sign',
          'image',
          'app.keep',
          '--envelope-signature-in',
          'sig',
          '--signer',
          'ed.pub',
          '--signer',
          'ec.pub',
        ],
        '64 USAGE_VALUE --signer',
      ],
      [['sign', 'image', 'app.keep', '--digest-out', 'd', '--signer', 'ed.pem'], '64 USAGE_VALUE --signer'],
      [
        ['sign', 'image', 'app.keep', '--digest-out', 'd', '--envelope-message-out', 'm'],
        '64 USAGE_VALUE --envelope-message-out',
      ],
      [['build', 'show'], '64 USAGE_VALUE --output'],
      [['build', 'show', '-o', '-'], '64 USAGE_VALUE --output'],
      [['build', 'show', '-o', 'folder/', '--format', 'tar'], '64 USAGE_VALUE --output'],
      [['build', 'show', '-o', 'stray'], '2 FILE_EXISTS stray'],
      [['build', 'show', '-o', 'x.keep', '--name', 'a/b'], '2 IMAGE_FIELD Keep manifest: name'],
      [['build', 'none', '-o', 'x.keep'], '2 FILE_ACCESS none'],
      [['measure', 'sgx', 'app.keep', '--config', 'Keep.toml'], '64 USAGE_VALUE --config'],
      [['measure', 'sgx', 'app.keep', '--debug'], '64 USAGE_VALUE --debug'],
      [['measure', 'sgx', 'broken.keep'], '3 IMAGE_BLOB_DIGEST exec'],
      [['plan', 'app.keep', '--shim', 'show'], '64 USAGE_VALUE --shim'],
      [['measure', 'sgx', 'show', '--as', 'image'], '2 IMAGE_TAR show'],
    ] as const) {
      assert.is(refusal([...args], here), said, args.join(' '));
    }
    for (const left of ['d', 'm', 'x.keep']) assert.not.ok(existsSync(at(left)), left);
  });

  for (const [name, args, status, talk] of [
    ['a broken image', ['broken.keep'], 123, /\[IMAGE_BLOB_DIGEST\]/],
    ['an image that somebody else signed', ['--signer', 'ec.pub', 'app.keep'], 123, /\[IMAGE_SIGNER\]/],
    ['arguments that the image does not leave to the host', ['app.keep', 'x'], 122, /\[CONFIG_HOST_VALUE\]/],
    ['variables, likewise', ['--env', 'A=b', 'app.keep'], 122, /\[CONFIG_HOST_VALUE\]/],
    ['another Keep.toml', ['--config', 'Keep.toml', 'app.keep'], 64, /--config/],
    ['another shim', ['--shim', 'show', 'app.keep'], 64, /--shim/],
    ['debug', ['--debug', 'app.keep'], 64, /--debug/],
    ['another key', ['--key', 'sgx.pem', 'app.keep'], 64, /--key/],
    ['signers of a program', ['--signer', 'ed.pub', 'show'], 64, /--signer/],
  ] as const) {
    test(`run refuses ${name}`, () => {
      const ran = motte(['run', '--emulate', ...args], here);
      assert.is(ran.status, status, ran.stderr);
      assert.is(ran.stdout, '');
      assert.match(ran.stderr, talk);
    });
  }

  test('an image without a SIGSTRUCT is signed by the developer, or by --key', () => {
    ok('build', 'show', '-o', 'plain.keep');
    assert.match(motte(['run', '--emulate', 'plain.keep'], here).stderr, /signed by nobody · dev-signed\n$/);
    assert.match(
      motte(['run', '--emulate', '--key', 'sgx.pem', 'plain.keep'], here).stderr,
      /signed by nobody\n$/,
    );
  });

  test('what Keep.toml leaves to the host is the host’s', () => {
    writeFileSync(at('Host.toml'), 'args = "host"\n[env]\nV = { measured = false }\n');
    ok('build', 'show', '--config', 'Host.toml', '-o', 'host.keep');
    const ran = motte(['run', '--emulate', '--env', 'V=1', 'host.keep', 'a', '--json'], here);
    assert.is(ran.stdout, 'arg show\narg a\narg --json\nenv V=1\n');
    assert.match(ran.stderr, /args from the host/);
  });

  test('a signal in mid-build leaves nothing', async () => {
    const place = at('interrupted');
    mkdirSync(place);
    const large = at('large');
    writeFileSync(large, Buffer.concat([readFileSync(at('show')), Buffer.alloc(256 << 20)]));
    const child = spawn(process.execPath, [MOTTE, 'build', large, '-o', join(place, 'x.keep')], {
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    // The archive has begun, so that there is something to leave.
    while (readdirSync(place).length === 0 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGTERM');
    assert.is(await ended, 143);
    assert.equal(readdirSync(place), []);
  });
}

test.run();
