// SPDX-License-Identifier: Apache-2.0
// A Keep's plan as an IGVM file: what is read back is the plan's pages, and comes to the plan's digest.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import { bytesSource, readBytes } from '@motte/binary/source';
import { buildElf } from '@motte/elf/build';
import { PF, SHF, SHT } from '@motte/elf/constants';
import { checkExec } from '@motte/elf/exec';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import { keepIgvm } from '@motte/igvm/keep';
import { igvmLaunch } from '@motte/igvm/launch';
import { IGVM_LOADERS } from '@motte/igvm/loaders';
import { readIgvm } from '@motte/igvm/read';
import { KEEP_KVM } from '@motte/measure/profiles/keep';
import { measureSnp } from '@motte/measure/snp';
import type { PagePlan } from '@motte/plan/plan';
import type { SnpPlan } from '@motte/plan/snp/plan';
import { vmKeepPlan } from '@motte/plan/vm/keep';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { VM_MAP } from '@motte/plan/vm/map';
import { vmInfoOf } from '@motte/plan/vm/read';
import { createP384Key, snpSignerFromPem, verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { idAuth, idBlock } from '@motte/sign/snp/id-block';
import { checkIdBlock } from '@motte/sign/snp/verify';
import { codeAndField } from '@motte/test-helpers/errors';
import { haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { bytesOf } from './samples.js';

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => ((i + seed) * 29 + 3) & 0xff);

const SHIM = checkShim(
  readElf(
    buildElf({
      entry: 0x1040n,
      loads: [
        { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: bytes(0x1800, 1) },
        { vaddr: 0x3000n, flags: PF.R | PF.X, bytes: Uint8Array.of(0x0f, 0x05, 0xc3) },
        { vaddr: 0x4000n, flags: PF.R | PF.W, bytes: bytes(0x20, 3), memsz: 0x2100 },
      ],
      sections: [
        { name: '.user', type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.EXECINSTR, addr: 0x3000n, size: 3 },
      ],
    }),
  ),
);
const EXEC = checkExec(
  readElf(
    buildElf({
      entry: 0x1004n,
      loads: [
        { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: bytes(0x3900, 5) },
        // A page of zeros that the file supplies stays one that it supplies.
        { vaddr: 0x8000n, flags: PF.R | PF.W, bytes: new Uint8Array(0x1380), memsz: 0x4000 },
      ],
    }),
  ),
);

function plan(threads: number): PagePlan {
  const mode = { tee: 'snp', ...KEEP_KVM } as const;
  return vmKeepPlan({ shim: SHIM, exec: EXEC, execName: 'app', threads, memory: 64n << 20n, mode });
}

/** Every page with its type and contents. */
function pagesOf({ runs }: SnpPlan): string[] {
  return runs.flatMap(({ gpa, pages, type, bytes: source }) =>
    Array.from({ length: pages }, (_, i) => {
      const page = new Uint8Array(PAGE_SIZE);
      const from = Math.min(i * PAGE_SIZE, source.size);
      page.set(readBytes(source, from, Math.min(PAGE_SIZE, source.size - from)));
      return `${type} ${gpa + BigInt(i * PAGE_SIZE)} ${toHex(page)}`;
    }),
  );
}

test('what is read back is the plan, page by page, and has its digest', () => {
  for (const threads of [1, 3]) {
    const keep = plan(threads);
    const written = bytesOf(keepIgvm(keep, { policy: 0x30000n }));
    const read = readIgvm(bytesSource(written));
    const { plan: launched, policy, vcpus, identity } = igvmLaunch(read, IGVM_LOADERS['native-zero']);
    const expected = vmLaunchPlan(keep);
    assert.equal(pagesOf(launched), pagesOf(expected));
    assert.is(toHex(measureSnp(launched)), toHex(measureSnp(expected)));
    assert.equal([policy, vcpus, identity], [0x30000n, threads, undefined]);
    assert.equal(bytesOf(read), written, 'one form');
    assert.equal(bytesOf(keepIgvm(plan(threads), { policy: 0x30000n })), written, 'the same again');
  }
});

test('the memory that a Keep has from the start is required, and what the host shares is not in the file', () => {
  const keep = plan(2);
  const { headers } = keepIgvm(keep, { policy: 0n });
  const { pages_start: from, pages_ready: to } = vmInfoOf(keep.runs);
  const memory = headers.flatMap((one) =>
    one.kind === 'REQUIRED_MEMORY' ? [[one.values.gpa, one.values.number_of_bytes]] : [],
  );
  assert.equal(memory, [[BigInt(VM_MAP.BASE) + from, Number(to - from)]]);
  for (const one of headers)
    if (one.kind === 'PAGE_DATA' || one.kind === 'REQUIRED_MEMORY')
      assert.ok(one.values.gpa >= BigInt(VM_MAP.BASE));
});

test('loaders differ in pages of zeros alone', () => {
  const read = readIgvm(bytesSource(bytesOf(keepIgvm(plan(1), { policy: 0n }))));
  const [qemu, native, hyperv] = (['QEMU', 'native-zero', 'hyperv'] as const).map((name) =>
    igvmLaunch(read, IGVM_LOADERS[name]),
  );
  assert.ok(qemu !== undefined && native !== undefined && hyperv !== undefined);
  assert.equal(pagesOf(qemu.plan), pagesOf(hyperv.plan));
  const zeroed = pagesOf(native.plan).map((page) => page.replace(/^zero /u, 'normal '));
  assert.equal(pagesOf(qemu.plan), zeroed);
  assert.is.not(toHex(measureSnp(qemu.plan)), toHex(measureSnp(native.plan)));
});

test('an ID block comes out as firmware takes it', () => {
  const launchDigest = bytes(48, 9);
  const [id, author] = [createP384Key(), createP384Key()].map(({ privateKey }) =>
    snpSignerFromPem(privateKey),
  );
  assert.ok(id !== undefined && author !== undefined);
  const block = idBlock({ launchDigest, guestSvn: 4, policy: 0xb0000n, familyId: bytes(16, 1) });
  for (const who of [undefined, author]) {
    const auth = idAuth(block, id, who);
    const file = keepIgvm(plan(1), { policy: 0xb0000n, identity: { block, auth } });
    const { identity } = igvmLaunch(readIgvm(bytesSource(bytesOf(file))), IGVM_LOADERS.QEMU);
    assert.ok(identity !== undefined);
    assert.equal(identity, { block, auth });
    assert.is(checkIdBlock(identity.block, identity.auth, verifyP384).failed, undefined);
  }
});

test('ID blocks of other tools come back from a file as they were, to the last bit', () => {
  if (!haveVectors('snp-id-block')) return console.log('skipped: ID blocks of other tools: no vectors');
  const { deterministic_rows: rows } = vectorJson('snp-id-block', 'idblock.json') as {
    deterministic_rows: readonly { id_block: string; policy: string; id_auth_file?: string }[];
  };
  const stored = rows.filter(({ id_auth_file: name }) => name !== undefined);
  assert.is(stored.length, 2);
  const keep = plan(1);
  for (const { id_block: hex, policy, id_auth_file: name = '' } of stored) {
    const identity = { block: fromHex(hex), auth: new Uint8Array(vector('snp-id-block', name)) };
    const file = readIgvm(bytesSource(bytesOf(keepIgvm(keep, { policy: BigInt(policy), identity }))));
    assert.equal(igvmLaunch(file, IGVM_LOADERS.QEMU).identity, identity, name);
  }
});

test('only a plan for SEV-SNP has an IGVM file', () => {
  const keep = { ...plan(1), tee: 'kvm' } as const;
  assert.is(
    codeAndField(() => keepIgvm(keep, { policy: 0n })),
    'PLAN_INVALID tee',
  );
});

test.run();
