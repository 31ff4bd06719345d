// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout, LayoutValues } from '@motte/binary/layout';

const SOURCE = 'AMD 55766 rev 3.24, appendices B and C';

export const AMD_CERT_FIELDS = [
  { at: 0x00, name: 'version', type: 'u32', doc: '1' },
  { at: 0x04, name: 'key_id', type: 'bytes16' },
  { at: 0x14, name: 'certifying_id', type: 'bytes16', doc: 'its own, where it signs itself' },
  { at: 0x24, name: 'usage', type: 'u32', doc: '0 ARK, 0x13 ASK' },
  { at: 0x28, name: 'reserved_028', type: 'bytes16' },
  { at: 0x38, name: 'exponent_bits', type: 'u32' },
  { at: 0x3c, name: 'modulus_bits', type: 'u32', doc: '2048 or 4096' },
] as const;

/** The head of an ARK or ASK; exponent, modulus and signature follow, each of the modulus's size, little-endian. */
export const AMD_CERT: Layout<typeof AMD_CERT_FIELDS> = layout(
  { name: 'AMD certificate', size: 0x40, source: SOURCE },
  AMD_CERT_FIELDS,
);

export const SEV_CERT_FIELDS = [
  { at: 0x000, name: 'version', type: 'u32', doc: '1' },
  { at: 0x004, name: 'api_major', type: 'u8' },
  { at: 0x005, name: 'api_minor', type: 'u8' },
  { at: 0x006, name: 'reserved_006', type: 'u16' },
  { at: 0x008, name: 'usage', type: 'u32', doc: '0x1001 OCA, 0x1002 PEK, 0x1003 PDH, 0x1004 CEK' },
  { at: 0x00c, name: 'algorithm', type: 'u32', doc: '2 ECDSA with SHA-256, 3 ECDH' },
  { at: 0x010, name: 'curve', type: 'u32', doc: '2 P-384' },
  { at: 0x014, name: 'x', type: 'bytes72', doc: 'little-endian' },
  { at: 0x05c, name: 'y', type: 'bytes72' },
  { at: 0x0a4, name: 'reserved_0a4', type: 'bytes880' },
  { at: 0x414, name: 'sig1_usage', type: 'u32', doc: 'of the key that signed; 0x1000: none' },
  {
    at: 0x418,
    name: 'sig1_algorithm',
    type: 'u32',
    doc: '1 RSA, 2 ECDSA, with SHA-256; 0x100 more with SHA-384',
  },
  { at: 0x41c, name: 'sig1', type: 'bytes512' },
  { at: 0x61c, name: 'sig2_usage', type: 'u32' },
  { at: 0x620, name: 'sig2_algorithm', type: 'u32' },
  { at: 0x624, name: 'sig2', type: 'bytes512' },
] as const;

/** OCA, PEK, PDH or CEK; both signatures are over the bytes before the first. */
export const SEV_CERT: Layout<typeof SEV_CERT_FIELDS> = layout(
  { name: 'SEV certificate', size: 0x824, source: SOURCE },
  SEV_CERT_FIELDS,
);

/** An ARK or ASK. */
export interface AmdCertificate {
  readonly head: LayoutValues<typeof AMD_CERT_FIELDS>;
  readonly exponent: bigint;
  /** Little-endian, as the signature. */
  readonly modulus: Uint8Array;
  readonly signature: Uint8Array;
  /** What the signature covers. */
  readonly signed: Uint8Array;
}

/** An OCA, PEK, PDH or CEK. */
export interface SevCertificate {
  readonly values: LayoutValues<typeof SEV_CERT_FIELDS>;
  readonly signed: Uint8Array;
}

function bad(field: string, expected: string, found: string | number, offset: number): MotteError {
  return new MotteError('SEV_CERTIFICATE', { field, expected, found, offset });
}

/** Reads an ARK or ASK, strictly. Throws SEV_CERTIFICATE, STRUCT_TRUNCATED, STRUCT_RESERVED. */
export function readAmdCertificate(bytes: Uint8Array): AmdCertificate {
  const head = AMD_CERT.readStrict(bytes);
  const { version, modulus_bits: bits, exponent_bits: exponentBits } = head;
  if (version !== 1) throw bad('version', '1', version, 0);
  if (bits !== 2048 && bits !== 4096)
    throw bad('modulus_bits', '2048 or 4096', bits, AMD_CERT.offsetOf('modulus_bits'));
  if (exponentBits !== bits)
    throw bad('exponent_bits', String(bits), exponentBits, AMD_CERT.offsetOf('exponent_bits'));
  const size = bits / 8;
  if (bytes.length !== AMD_CERT.size + 3 * size)
    throw bad('certificate', `${AMD_CERT.size + 3 * size} bytes`, bytes.length, AMD_CERT.size);
  const part = (index: number): Uint8Array =>
    new Uint8Array(bytes.subarray(AMD_CERT.size + index * size, AMD_CERT.size + (index + 1) * size));
  const exponent = part(0);
  if (exponent.subarray(8).some((byte) => byte !== 0))
    throw bad('exponent', 'at most 64 bits', 'more', AMD_CERT.size + 8);
  return {
    head,
    exponent: new DataView(exponent.buffer).getBigUint64(0, true),
    modulus: part(1),
    signature: part(2),
    signed: new Uint8Array(bytes.subarray(0, AMD_CERT.size + 2 * size)),
  };
}

/** Reads an OCA, PEK, PDH or CEK, strictly. Throws SEV_CERTIFICATE, STRUCT_TRUNCATED, STRUCT_RESERVED. */
export function readSevCertificate(bytes: Uint8Array): SevCertificate {
  const values = SEV_CERT.readStrict(bytes);
  if (bytes.length !== SEV_CERT.size)
    throw bad('certificate', `${SEV_CERT.size} bytes`, bytes.length, SEV_CERT.size);
  if (values.version !== 1) throw bad('version', '1', values.version, 0);
  if (values.curve !== 2) throw bad('curve', '2 (P-384)', values.curve, SEV_CERT.offsetOf('curve'));
  if ([...values.x.subarray(48), ...values.y.subarray(48)].some((byte) => byte !== 0))
    throw bad('x, y', 'at most 48 bytes each', 'more', SEV_CERT.offsetOf('x') + 48);
  return { values, signed: new Uint8Array(bytes.subarray(0, SEV_CERT.offsetOf('sig1_usage'))) };
}
