// SPDX-License-Identifier: Apache-2.0
// Unpacks the headers of Linux 6.12 that tests compare Motte's tables of SEV-SNP with into build/snp-headers: Debian
// 12's own are of 6.1, which has no SEV-SNP. Nothing is installed. Does nothing when they are there.
// Usage: node scripts/snp-headers.mjs [FILE]     FILE: linux-libc-dev_….deb that was brought by hand
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bring, dataOf, sha256, unpack } from './debs.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const TARGET = join(ROOT, 'build/snp-headers');
const PIN = {
  hash: '92b5dbdfb468b91d129e56cc0f361f3efbf16bf7aabf8db997b69e0d80482280',
  path: 'pool/main/l/linux/linux-libc-dev_6.12.95-1~bpo12+1_all.deb',
  mirrors: ['http://deb.debian.org/debian', 'https://snapshot.debian.org/archive/debian/20261126T000000Z'],
};
const PARTS = [
  './usr/include/linux/*',
  './usr/include/asm-generic/*',
  './usr/include/x86_64-linux-gnu/asm',
  './usr/lib/linux/uapi/x86/asm/*',
];

async function install(file) {
  if (existsSync(join(TARGET, 'SHA256'))) return;
  const bytes = file === undefined ? await bring(PIN) : readFileSync(file);
  if (sha256(bytes) !== PIN.hash) throw new Error(`${basename(file)} has another SHA-256 than ${PIN.hash}`);
  mkdirSync(dirname(TARGET), { recursive: true });
  const fresh = mkdtempSync(`${TARGET}.`);
  try {
    unpack(dataOf(bytes, basename(PIN.path)), fresh, basename(PIN.path), PARTS);
    chmodSync(fresh, 0o755);
    writeFileSync(join(fresh, 'SHA256'), `${PIN.hash}\n`);
    renameSync(fresh, TARGET);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

try {
  await install(process.argv[2]);
} catch (error) {
  console.error(`snp-headers: ${error.message}`);
  console.error(`  Bring ${basename(PIN.path)} from any mirror, then: node scripts/snp-headers.mjs FILE`);
  process.exitCode = 1;
}
