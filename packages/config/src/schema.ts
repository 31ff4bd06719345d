// SPDX-License-Identifier: Apache-2.0
import { envTable } from './env.js';
import { KEEP_PATH } from './grant-rules.js';
import { table } from './group.js';
import type { Group } from './group.js';
import { arrayOf, boolean, choice, hostOr, integer, size, text } from './kind.js';
import type {
  ConnectGrant,
  FileGrant,
  ImageFiles,
  KeepConfig,
  ListenGrant,
  SgxConfig,
} from './keep-config.js';

/** The most threads that a Keep may ask for; each takes 96 KiB of address space. */
export const MOST_THREADS = 256;

const CONFIG = 'config digest';
const BOTH = 'launch digest and config digest';

const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[0-9]{1,3}(\.[0-9]{1,3}){3}):[0-9]{1,5}$/;

/** `[[files]]` */
export const FILE_KEYS: Group<FileGrant> = {
  path: {
    kind: text('an absolute path without . and ..', KEEP_PATH),
    trust: 'measured',
    where: CONFIG,
    doc: 'Where the Keep sees it: not what the Keep has itself (/tmp, /dev, /proc ...), nor within another grant.',
    example: '"/data"',
  },
  host: {
    kind: text('a path, not empty', /^[\s\S]+$/),
    trust: 'untrusted',
    where: 'nowhere',
    doc: 'A directory or file of the host, relative to Keep.toml; --grant names another. What is in there is the host’s to choose.',
    example: '"./data"',
  },
  mode: {
    kind: choice('ro', 'rw'),
    fallback: 'ro',
    trust: 'measured',
    where: CONFIG,
    doc: 'Whether the Keep may only read it, or write it too. The shim and the loader both see to it.',
    example: '"ro"',
  },
};

/** `[[image]]` */
export const IMAGE_KEYS: Group<ImageFiles> = {
  path: {
    kind: text('an absolute path without . and ..', KEEP_PATH),
    trust: 'measured',
    where: CONFIG,
    doc: 'Where the Keep has it, read-only: not what the Keep has itself, nor within a grant of [[files]].',
    example: '"/usr/share/app"',
  },
  source: {
    kind: text('a path, not empty', /^[\s\S]+$/),
    trust: 'measured',
    where: CONFIG,
    doc: 'A file, or a directory with all that is in it, relative to Keep.toml. Contents, names and whether a file is executable are measured; where it is, is not.',
    example: '"./share"',
  },
};

/** `[[listen]]` */
export const LISTEN_KEYS: Group<ListenGrant> = {
  name: {
    kind: text('a name of letters, digits, - and _', /^[A-Za-z0-9_-]{1,64}$/),
    trust: 'measured',
    where: CONFIG,
    doc: 'What the workload calls it.',
    example: '"echo"',
  },
  address: {
    kind: text('an IP address and a port, such as 127.0.0.1:7000', ADDRESS),
    trust: 'measured',
    where: CONFIG,
    doc: 'Where to listen. A program that binds any address at this port gets this one.',
    example: '"127.0.0.1:7000"',
  },
  protocol: {
    kind: choice('tcp', 'udp', 'tls'),
    fallback: 'tcp',
    trust: 'measured',
    where: CONFIG,
    doc: 'Plain TCP, UDP, or TLS that ends inside the Keep (which no release serves yet).',
    example: '"tcp"',
  },
};

/** `[[connect]]` */
export const CONNECT_KEYS: Group<ConnectGrant> = {
  host: {
    kind: text('a host name or IP address', /^[A-Za-z0-9_.:-]{1,253}$/),
    trust: 'measured',
    where: CONFIG,
    doc: 'The destination, by TCP or UDP; who answers there is the host’s to choose unless TLS says. A name is refused so far: nobody resolves it.',
    example: '"db.local"',
  },
  port: {
    kind: integer(1, 65535),
    trust: 'measured',
    where: CONFIG,
    doc: 'Its port.',
    example: '5432',
  },
};

/** `[sgx]` */
export const SGX_KEYS: Group<SgxConfig> = {
  version: {
    kind: choice(1, 2),
    fallback: 2,
    trust: 'measured',
    where: 'launch digest',
    doc: '2: memory is added while the Keep runs; 1: the whole heap is part of the launch, for CPUs without SGX2.',
    example: '2',
  },
  debug: {
    kind: boolean(),
    fallback: false,
    trust: 'attested',
    where: 'ATTRIBUTES.DEBUG',
    doc: 'Whether the host may read and write the Keep’s memory. Such a Keep protects nothing.',
    example: 'false',
  },
  isvprodid: {
    kind: integer(0, 65535),
    fallback: 0,
    trust: 'attested',
    where: 'ISVPRODID',
    doc: 'The signer’s number for this product.',
    example: '0',
  },
  isvsvn: {
    kind: integer(0, 65535),
    fallback: 0,
    trust: 'attested',
    where: 'ISVSVN',
    doc: 'The signer’s security version: count it up when a hole is closed.',
    example: '0',
  },
};

/** What `[sgx]` is when it is not given. */
export const SGX_DEFAULTS: SgxConfig = { version: 2, debug: false, isvprodid: 0, isvsvn: 0 };

/** The whole of Keep.toml, in the order of the documentation. */
export const KEEP_KEYS: Group<KeepConfig> = {
  args: {
    kind: hostOr(arrayOf(text(), 'an array of texts')),
    fallback: [],
    trust: 'measured',
    where: CONFIG,
    doc: 'The arguments after argv[0], or "host": then the host gives them, and they are untrusted.',
    example: '["x"]',
  },
  threads: {
    kind: integer(1, MOST_THREADS),
    fallback: 1,
    trust: 'measured',
    where: BOTH,
    doc: 'How many threads the Keep can have at once; in SGX2 those that are not started cost nothing.',
    example: '1',
  },
  memory: {
    kind: size(1n << 20n, 1n << 40n, 4096n),
    fallback: 256n << 20n,
    trust: 'measured',
    where: BOTH,
    doc: 'The heap: all memory beyond the program’s own segments.',
    example: '"256MiB"',
  },
  stdin: {
    kind: choice('inherit', 'null'),
    fallback: 'inherit',
    trust: 'measured',
    where: CONFIG,
    doc: '"inherit": standard input is the host’s; "null": it is empty.',
    example: '"inherit"',
  },
  exec: {
    kind: choice('none', 'keep', 'granted'),
    fallback: 'none',
    trust: 'measured',
    where: CONFIG,
    doc: 'Which files execve may run instead of the program: "keep": those of [[image]], and those that the program itself has written in the Keep; "granted": those of [[files]] too, which the host chooses and nobody measures. SGX2 alone.',
    example: '"none"',
  },
  env: {
    kind: hostOr(envTable()),
    fallback: [],
    trust: 'measured',
    where: CONFIG,
    doc: 'The environment. K = "v" is fixed; K = { default = "v", measured = false } is the host’s to set, and untrusted; env = "host" leaves all of it to the host.',
    example: 'K = "v"',
  },
  files: {
    kind: arrayOf(table(FILE_KEYS), 'an array of tables, [[files]]'),
    fallback: [],
    trust: 'measured',
    where: CONFIG,
    doc: 'Files and directories of the host that the Keep may open (files.md).',
    example: '[]',
  },
  image: {
    kind: arrayOf(table(IMAGE_KEYS), 'an array of tables, [[image]]'),
    fallback: [],
    trust: 'measured',
    where: CONFIG,
    doc: 'Files and directories that become part of the Keep’s image (files.md).',
    example: '[]',
  },
  listen: {
    kind: arrayOf(table(LISTEN_KEYS), 'an array of tables, [[listen]]'),
    fallback: [],
    trust: 'measured',
    where: CONFIG,
    doc: 'Sockets that the Keep may accept connections on.',
    example: '[]',
  },
  connect: {
    kind: arrayOf(table(CONNECT_KEYS), 'an array of tables, [[connect]]'),
    fallback: [],
    trust: 'measured',
    where: CONFIG,
    doc: 'Destinations that the Keep may connect to.',
    example: '[]',
  },
  sgx: {
    kind: table(SGX_KEYS),
    fallback: SGX_DEFAULTS,
    trust: 'attested',
    where: 'per key',
    doc: 'What only an SGX Keep has.',
    example: '{}',
  },
};
