// SPDX-License-Identifier: Apache-2.0
// A Keep image where a program could stand: verified first, and used from the files that were verified.
import { MotteError } from '@motte/binary/error';
import { finish } from '@motte/binary/steps';
import type { ByteSource } from '@motte/binary/source';
import { openContainer } from '@motte/image/container/open';
import { publicKeyFromPem } from '@motte/image/dsse/keys';
import type { PublicKey } from '@motte/image/dsse/keys';
import { plannedKeep } from '@motte/image/keep';
import { verifyContainer } from '@motte/image/verify';
import type { VerifiedImage, VerifiedKeep, VerifiedSnpKeep } from '@motte/image/verify';
import type { OptionName, OptionValues } from '../grammar/options.js';
import type { InputFile } from '../io/file.js';
import { readText } from '../io/file.js';
import { withPath } from '../io/system.js';
import type { PlanTee, Prepared } from './prepare.js';

/** What an image fixes by itself. */
const FIXED: readonly OptionName[] = ['config', 'shim', 'debug'];

function refuseFixed(options: OptionValues): void {
  const given = FIXED.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new MotteError('USAGE_VALUE', {
    field: `--${given}`,
    expected: 'not to be given with an image, which has its own',
  });
}

/** The keys of `--signer`. Throws FILE_ACCESS, IMAGE_KEY. */
export function signerKeys({ signer = [] }: OptionValues): PublicKey[] {
  return signer.map((path) => publicKeyFromPem(readText(path)));
}

/** Opens and verifies an image. Throws IMAGE_*, FILE_ACCESS. */
export function verifiedImage(path: string, options: OptionValues): VerifiedImage {
  return withPath('FILE_ACCESS', path, () =>
    finish(verifyContainer(openContainer(path), { keys: signerKeys(options) })),
  );
}

/** The image's Keep for SEV-SNP. Throws TEE_UNSUPPORTED for an image that is for SGX alone. */
function vmKeep(verified: VerifiedImage, path: string): VerifiedSnpKeep {
  if (verified.snp !== undefined) return verified.snp;
  throw new MotteError('TEE_UNSUPPORTED', {
    field: path,
    expected: 'an image for SEV-SNP and KVM, too: `motte build` without --tee',
    found: 'one for SGX alone',
  });
}

/** The image's own plan for a TEE; KVM's, which no image predicts and nothing attests, is made of the same files. */
function keepOf(verified: VerifiedImage, path: string, tee: PlanTee): VerifiedKeep {
  if (tee === 'sgx') return verified.sgx;
  const keep = vmKeep(verified, path);
  if (tee === 'snp') return keep;
  const { exec, shim, settings: config, index } = keep;
  return { ...keep, ...plannedKeep({ name: verified.manifest.name, exec, shim, config, index }, tee) };
}

/** The plan of a verified image, and what it was made of. */
export function prepareImage(path: string, options: OptionValues, tee: PlanTee): Prepared {
  refuseFixed(options);
  const verified = verifiedImage(path, options);
  try {
    const keep = keepOf(verified, path, tee);
    // They close with the image.
    const part = (source: ByteSource): InputFile => ({ ...source, path, close: () => {} });
    return {
      kind: 'image',
      profile: tee === 'sgx' ? `keep-sgx${keep.settings.sgx.version}` : `keep-${tee}`,
      plan: keep.plan,
      inputs: [
        { role: 'exec', file: part(keep.exec) },
        { role: 'shim', file: part(keep.shim) },
        { role: 'config', file: part(keep.keepToml) },
      ],
      keep,
      config: keep.settings,
      ...(keep.files === undefined ? {} : { files: keep.files }),
      image: verified,
      close: () => verified.close(),
    };
  } catch (error) {
    verified.close();
    throw error;
  }
}
