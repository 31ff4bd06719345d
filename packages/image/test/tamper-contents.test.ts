// SPDX-License-Identifier: Apache-2.0
// What is done to the contents of an image, and the code that verifying it ends with.
import { MotteError } from '@motte/binary/error';
import { publicKeyFromPem, verify } from '@motte/image';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { forge, partsOf, reseal } from './support/forge.js';
import { KEYS } from './support/samples.js';
import {
  enc,
  files,
  flip,
  flipBlob,
  holds,
  identity,
  keep,
  part,
  sigstruct,
  statement,
  testRows,
} from './support/tamper.js';
import type { Json } from './support/forge.js';
import type { Row } from './support/tamper.js';

const ROWS: readonly Row[] = [
  ['nothing', () => {}, 'accepted'],
  ['everything sealed again', part(() => {}), 'accepted'],

  // one byte of each blob
  ['a byte of the exec', flipBlob(holds('\x7fELF'), 0x1010), 'IMAGE_BLOB_DIGEST', /^exec$/],
  [
    'a byte of the shim',
    (p) => flipBlob((b) => b.length === p.shim.length, 0x2000)(p),
    'IMAGE_BLOB_DIGEST',
    /^shim sgx2$/,
  ],
  [
    'a byte of the VM’s shim',
    (p) => flipBlob((b) => b.length === p.vmShim.length, 0x2000)(p),
    'IMAGE_BLOB_DIGEST',
    /^shim vm$/,
  ],
  ['a byte of the ID block', flipBlob((b) => b.length === 96, 60), 'IMAGE_BLOB_DIGEST', /^ID block$/],
  [
    'a byte of the ID authentication',
    flipBlob((b) => b.length === 4096, 60),
    'IMAGE_BLOB_DIGEST',
    /^ID authentication$/,
  ],
  ['a byte of Keep.toml', flipBlob(holds('args'), 9), 'IMAGE_BLOB_DIGEST', /^Keep.toml$/],
  ['a byte of the SIGSTRUCT', flipBlob((b) => b.length === 1808, 1000), 'IMAGE_BLOB_DIGEST', /^SIGSTRUCT$/],
  ['a byte of the Keep manifest', flipBlob(holds('{"version"')), 'IMAGE_BLOB_DIGEST', /^Keep manifest$/],
  [
    'a byte of the OCI manifest',
    flipBlob(holds('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest'), 300),
    'IMAGE_BLOB_DIGEST',
    /^OCI manifest$/,
  ],
  ['a byte of the provenance', flipBlob(holds('{"_type"')), 'IMAGE_BLOB_DIGEST', /^provenance$/],
  ['a byte of the envelope', flipBlob(holds('{"payloadType"'), 100), 'IMAGE_BLOB_DIGEST', /^DSSE envelope$/],
  ['a byte of a key', flipBlob(holds('-----BEGIN'), 60), 'IMAGE_BLOB_DIGEST', /^signer/],
  [
    'a byte of oci-layout',
    files((f) => void f.set('oci-layout', enc('{"imageLayoutVersion":"1.0.1"}'))),
    'IMAGE_FIELD',
    /^oci-layout: imageLayoutVersion$/,
  ],

  // the same bytes, sealed again by whoever has no key but the signers’
  [
    'another exec, nothing else',
    part((p) => (p.exec = flip(p.exec, p.exec.length - 1))),
    'IMAGE_MEASUREMENT',
    /value/,
  ],
  [
    'another Keep.toml',
    part((p) => (p.toml = enc('args = ["x"]\nmemory = "16MiB"\n'))),
    'IMAGE_MEASUREMENT',
    /configId/,
  ],
  ['another argv[0]', keep((k) => (k.name = 'other')), 'IMAGE_PROVENANCE'],
  [
    'another argv[0], everywhere',
    (p) => {
      p.keep.name = 'other';
      p.statement.subject[0].name = 'other';
      p.statement.predicate.buildDefinition.externalParameters.name = 'other';
      reseal(p);
    },
    'IMAGE_MEASUREMENT',
    /configId/,
  ],
  [
    'another measurement',
    keep((k) => (k.measurements[0].value = '00'.repeat(32))),
    'IMAGE_MEASUREMENT',
    /value/,
  ],
  [
    'another launch digest',
    keep((k) => (k.measurements[1].value = '00'.repeat(48))),
    'IMAGE_MEASUREMENT',
    /^measurements\.1\.value$/,
  ],
  [
    'another number of vCPUs',
    keep((k) => (k.measurements[1].parameters.vcpus = 2)),
    'IMAGE_MEASUREMENT',
    /vcpus$/,
  ],
  ['another VMM', keep((k) => (k.measurements[1].parameters.vmm = 'qemu')), 'IMAGE_MEASUREMENT', /vmm$/],
  [
    'another shim for the VM, nothing else',
    part((p) => (p.vmShim = flip(p.vmShim, 0x2000))),
    'IMAGE_MEASUREMENT',
    /^measurements\.1\.value$/,
  ],
  [
    'the other layout',
    keep((k) => (k.measurements[0].parameters.version = 1)),
    'IMAGE_MEASUREMENT',
    /version/,
  ],
  [
    'another variant of the shim',
    (p) => {
      p.keep.shims[0].variant = 'sgx1';
      reseal(p);
    },
    'IMAGE_PROVENANCE',
  ],
  ['two measurements', keep((k) => k.measurements.push({ ...k.measurements[0] })), 'IMAGE_CANONICAL'],
  [
    'no SIGSTRUCT in the manifest, one in the layers',
    keep((k) => delete k.measurements[0].signature),
    'IMAGE_CANONICAL',
    /OCI manifest/,
  ],
  [
    'a measurement of another TEE',
    keep((k) =>
      k.measurements.push({
        tee: 'keystone',
        kind: 'enclave-hash',
        algorithm: 'sha3-512',
        value: '00'.repeat(64),
      }),
    ),
    'IMAGE_TEE',
  ],
  [
    'a launch digest before MRENCLAVE',
    (p) => {
      p.keep.measurements.reverse();
      p.editOci = (made) => {
        const at = made.layers.findIndex((one: Json) => one.mediaType.endsWith('sigstruct.v1'));
        const [sigstructLayer] = made.layers.splice(at, 1);
        made.layers.splice(at + 2, 0, sigstructLayer);
        return made;
      };
      reseal(p);
    },
    'IMAGE_MEASUREMENT',
    /^measurements$/,
  ],
  ['Keep.toml that is not UTF-8', part((p) => (p.toml = Uint8Array.of(0xff))), 'KEEP_SYNTAX'],
  ['Keep.toml with an unknown key', part((p) => (p.toml = enc('argz = []'))), 'KEEP_UNKNOWN_KEY'],
  ['an exec that is none', part((p) => (p.exec = enc('#!/bin/sh\n'))), 'ELF_MAGIC'],

  // native signatures
  ['SIGSTRUCT: signature', part((p) => (p.sigstruct = flip(p.sigstruct, 600))), 'SIGSTRUCT_SIGNATURE'],
  ['SIGSTRUCT: Q1', part((p) => (p.sigstruct = flip(p.sigstruct, 1100))), 'SIGSTRUCT_Q'],
  ['SIGSTRUCT: short', part((p) => (p.sigstruct = p.sigstruct.subarray(1))), 'SIGSTRUCT_SIZE'],
  [
    'SIGSTRUCT of another enclave',
    sigstruct({ mrenclave: new Uint8Array(32) }),
    'IMAGE_NATIVE_SIGNATURE',
    /enclavehash/,
  ],
  ['SIGSTRUCT with DEBUG', sigstruct({ attributes: 0x86n }), 'IMAGE_NATIVE_SIGNATURE', /attributes$/],
  [
    'SIGSTRUCT that does not care for DEBUG',
    sigstruct({ attributesMask: ~2n & 0xffffffffffffffffn }),
    'IMAGE_NATIVE_SIGNATURE',
    /attributes_mask/,
  ],
  ['SIGSTRUCT with another SVN', sigstruct({ isvsvn: 9 }), 'IMAGE_NATIVE_SIGNATURE', /isvsvn/],
  ['SIGSTRUCT with another date', sigstruct({ date: 0x20240229 }), 'accepted'],
  ['ID block: SVN', part((p) => (p.idBlock = flip(p.idBlock, 0x54))), 'SNP_ID_SIGNATURE', /^id_block/],
  ['ID block: version', part((p) => (p.idBlock = flip(p.idBlock, 0x50))), 'SNP_ID_REFUSED', /^version$/],
  ['ID block: short', part((p) => (p.idBlock = p.idBlock.subarray(1))), 'SNP_ID', /^ID_BLOCK$/],
  ['ID authentication: ID key', part((p) => (p.idAuth = flip(p.idAuth, 0x248))), 'SNP_ID_SIGNATURE'],
  [
    'ID authentication: author',
    part((p) => (p.idAuth = flip(p.idAuth, 0x690))),
    'SNP_ID_SIGNATURE',
    /^id_key/,
  ],
  [
    'ID block of another launch',
    identity({ launchDigest: new Uint8Array(48) }),
    'IMAGE_NATIVE_SIGNATURE',
    /^ID block: ld$/,
  ],
  ['ID block with DEBUG', identity({ policy: 0xb0000n }), 'IMAGE_NATIVE_SIGNATURE', /^ID block: policy$/],
  ['ID block with another SVN', identity({ guestSvn: 9 }), 'accepted'],

  // DSSE
  [
    'a signature',
    (p) => (p.envelope.signatures[0].sig = Buffer.alloc(64, 1).toString('base64')),
    'IMAGE_SIGNATURE',
  ],
  [
    'the second signature',
    (p) => (p.envelope.signatures[1].sig = Buffer.alloc(64, 1).toString('base64')),
    'IMAGE_SIGNATURE',
  ],
  [
    'signatures exchanged',
    (p) => {
      const [a, b] = p.envelope.signatures;
      [a.sig, b.sig] = [b.sig, a.sig];
    },
    'IMAGE_SIGNATURE',
  ],
  [
    'signatures in another order',
    (p) => {
      p.envelope.signatures.reverse();
      p.keys.reverse();
    },
    'IMAGE_ENVELOPE',
  ],
  [
    'a signature twice',
    (p) => {
      p.envelope.signatures.push(p.envelope.signatures[1]);
      p.keys.push(p.keys[1] ?? '');
    },
    'IMAGE_ENVELOPE',
  ],
  ['a signature without its key', (p) => void p.keys.pop(), 'IMAGE_ENVELOPE'],
  ['a key without its signature', (p) => void p.envelope.signatures.pop(), 'IMAGE_ENVELOPE'],
  ['another key for a signature', (p) => (p.keys[0] = KEYS.p256.publicPem), 'IMAGE_ENVELOPE'],
  ['a key that cannot sign', (p) => (p.keys[0] = enc('-----BEGIN PUBLIC KEY-----\n') as never), 'IMAGE_KEY'],
  ['a key in another form', (p) => (p.keys[0] = `${p.keys[0]}\n`), 'IMAGE_CANONICAL'],
  [
    'an envelope of another statement',
    (p) => (p.statement.predicate.runDetails.builder.version.motte = '9'),
    'IMAGE_ENVELOPE',
    /payload/,
  ],
  ['another type of payload', (p) => (p.envelope.payloadType = 'text/plain'), 'IMAGE_FIELD', /payloadType/],
  ['base64 with a line', (p) => (p.envelope.payload = `\n${p.envelope.payload}`), 'IMAGE_FIELD', /payload/],
  [
    'no signature in the envelope',
    (p) => ((p.envelope.signatures = []), (p.keys = [])),
    'IMAGE_FIELD',
    /signatures/,
  ],

  // provenance, signed again
  [
    'provenance of another subject',
    statement((s) => (s.subject[0].digest.sha256 = '00'.repeat(32))),
    'IMAGE_PROVENANCE',
  ],
  [
    'provenance with another exec',
    statement((s) => (s.predicate.buildDefinition.resolvedDependencies[0].digest.sha256 = '00'.repeat(32))),
    'IMAGE_PROVENANCE',
  ],
  [
    'provenance with one thing more',
    statement((s) => s.predicate.buildDefinition.resolvedDependencies.push({ name: 'x', uri: 'x:' })),
    'IMAGE_PROVENANCE',
  ],
  // How the shim was built is the signers’ word; which shim it was is not.
  [
    'provenance with another compiler',
    statement((s) => (s.predicate.buildDefinition.resolvedDependencies[2].annotations.version = 'cc 1.0')),
    'accepted',
  ],
  [
    'provenance with another shim',
    statement((s) => (s.predicate.buildDefinition.resolvedDependencies[2].digest.sha256 = '00'.repeat(32))),
    'IMAGE_PROVENANCE',
  ],
  [
    'provenance without the lockfile',
    statement((s) => s.predicate.buildDefinition.resolvedDependencies.pop()),
    'IMAGE_PROVENANCE',
  ],
  [
    'provenance with a time',
    statement((s) => (s.predicate.runDetails.metadata = { startedOn: '2026-01-01T00:00:00Z' })),
    'IMAGE_FIELD',
    /metadata/,
  ],
  [
    'provenance of another kind',
    statement((s) => (s.predicateType = 'https://slsa.dev/provenance/v0.2')),
    'IMAGE_FIELD',
    /predicateType/,
  ],
];

testRows(ROWS);

test('signed by others than those asked for', async () => {
  const image = forge(partsOf());
  const [ed25519, p256, p384] = [KEYS.ed25519, KEYS.p256, KEYS.p384].map(({ publicPem }) =>
    publicKeyFromPem(publicPem),
  );
  assert.ok(ed25519 && p256 && p384);
  const code = async (options: object): Promise<string> => {
    try {
      (await verify(image, options)).close();
      return 'accepted';
    } catch (error) {
      return (error as MotteError).code;
    }
  };
  assert.is(await code({ keys: [ed25519, p384] }), 'accepted');
  assert.is(await code({ keys: [ed25519, p256] }), 'IMAGE_SIGNER');
});

test.run();
