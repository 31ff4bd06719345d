// SPDX-License-Identifier: Apache-2.0
// A small program, keys, and an image that both kinds of signers signed.
import { buildElf } from '@motte/elf/build';
import { PF } from '@motte/elf/constants';
import { build, imageSignerFromPem, sign } from '@motte/image';
import type { ImageSigner } from '@motte/image';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { newEcPair, newEdwardsPair } from '@motte/sign/key-pair-node';
import { snpSignerFromPem } from '@motte/sign/snp/ecdsa-node';
import { idAuth, idBlock } from '@motte/sign/snp/id-block';
import type { IdBlockInput, SnpIdentity } from '@motte/sign/snp/id-block';
import { tempFolder } from '@motte/test-helpers/temp';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where this process's files are. */
export const PLACE: string = tempFolder('motte-image');

export const at = (name: string): string => join(PLACE, name);

/** Right in form, not runnable. */
export const EXEC: Uint8Array = buildElf({
  entry: 0x1004n,
  loads: [
    {
      vaddr: 0x1000n,
      flags: PF.R | PF.X,
      bytes: Uint8Array.from({ length: 0x900 }, (_, i) => (i * 37) & 0xff),
    },
    { vaddr: 0x3e80n, flags: PF.R | PF.W, bytes: new Uint8Array(0x380).fill(7), memsz: 0x4000 },
  ],
});

export const TOML = 'args = ["a", "b"]\nmemory = "16MiB"\n';

export const execPath: string = at('program');
writeFileSync(execPath, EXEC);

interface TestKey {
  readonly pem: string;
  readonly publicPem: string;
  readonly signer: ImageSigner;
}

function keyPair(kind: 'ed25519' | 'P-256' | 'P-384'): TestKey {
  const { privateKey: pem, publicKey: publicPem } =
    kind === 'ed25519' ? newEdwardsPair(kind) : newEcPair(kind);
  return { pem, publicPem, signer: imageSignerFromPem(pem) };
}

export const KEYS: Readonly<Record<'ed25519' | 'p256' | 'p384', TestKey>> = {
  ed25519: keyPair('ed25519'),
  p256: keyPair('P-256'),
  p384: keyPair('P-384'),
};

const AUTHOR = newEcPair('P-384').privateKey;

/** The ID block of a launch, by an ID key that an author's vouches for. */
export function snpIdentity(launchDigest: Uint8Array, change: Partial<IdBlockInput> = {}): SnpIdentity {
  const block = idBlock({ launchDigest, guestSvn: 3, policy: 0x30000n, ...change });
  return { block, auth: idAuth(block, snpSignerFromPem(KEYS.p384.pem), snpSignerFromPem(AUTHOR)) };
}

/** A signer of SIGSTRUCTs: making one takes seconds, so all tests of a process share it. */
export const SGX: ReturnType<typeof developerSigner> = developerSigner(at('sgx.pem'));

export const plainImage: string = at('plain.keep');
export const signedImage: string = at('signed.keep');

await build({ exec: execPath, config: TOML, output: plainImage });
await sign(plainImage, {
  signers: [KEYS.ed25519.signer, KEYS.p384.signer],
  sgx: SGX,
  snp: snpIdentity,
  output: signedImage,
});
