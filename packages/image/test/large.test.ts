// SPDX-License-Identifier: Apache-2.0
// An image of 1 GiB, built and verified by a process whose memory is looked at. The program is a sparse file, so that
// only the image itself takes room on the disk.
import { ROOT } from '@motte/test-helpers/vectors';
import { EHDR, PHDR } from '@motte/elf/layouts';
import { readElf } from '@motte/elf/read';
import { spawnSync } from 'node:child_process';
import { ftruncateSync, openSync, closeSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXEC, PLACE, at } from './support/samples.js';

const GIB = 2 ** 30;
const MOST_MIB = 200;

/** The sample whose last segment is made a gibibyte long: its bytes in the file are a hole. */
function largeProgram(path: string): void {
  const elf = readElf(EXEC);
  const last = elf.segments.filter(({ type }) => type === 1).at(-1);
  assert.ok(last);
  const bytes = new Uint8Array(EXEC);
  const at_ = elf.header.phoff + last.index * PHDR.size;
  assert.is(elf.header.phoff, EHDR.size);
  const values = PHDR.read(bytes, at_);
  bytes.set(PHDR.write({ ...values, p_filesz: BigInt(GIB), p_memsz: BigInt(GIB) }), at_);
  const fd = openSync(path, 'w');
  writeSync(fd, bytes);
  ftruncateSync(fd, last.offset + GIB);
  closeSync(fd);
}

const SCRIPT = `
  import { build, verify } from '@motte/image';
  const [exec, output] = process.argv.slice(1);
  let turns = 0;
  const timer = setInterval(() => turns++, 50);
  const { digest } = await build({ exec, output });
  const image = await verify(output);
  clearInterval(timer);
  console.log(JSON.stringify({
    same: image.digest === digest,
    size: image.manifest.exec.size,
    mib: Math.round(process.resourceUsage().maxRSS / 1024),
    turns,
  }));
`;

const { bavail, bsize } = statfsSync(PLACE);
if (bavail * bsize < 1.2 * GIB) {
  console.log(`skipped: an image of 1 GiB: ${PLACE} has no room for it`);
} else {
  test(`an image of 1 GiB is built and verified in less than ${MOST_MIB} MiB, and others run meanwhile`, () => {
    largeProgram(at('large'));
    const args = ['--input-type=module', '-e', SCRIPT, at('large'), at('large.keep')];
    const ran = spawnSync(process.execPath, args, {
      cwd: join(ROOT, 'packages/image/test'),
      encoding: 'utf8',
    });
    rmSync(at('large.keep'), { force: true });
    assert.is(ran.status, 0, ran.stderr);
    const { same, size, mib, turns } = JSON.parse(ran.stdout) as Record<string, number>;
    console.log(`peak ${mib} MiB, ${turns} turns of a timer`);
    assert.ok(same);
    assert.ok((size ?? 0) > GIB);
    assert.ok((mib ?? 999) < MOST_MIB, `${mib} MiB`);
    assert.ok((turns ?? 0) > 20, `${turns} turns`);
  });
}

test.run();
