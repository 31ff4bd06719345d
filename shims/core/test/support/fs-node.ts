// SPDX-License-Identifier: Apache-2.0
// What the plain model of a file system is made of: directories are maps, contents are maps of pages.

export const PAGE = 4096;
export const E = {
  PERM: -1,
  NOENT: -2,
  NXIO: -6,
  BADF: -9,
  BUSY: -16,
  EXIST: -17,
  XDEV: -18,
  NODEV: -19,
  NOTDIR: -20,
  ISDIR: -21,
  INVAL: -22,
  FBIG: -27,
  NOSPC: -28,
  NOTEMPTY: -39,
  LOOP: -40,
  OPNOTSUPP: -95,
} as const;

export const O = {
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  PATH: 0o10000000,
  TMPFILE: 0o20200000,
} as const;
export const RESOLVE = { NO_SYMLINKS: 4, BENEATH: 8, IN_ROOT: 16 } as const;

export const TYPES = { file: 0o100000, dir: 0o040000, link: 0o120000, char: 0o020000 } as const;

export interface Node {
  readonly kind: keyof typeof TYPES;
  mode: number;
  links: number;
  linkable: boolean;
  readonly entries: Map<string, Node>;
  /** Of the entries, in the order in which their names were made. */
  readonly cookies: Map<string, number>;
  nextCookie: number;
  parent: Node | undefined;
  text: string;
  size: number;
  readonly pages: Map<number, Uint8Array>;
  /** What is allocated is not known: an allocation failed half-way. */
  vague: boolean;
}

export function make(kind: Node['kind'], mode: number): Node {
  const names = { entries: new Map<string, Node>(), cookies: new Map<string, number>(), nextCookie: 2 };
  const contents = { size: 0, pages: new Map<number, Uint8Array>(), vague: false };
  return { kind, mode, links: 0, linkable: false, parent: undefined, text: '', ...names, ...contents };
}

export interface Open {
  readonly node: Node;
  readonly flags: number;
  position: number;
}

export interface Place {
  readonly node: Node | undefined;
  readonly directory: Node;
  /** Undefined when the path does not end in a name. */
  readonly name: string | undefined;
  readonly last: 'name' | 'root' | 'dot' | 'dots';
  readonly slash: boolean;
}

export class Errno extends Error {
  constructor(readonly number: number) {
    super(String(number));
  }
}
export function fail(number: number): never {
  throw new Errno(number);
}

export function drop(place: Place): void {
  place.directory.entries.delete(place.name ?? '');
  place.directory.cookies.delete(place.name ?? '');
}

export function isWithin(node: Node, ancestor: Node): boolean {
  for (let at: Node = node; ; at = at.parent ?? at) {
    if (at === ancestor) return true;
    if (at.parent === at || at.parent === undefined) return false;
  }
}

export function resize(node: Node, size: number): void {
  if (size < node.size) {
    for (const [page, bytes] of node.pages) {
      if (page * PAGE >= size) node.pages.delete(page);
      else bytes.fill(0, Math.max(0, Math.min(PAGE, size - page * PAGE)));
    }
  }
  node.size = size;
}
