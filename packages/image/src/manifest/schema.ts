// SPDX-License-Identifier: Apache-2.0
// The one definition of the Keep manifest: it checks what is read, orders the keys of what is written, and becomes
// docs/schema/keep-manifest.json.
import * as v from 'valibot';
import { descriptorSchema } from '../oci/descriptor.js';
import { MEDIA } from '../oci/media-types.js';
import type { KeepManifest, Measurement, ShimEntry } from './types.js';

/** More measurements than any image has: every vCPU count of a large host under a few VMMs. */
const MOST_MEASUREMENTS = 4096;
const MOST_SHIMS = 16;

const hex = (bytes: number): v.GenericSchema<string> =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));

const word: v.GenericSchema<string> = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/));

/** argv[0]: one part of a path, without control characters. */
export const nameSchema: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}/]{1,255}$/u),
  v.description('argv[0] of the program'),
);

const sgx = v.strictObject({
  tee: v.literal('sgx'),
  kind: v.literal('mrenclave'),
  algorithm: v.literal('sha256'),
  value: hex(32),
  parameters: v.strictObject({ version: v.picklist([1, 2]) }),
  signature: v.exactOptional(descriptorSchema(MEDIA.sigstruct)),
});

const snp = v.strictObject({
  tee: v.literal('snp'),
  kind: v.literal('launch-digest'),
  algorithm: v.literal('sha384'),
  value: hex(48),
  parameters: v.strictObject({
    vcpus: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.description('one a thread')),
    vmm: v.pipe(word, v.description('whose additions to the state of a vCPU are measured')),
  }),
  signature: v.exactOptional(
    v.strictObject({ idBlock: descriptorSchema(MEDIA.idBlock), idAuth: descriptorSchema(MEDIA.idAuth) }),
  ),
});

const tdx = v.strictObject({
  tee: v.literal('tdx'),
  kind: v.picklist(['mrtd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3']),
  algorithm: v.literal('sha384'),
  value: hex(48),
  parameters: v.strictObject({ vmm: word }),
});

const keystone = v.strictObject({
  tee: v.literal('keystone'),
  kind: v.literal('enclave-hash'),
  algorithm: v.literal('sha3-512'),
  value: hex(64),
});

const sanctum = v.strictObject({
  tee: v.literal('sanctum'),
  kind: v.literal('measurement'),
  algorithm: v.picklist(['sha256', 'sha512']),
  value: v.pipe(v.string(), v.regex(/^([0-9a-f]{64}|[0-9a-f]{128})$/)),
  parameters: v.strictObject({ flavour: v.picklist(['pwnall', 'mit']) }),
});

const pef = v.strictObject({
  tee: v.literal('pef'),
  kind: v.picklist(['kernel', 'initrd', 'bootargs', 'rtas']),
  algorithm: v.literal('sha512'),
  value: hex(64),
});

const measurement: v.GenericSchema<Measurement> = v.variant('tee', [sgx, snp, tdx, keystone, sanctum, pef]);

const shim: v.GenericSchema<ShimEntry> = v.strictObject({
  tee: v.picklist(['sgx', 'snp', 'tdx', 'keystone', 'sanctum', 'pef']),
  variant: word,
  blob: descriptorSchema(MEDIA.shim),
});

/** The Keep manifest. */
export const keepManifestSchema: v.GenericSchema<KeepManifest> = v.strictObject({
  version: v.literal(1),
  name: nameSchema,
  exec: descriptorSchema(MEDIA.exec),
  config: v.strictObject({
    blob: descriptorSchema(MEDIA.keepToml),
    configId: v.pipe(hex(32), v.description('SHA-256 of the config blob: SGX CONFIGID')),
  }),
  files: v.exactOptional(
    v.strictObject({
      index: descriptorSchema(MEDIA.fileIndex),
      contents: descriptorSchema(MEDIA.fileContents),
    }),
  ),
  shims: v.pipe(v.array(shim), v.minLength(1), v.maxLength(MOST_SHIMS)),
  measurements: v.pipe(v.array(measurement), v.minLength(1), v.maxLength(MOST_MEASUREMENTS)),
});
