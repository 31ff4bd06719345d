// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { messageToSign, sgxMessage, sign } from '@motte/image/sign';
import type { SignOptions } from '@motte/image/sign';
import { publicKeyFromPem } from '@motte/image/dsse/keys';
import { imageSignerFromPem, imageSignerOf } from '@motte/image/dsse/signers';
import type { ImageSigner } from '@motte/image/dsse/signers';
import { sha256 } from '@motte/measure/hash';
import { modulusFromPem, signerFromPem } from '@motte/sign/key-node';
import type { SgxSigner } from '@motte/sign/sgx/sign';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { interruptible } from '../image/interrupted.js';
import { imageOutput } from '../image/output.js';
import { manifestText } from '../image/text.js';
import { readSmall, readText } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { verifiedImage } from '../keep/image.js';
import { dateOf } from '../keep/sign.js';
import { isFirstStep, refuseWith, toSign } from '../sign/elsewhere.js';
import { identifierOf } from '../sign/identity.js';

/** What the second step takes, and the first would not look at. */
const SECOND: readonly OptionName[] = [
  'key',
  'signer',
  'id-key',
  'id-block',
  'id-auth',
  'signature-in',
  'envelope-signature-in',
  'output',
];

/** The first step of two: what is to be signed goes out, and nothing is signed. */
function firstStep(path: string, options: OptionValues): Outcome {
  refuseWith(options, ...SECOND);
  const image = verifiedImage(path, {});
  try {
    const to = options['envelope-message-out'];
    if (to !== undefined) {
      if (isFirstStep(options))
        throw new MotteError('USAGE_VALUE', {
          field: '--envelope-message-out',
          expected:
            'not to be given together with --digest-out or --message-out: a SIGSTRUCT changes what it holds',
        });
      const message = messageToSign(image);
      writeFile(to, message);
      const digest = toHex(sha256(message));
      const result = { algorithm: 'dsse', digest, digestPath: null, messagePath: to };
      return { result, text: `${digest}\n` };
    }
    const message = sgxMessage(image, dateOf(options.date));
    return toSign(sha256(message), message, 'rsa3072-pkcs1-sha256', options);
  } finally {
    image.close();
  }
}

/** Who makes the SIGSTRUCT: a key, or a signature that somebody made with it. */
function sgxSigner({ key, 'signature-in': signature }: OptionValues): SgxSigner | undefined {
  if (signature !== undefined) {
    const modulus = modulusFromPem(readSmall(needed(key, 'key')));
    return { modulus, sign: () => readSmall(signature) };
  }
  return key === undefined ? undefined : signerFromPem(readText(key));
}

/** Who signs the image. A signature that came from elsewhere is by the one key that is given with it. */
function imageSigners({ signer = [], 'envelope-signature-in': signature }: OptionValues): ImageSigner[] {
  if (signature === undefined) return signer.map((path) => imageSignerFromPem(readText(path)));
  const [one, ...more] = signer;
  if (more.length > 0)
    throw new MotteError('USAGE_VALUE', {
      field: '--signer',
      expected: 'one key for --envelope-signature-in',
    });
  return [imageSignerOf(publicKeyFromPem(readText(needed(one, 'signer'))), readSmall(signature))];
}

/** `motte sign image IMAGE [--signer KEY.PEM]… [--key SGX.PEM] [--id-key ID.PEM [--author-key AUTHOR.PEM]]`, or each in two steps. */
export async function run({ options, words: [image = ''] }: Input): Promise<Outcome> {
  if (isFirstStep(options) || options['envelope-message-out'] !== undefined) return firstStep(image, options);
  const sgx = sgxSigner(options);
  const identify = identifierOf(options, 'id-key');
  const who: SignOptions = {
    signers: imageSigners(options),
    ...(sgx === undefined ? {} : { sgx, date: dateOf(options.date) }),
    ...(identify === undefined ? {} : { snp: (digest) => identify(() => digest) }),
    ...(options.output === undefined ? {} : imageOutput(options.output, options)),
  };
  if (sgx === undefined && identify === undefined && who.signers?.length === 0)
    throw new MotteError('USAGE_VALUE', {
      field: '--signer',
      expected: 'a key: --signer, --key for SGX, or --id-key for SEV-SNP',
    });
  return interruptible(async (signal) => {
    const { path, format, digest, manifest } = await sign(image, { ...who, signal });
    return { result: { path, format, digest, ...manifestText(manifest) }, text: `${digest}\n` };
  });
}
