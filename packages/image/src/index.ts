// SPDX-License-Identifier: Apache-2.0
// The public face of Keep images.
export { build } from './build.js';
export { publicKeyFromPem } from './dsse/keys.js';
export { imageSignerFromPem, imageSignerOf } from './dsse/signers.js';
export { messageToSign, sgxMessage, sign } from './sign.js';
export { open, verify } from './verify.js';
export type { BuildOptions, WrittenImage } from './build.js';
export type { ImageFormat } from './container/open.js';
export type { PublicKey } from './dsse/keys.js';
export type { ImageSigner } from './dsse/signers.js';
export type { KeepImage } from './image.js';
export type {
  KeepManifest,
  Measurement,
  SgxMeasurement,
  ShimEntry,
  SnpMeasurement,
  Tee,
} from './manifest/types.js';
export type { SignOptions } from './sign.js';
export type {
  VerifiedImage,
  VerifiedKeep,
  VerifiedSgxKeep,
  VerifiedSnpKeep,
  VerifyOptions,
} from './verify.js';
