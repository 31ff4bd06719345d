// SPDX-License-Identifier: Apache-2.0
import { createCipheriv } from 'node:crypto';
import type { AesCtr } from './session.js';

/** AES-128-CTR by node:crypto. */
export const aesCtr: AesCtr = (key, iv, data) => {
  const cipher = createCipheriv('aes-128-ctr', key, iv);
  return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
};
