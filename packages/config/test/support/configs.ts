// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { KeepConfig } from '../../src/keep-config.js';
import { SGX_DEFAULTS } from '../../src/schema.js';

/** A text that argv can hold. */
export const plain: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((s) => !s.includes('\0'));
const name = fc.stringMatching(/^[A-Za-z0-9_é🦊]{1,6}$/u);

/** Any configuration that has a blob. */
export const configs: fc.Arbitrary<KeepConfig> = fc.record({
  args: fc.oneof(fc.constant('host' as const), fc.array(plain, { maxLength: 4 })),
  threads: fc.integer({ min: 1, max: 256 }),
  memory: fc.bigInt({ min: 1n, max: 1n << 28n }).map((pages) => pages * 4096n),
  exec: fc.constantFrom('none' as const, 'keep' as const, 'granted' as const),
  stdin: fc.constantFrom('inherit' as const, 'null' as const),
  env: fc.oneof(
    fc.constant('host' as const),
    fc.uniqueArray(
      fc.oneof(
        fc.record({ key: name, value: plain, measured: fc.boolean() }),
        fc.record({ key: name, measured: fc.constant(false) }),
      ),
      { selector: (entry) => entry.key, maxLength: 6 },
    ),
  ),
  files: fc.uniqueArray(
    fc.record({
      path: name.map((s) => `/${s}`),
      host: plain,
      mode: fc.constantFrom('ro' as const, 'rw' as const),
    }),
    { selector: (file) => file.path, maxLength: 4 },
  ),
  image: fc.constant([]),
  listen: fc.uniqueArray(
    fc.record({
      name,
      address: fc.constantFrom('127.0.0.1:1', '[::1]:65535'),
      protocol: fc.constantFrom('tcp' as const, 'tls' as const),
    }),
    { selector: (socket) => socket.name, maxLength: 3 },
  ),
  connect: fc.uniqueArray(fc.record({ host: name, port: fc.integer({ min: 1, max: 65535 }) }), {
    selector: ({ host, port }) => `${host}:${port}`,
    maxLength: 3,
  }),
  sgx: fc.constant(SGX_DEFAULTS),
});
