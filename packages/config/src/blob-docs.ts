// SPDX-License-Identifier: Apache-2.0
import { toMarkdown } from '@motte/binary/c-header';
import { CONFIG_HEADER, CONFIG_MAX, CONFIG_RECORD, CONFIG_TYPES } from './blob-layout.js';
import { indexDocs } from './file-index-docs.js';
import { MOST_THREADS } from './schema.js';

/** What a value of each record type is, and the order of its records. */
const VALUES: Readonly<Record<keyof typeof CONFIG_TYPES, readonly [value: string, order: string]>> = {
  ARG: [
    'one argument; the first record of every blob is argv[0]',
    'as given; only argv[0] when flag bit 0 is set',
  ],
  ENV: ['`K=V`, K not empty and without `=`', 'K ascending, each once; none when flag bit 1 is set'],
  ENV_UNMEASURED: [
    '`K`, or `K=V` where V is what K is when the host does not set it',
    'K ascending, each once, and none that ENV has; none when flag bit 1 is set',
  ],
  FILE: ['path, NUL, `ro` or `rw`', 'path ascending, each once'],
  LISTEN: ['name, NUL, `tcp`, `udp` or `tls`, NUL, address:port', 'name ascending, each once'],
  CONNECT: ['host, NUL, port in decimal', 'host, then the text of the port, ascending, each pair once'],
  IMAGE: [
    'bytes of the file index in decimal, NUL, its SHA-256 in lower-case hex',
    'one at most; none without `[[image]]`',
  ],
};

/** docs/config-blob.md */
export function blobDocs(): string {
  return [
    '# The config blob',
    '',
    'Generated from `packages/config/src/blob-layout.ts` and `blob-docs.ts`; do not edit.',
    '',
    'A Keep.toml and the name of the program are made into one run of bytes, the config blob. Its SHA-256 is the',
    '*config digest*; the tenant’s verifier requires it, and the CPU attests it: in SGX it is the first half of CONFIGID',
    '(the other 32 bytes are zero). The loader hands the blob to the shim at boot, and the shim refuses any blob whose',
    'SHA-256 is not the one in its own report.',
    '',
    'There is one encoding of each configuration. A decoder refuses everything else: whoever holds the bytes can be',
    'sure that two digests differ only when two configurations do.',
    '',
    toMarkdown(CONFIG_HEADER),
    toMarkdown(CONFIG_RECORD),
    '## Rules',
    '',
    `- The blob is at most ${CONFIG_MAX} bytes (0x${CONFIG_MAX.toString(16)}); \`length\` is exactly its size, and \`records\` the number of records.`,
    '- `version` is 1; reserved fields and unknown flag bits are zero.',
    `- \`threads\` is 1 to ${MOST_THREADS}; \`memory\` is a multiple of 4096, not 0.`,
    '- Records follow each other without gaps, types ascending; each value is followed by zeros up to a multiple of 8.',
    '- Values are UTF-8. A text has no NUL; where a value is several texts, one NUL stands between two of them.',
    '- "Ascending" compares bytes, a prefix before what it is a prefix of.',
    '',
    '| type | name | value | order |',
    '| --- | --- | --- | --- |',
    ...Object.entries(CONFIG_TYPES).map(([name, type]) => {
      const [value, order] = VALUES[name as keyof typeof CONFIG_TYPES];
      return `| ${type} | ${name} | ${value} | ${order} |`;
    }),
    '',
    '## What the shim does with it',
    '',
    '- argv is the ARG records, then, if flag bit 0 is set, the host’s arguments. Without the bit one host argument',
    '  ends the Keep (CONFIG_ARGS).',
    '- The environment is the ENV records in their order; then each ENV_UNMEASURED variable, the host’s value before',
    '  the default, left out when there is neither. With flag bit 1 it is the host’s. Any other variable of the host',
    '  ends the Keep (CONFIG_ENV).',
    '- Flag bit 2: reads of descriptor 0 return end of file, without asking the host.',
    '- `threads` and `memory` must fit the measured KEEP_INFO page.',
    '',
    'What a grant’s `host` path is on the host is not in the blob: it is the host’s to choose.',
    '',
    ...indexDocs(),
  ].join('\n');
}
