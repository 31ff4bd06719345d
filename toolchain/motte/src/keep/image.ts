// SPDX-License-Identifier: Apache-2.0
// A Keep image where a program could stand: verified first, and used from the files that were verified.
import { MotteError } from '@motte/binary/error';
import { finish } from '@motte/binary/steps';
import type { ByteSource } from '@motte/binary/source';
import { openContainer } from '@motte/image/container/open';
import { publicKeyFromPem } from '@motte/image/dsse/keys';
import type { PublicKey } from '@motte/image/dsse/keys';
import { verifyContainer } from '@motte/image/verify';
import type { VerifiedImage } from '@motte/image/verify';
import { planKeep } from '@motte/plan/plan-keep';
import type { KeepTee } from '@motte/plan/plan-keep';
import type { OptionName, OptionValues } from '../grammar/options.js';
import type { InputFile } from '../io/file.js';
import { openFile, readText } from '../io/file.js';
import { withPath } from '../io/system.js';
import type { Prepared } from './prepare.js';

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

/** The plan of a verified image, and what it was made of. */
export function prepareImage(path: string, options: OptionValues): Prepared {
  refuseFixed(options);
  const verified = verifiedImage(path, options);
  const { sgx } = verified;
  // They close with the image.
  const part = (source: ByteSource): InputFile => ({ ...source, path, close: () => {} });
  return {
    kind: 'image',
    profile: `keep-sgx${sgx.settings.sgx.version}`,
    plan: sgx.plan,
    inputs: [
      { role: 'exec', file: part(sgx.exec) },
      { role: 'shim', file: part(sgx.shim) },
      { role: 'config', file: part(sgx.keepToml) },
    ],
    keep: sgx,
    config: sgx.settings,
    ...(sgx.files === undefined ? {} : { files: sgx.files }),
    image: verified,
    close: () => verified.close(),
  };
}

/**
 * The VM-based Keep of a verified image's program and configuration. The shim is the one that comes with Motte: an image
 * has, and its signers vouch for, SGX's. What is verified stays open until `close`.
 */
export function vmOfImage(prepared: Prepared, shimPath: string, tee: KeepTee): Prepared {
  const { image, ...own } = prepared;
  let shim: InputFile | undefined;
  const close = (): void => {
    shim?.close();
    prepared.close();
  };
  try {
    if (image === undefined)
      throw new MotteError('INTERNAL', { field: 'image', expected: 'a verified image' });
    const { exec, settings, index } = image.sgx;
    const { name } = image.manifest;
    const file = (shim = openFile(shimPath));
    const files = index === undefined ? {} : { index };
    const keep = planKeep({ exec, shim: file, file: name, argv0: name, config: settings, tee, ...files });
    const inputs = own.inputs.map((one) => (one.role === 'shim' ? ({ role: 'shim', file } as const) : one));
    return { ...own, profile: `keep-${tee.tee}`, plan: keep.plan, keep, inputs, close };
  } catch (error) {
    close();
    throw error;
  }
}
