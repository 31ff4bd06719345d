// SPDX-License-Identifier: Apache-2.0
import { verify } from '@motte/image/verify';
import type { VerifiedImage } from '@motte/image/verify';
import { parseSigstruct, sigstructText } from '@motte/sign/sgx/sigstruct';
import type { Input, Outcome } from '../grammar/command.js';
import { interruptible } from '../image/interrupted.js';
import { entryLine, entryText } from '../image/entries.js';
import { columns, manifestText } from '../image/text.js';
import { signerKeys } from '../keep/image.js';
import { idText } from '../sign/snp.js';
import type { IdText } from '../sign/snp.js';

/** Of a SIGSTRUCT, what is not in the image already. */
function nativeText({ sgx }: VerifiedImage): object | null {
  if (sgx.sigstruct === undefined) return null;
  const { mrsigner, date, isvprodid, isvsvn } = sigstructText(parseSigstruct(sgx.sigstruct));
  return { mrsigner, date, isvprodid, isvsvn };
}

/** What the ID block of an image says, and whose key signed it. */
function identityText({ snp }: VerifiedImage): IdText | null {
  return snp?.identity === undefined ? null : idText(snp.identity.block, snp.identity.auth);
}

/** The ID block, for people, of an image that could have one. */
function identityRows(image: VerifiedImage): (readonly [string, string])[] {
  if (image.snp === undefined) return [];
  const id = identityText(image);
  if (id === null) return [['ID block', 'none: nobody signed it for SEV-SNP']];
  return [
    ['ID block', `policy ${id.policy}, svn ${id.guestSvn}`],
    ['ID key', id.idKeyDigest],
    ...(id.authorKeyDigest === null ? [] : [['author key', id.authorKeyDigest] as const]),
  ];
}

/** The files of `[[image]]`, for people: how many, and each that a Keep will have. */
function fileRows({ sgx, manifest: { files } }: VerifiedImage): (readonly [string, string])[] {
  if (files === undefined || sgx.index === undefined) return [];
  const { entries } = sgx.index;
  return [
    ['files', `${entries.length}, ${files.contents.size} bytes, index ${files.index.digest}`],
    ...entries.map((entry) => ['', entryLine(entry)] as const),
  ];
}

function rows(image: VerifiedImage): (readonly [string, string])[] {
  const { digest, manifest, signers, created, sgx, image: parts } = image;
  const native = sgx.sigstruct === undefined ? undefined : sigstructText(parseSigstruct(sgx.sigstruct));
  return [
    ['image', digest],
    ['name', manifest.name],
    ...(created === undefined ? [] : [['created', `${created}, says its builder`] as const]),
    ['exec', `${manifest.exec.digest}, ${manifest.exec.size} bytes`],
    ['Keep.toml', manifest.config.blob.digest],
    ['config id', manifest.config.configId],
    ...fileRows(image),
    ...manifest.shims.map(({ variant, blob }) => [`shim ${variant}`, blob.digest] as const),
    ...manifest.measurements.map(({ kind, value }) => [kind, `${value}, computed again`] as const),
    native === undefined
      ? ['SIGSTRUCT', 'none: nobody signed it for SGX']
      : [
          'SIGSTRUCT',
          `mrsigner ${native.mrsigner}, ${native.date}, product ${native.isvprodid}, svn ${native.isvsvn}`,
        ],
    ...identityRows(image),
    ['built by', `motte ${parts.statement.predicate.runDetails.builder.version.motte}`],
    ...(signers.length === 0
      ? [['signed by', 'nobody: who built it nobody vouches for'] as const]
      : signers.map(({ keyid }) => ['signed by', `key ${keyid}`] as const)),
  ];
}

/** `motte verify image IMAGE [--signer PUBLIC.PEM]…`: genuine or not; whose the keys are is for the reader to know. */
export async function run({ options, words: [path = ''] }: Input): Promise<Outcome> {
  const keys = signerKeys(options);
  return interruptible(async (signal) => {
    const image = await verify(path, { keys, signal });
    try {
      const { digest, manifest, signers, created, image: parts } = image;
      const result = {
        path,
        format: parts.container.format,
        digest,
        ...manifestText(manifest),
        entries: image.sgx.index?.entries.map(entryText) ?? [],
        sigstruct: nativeText(image),
        idBlock: identityText(image),
        created: created ?? null,
        signers: signers.map(({ keyid }) => keyid),
        required: keys.map(({ keyid }) => keyid),
        provenance: parts.statement,
      };
      return { result, text: columns(rows(image)) };
    } finally {
      image.close();
    }
  });
}
