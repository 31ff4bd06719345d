// SPDX-License-Identifier: Apache-2.0
// Unpacks the kernel that scripts/tcg boots into build/tcg/kernel: Debian's cloud kernel, which any distribution can
// boot that has QEMU. Nothing is installed. Its SHA-256 is checked against the pin; where the archive no longer has
// that version, apt's present one serves, checked by apt's own keys. Does nothing when it is there.
// Usage: node scripts/tcg-kernel.mjs [FILE]     FILE: linux-image-…-cloud-amd64_….deb that was brought by hand
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bring, dataOf, sha256, unpack } from './debs.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const TARGET = join(ROOT, 'build/tcg/kernel');
const PIN = {
  hash: 'e7d02b943971edcb8790e256c02cfab3bca6c3d37c1bf25392a57c71300615ee',
  path: 'pool/updates/main/l/linux-signed-amd64/linux-image-6.1.0-56-cloud-amd64_6.1.192-2_amd64.deb',
  mirrors: [
    'http://deb.debian.org/debian-security',
    'https://snapshot.debian.org/archive/debian-security/20261126T000000Z',
  ],
};
/** What depends on the present cloud kernel, of whatever version it is. */
const PRESENT = 'linux-image-cloud-amd64';
/** What the machine may load (test/helpers/src/tcg/kernel.ts) is in these. */
const PARTS = [
  './boot/vmlinuz-*',
  ...['arch/x86/kvm', 'virt', 'drivers/virtio', 'drivers/char', 'fs/fuse', 'fs/overlayfs'].map(
    (folder) => `./lib/modules/*/kernel/${folder}`,
  ),
];

/** The cloud kernel that apt knows; undefined where it knows none. */
function byApt() {
  const { stdout } = spawnSync('apt-cache', ['depends', PRESENT], { encoding: 'utf8' });
  const name = /Depends: (linux-image-\S+)/.exec(stdout ?? '')?.[1];
  if (name === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'motte-tcg-kernel-'));
  try {
    const { status } = spawnSync('apt-get', ['download', '-q', name], { cwd: folder, stdio: 'ignore' });
    const [file] = readdirSync(folder).filter((entry) => entry.endsWith('.deb'));
    return status !== 0 || file === undefined
      ? undefined
      : { name: file, bytes: readFileSync(join(folder, file)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function find() {
  try {
    return { name: basename(PIN.path), bytes: await bring(PIN) };
  } catch (error) {
    const other = byApt();
    if (other === undefined) throw error;
    return other;
  }
}

async function install(file) {
  if (file === undefined && existsSync(join(TARGET, 'SHA256'))) return;
  const deb = file === undefined ? await find() : { name: basename(file), bytes: readFileSync(file) };
  const hash = sha256(deb.bytes);
  mkdirSync(dirname(TARGET), { recursive: true });
  const fresh = mkdtempSync(`${TARGET}.`);
  try {
    unpack(dataOf(deb.bytes, deb.name), fresh, deb.name, PARTS);
    chmodSync(fresh, 0o755);
    writeFileSync(join(fresh, 'SHA256'), `${hash}\n`);
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(fresh, TARGET);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  console.error(
    `tcg-kernel: ${deb.name}, SHA-256 ${hash}${hash === PIN.hash ? '' : ' (not the pinned one)'}`,
  );
}

try {
  await install(process.argv[2]);
} catch (error) {
  console.error(`tcg-kernel: ${error.message}`);
  console.error(`  Bring ${basename(PIN.path)} from any mirror, then: node scripts/tcg-kernel.mjs FILE`);
  process.exitCode = 1;
}
