// SPDX-License-Identifier: Apache-2.0
// Profiles that no vector shows: beside what the tool of their time answers.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { newSha256 } from '@motte/measure/hash';
import { CPU_TYPES } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSnp } from '@motte/measure/snp';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import { kernelHashes } from '@motte/plan/snp/kernel-hashes';
import { snpLaunchPlan } from '@motte/plan/snp/launch';
import { codeAndField } from '@motte/test-helpers/errors';
import { haveVectors, vector } from '@motte/test-helpers/vectors';

const FOLDER = 'snp-launch-ovmf';
const METADATA = 'ASEV';
const SECTION_BYTES = 12;

/** Firmware as it was before the page of hashes was one of its sections: without the last section of `image`. */
function withoutHashSection(image: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(image);
  const at = Buffer.from(bytes.buffer).indexOf(METADATA);
  const view = new DataView(bytes.buffer);
  view.setUint32(at + 4, view.getUint32(at + 4, true) - SECTION_BYTES, true);
  view.setUint32(at + 12, view.getUint32(at + 12, true) - 1, true);
  return bytes;
}

if (!haveVectors(FOLDER)) console.log(`skipped: QEMU-snp-2022: no vectors ${FOLDER} (MOTTE_VECTORS)`);
else {
  const stored = vector(FOLDER, 'syn64k.fd');
  const old = withoutHashSection(stored);
  const kernel = kernelHashes(
    {
      kernel: bytesSource(vector(FOLDER, 'kernel1.bin')),
      initrd: bytesSource(vector(FOLDER, 'initrd1.bin')),
      cmdline: 'console=ttyS0',
    },
    newSha256,
  );
  const digest = (image: Uint8Array, boots: boolean): string => {
    const source = bytesSource(image);
    const plan = snpLaunchPlan({
      image: source,
      file: 'OVMF.fd',
      firmware: readSevFirmware(source),
      profile: VMM_PROFILES['QEMU-snp-2022'],
      vcpus: { count: 2, features: 1n, signature: CPU_TYPES['EPYC-v4'] ?? 0 },
      ...(boots ? { kernel } : {}),
    });
    return toHex(measureSnp(plan));
  };

  // virtee/sev-snp-measure v0.0.4, run on the same files: --mode snp --vcpus 2 --vcpu-type EPYC-v4.
  test('QEMU of 2022 launches the hashes of a kernel first', () => {
    assert.is(
      digest(old, true),
      'a474fd5fbee4ca85e92d573471db649eca1489f6eb90ed932fc96ccce17b69557dad928c045d1872cc2af241611ee5f4',
    );
    assert.is(
      digest(old, false),
      'cd1516202d6aaf435e1368fe299b7e7a077e9638f3a39cfbdddd0ca6e1056f499c5b7c5894fd3d5d93989ff337cac790',
    );
  });

  test('and knows no firmware that has a section for them', () => {
    assert.match(
      codeAndField(() => digest(stored, true)),
      /^SNP_INPUT section type 0x10 .*: type$/u,
    );
  });
}

test.run();
