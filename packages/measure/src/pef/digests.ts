// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import { bytesSource, toSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { newSha512 } from '../hash.js';
import type { NewHasher } from '../hash.js';
import { hashPadded } from '../keystone/stream.js';
import type { OnStep } from '../transcript.js';
import { readFdt } from './fdt-read.js';
import { NodeReader, textProperty } from './fdt-shape.js';
import { writeFdt } from './fdt-write.js';

/** What the ultravisor checks before it makes a secure VM: SHA-512 of each part. */
export interface PefDigests {
  readonly rtas: Uint8Array;
  readonly kernel: Uint8Array;
  /** Bytes of the flat kernel. */
  readonly kernelSize: number;
  readonly initrd: Uint8Array;
  readonly bootargs: Uint8Array;
}

/** SHA-512 of the RTAS image that firmware gives every secure VM. open-power/svm-tools ac4e8b6, rtas_sha512. */
export const RTAS_SHA512: string =
  '189698638580422ea58a0968ecce2436daeb2c91a339c14b0ab2bc623c1649fe' +
  '274074a4a92679dc61e5528d68778ba3c82f1b1f7e9a5958238b80497fc37f48';

const DIGEST_BYTES = 64;

/** What a secure VM boots. */
export interface PefBoot {
  /** The flat image of the kernel; `flatKernel` makes it of a vmlinux. */
  readonly kernel: Uint8Array | ByteSource;
  readonly initrd: Uint8Array | ByteSource;
  readonly bootargs: string;
  /** An RTAS image other than that of which svm-tool has the digest. */
  readonly rtas?: Uint8Array | ByteSource;
}

/** How the digests are computed; each has a default. */
export interface PefDigestOptions {
  /** Starts a SHA-512; without it the platform's. */
  readonly sha512?: NewHasher;
  /** Is told of every part and its own digest, for a transcript: there is no digest of all. */
  readonly onStep?: OnStep | undefined;
}

function digestOf(source: ByteSource, newHasher: NewHasher): Uint8Array {
  const hasher = newHasher();
  hashPadded(hasher, source, source.size);
  return hasher.digest();
}

/** The digests of what a secure VM boots. Throws PEF_INPUT. */
export function pefDigests(boot: PefBoot, { sha512 = newSha512, onStep }: PefDigestOptions = {}): PefDigests {
  const kernel = toSource(boot.kernel);
  if (kernel.size === 0 || kernel.size > 0xffffffff) {
    const expected = '1 to 0xffffffff bytes';
    throw new MotteError('PEF_INPUT', { field: 'kernel', expected, found: kernel.size });
  }
  if (boot.bootargs.includes('\0'))
    throw new MotteError('PEF_INPUT', { field: 'bootargs', expected: 'no NUL', found: 'one' });
  const told = (step: string, digest: Uint8Array): Uint8Array => {
    onStep?.({ step, digest: digest.slice() });
    return digest;
  };
  const part = (name: string, source: ByteSource): Uint8Array =>
    told(`${name} ${source.size} bytes`, digestOf(source, sha512));
  return {
    rtas:
      boot.rtas === undefined
        ? told('rtas of OPAL firmware', fromHex(RTAS_SHA512))
        : part('rtas', toSource(boot.rtas)),
    kernel: part('kernel', kernel),
    kernelSize: kernel.size,
    initrd: part('initrd', toSource(boot.initrd)),
    bootargs: part('bootargs', bytesSource(new TextEncoder().encode(boot.bootargs))),
  };
}

/** The order in which svm-tool makes the properties; in the tree they stand the other way around. */
const STRINGS = ['compatible', 'algorithm', 'rtas', 'kernel', 'kernel-size', 'initrd', 'bootargs'] as const;

/** The device tree that an ESM blob seals the digests in. The caller owns it. */
export function writeDigests(digests: PefDigests): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, digests.kernelSize, false);
  const properties = [
    { name: 'bootargs', value: digests.bootargs },
    { name: 'initrd', value: digests.initrd },
    { name: 'kernel-size', value: size },
    { name: 'kernel', value: digests.kernel },
    { name: 'rtas', value: digests.rtas },
    textProperty('algorithm', 'SHA512'),
  ];
  const root = {
    name: '',
    properties: [textProperty('compatible', 'ibm,esm')],
    nodes: [{ name: 'digests', properties, nodes: [] }],
  };
  return writeFdt({ root, strings: STRINGS });
}

/** Reads the digests back. Throws FDT or ESM_DIGESTS. */
export function readDigests(bytes: Uint8Array): PefDigests {
  const root = new NodeReader(readFdt(bytes).root, '/', 'ESM_DIGESTS').only(['compatible'], ['digests']);
  root.fixed('compatible', 'ibm,esm');
  const node = root.child('digests').only(STRINGS.slice(1), []);
  node.fixed('algorithm', 'SHA512');
  const size = node.bytes('kernel-size', 4);
  return {
    rtas: node.bytes('rtas', DIGEST_BYTES),
    kernel: node.bytes('kernel', DIGEST_BYTES),
    kernelSize: new DataView(size.buffer, size.byteOffset, size.length).getUint32(0, false),
    initrd: node.bytes('initrd', DIGEST_BYTES),
    bootargs: node.bytes('bootargs', DIGEST_BYTES),
  };
}
