// SPDX-License-Identifier: Apache-2.0
// A plain model of a file system: what shims/core/fs is compared with. Directories are maps, contents are maps of pages,
// a path is a list of names in which a link is replaced by its text.

const PAGE = 4096;
const E = {
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

const TYPES = { file: 0o100000, dir: 0o040000, link: 0o120000, char: 0o020000 } as const;

interface Node {
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

function make(kind: Node['kind'], mode: number): Node {
  const names = { entries: new Map<string, Node>(), cookies: new Map<string, number>(), nextCookie: 2 };
  const contents = { size: 0, pages: new Map<number, Uint8Array>(), vague: false };
  return { kind, mode, links: 0, linkable: false, parent: undefined, text: '', ...names, ...contents };
}

interface Open {
  readonly node: Node;
  readonly flags: number;
  position: number;
}

interface Place {
  readonly node: Node | undefined;
  readonly directory: Node;
  /** Undefined when the path does not end in a name. */
  readonly name: string | undefined;
  readonly last: 'name' | 'root' | 'dot' | 'dots';
  readonly slash: boolean;
}

class Errno extends Error {
  constructor(readonly number: number) {
    super(String(number));
  }
}
function fail(number: number): never {
  throw new Errno(number);
}

export class FsModel {
  readonly #root = make('dir', 0o755);
  readonly #slots: (Open | undefined)[] = [];
  #working: Node = this.#root;
  /** Whether memory may run out. */
  #limited = false;

  constructor() {
    this.#root.links = 1;
    this.#root.parent = this.#root;
    for (const [path, mode] of [
      ['/tmp', 0o1777],
      ['/var', 0o755],
      ['/var/tmp', 0o1777],
      ['/dev', 0o755],
    ] as const)
      this.#add(this.#walk(undefined, path, { name: true }), make('dir', mode));
    for (const device of ['null', 'zero', 'full', 'tty', 'random', 'urandom'])
      this.#add(this.#walk(undefined, `/dev/${device}`, { name: true }), make('char', 0o666));
    this.#add(this.#walk(undefined, '/dev/shm', { name: true }), make('dir', 0o1777));
    // Of what is in these nothing is compared.
    for (const path of ['/proc', '/sys'])
      this.#add(this.#walk(undefined, path, { name: true }), make('dir', 0o555));
  }

  /** What the command should say; `said` is looked at only where memory may have run out. */
  run(line: string, said: string): string {
    const [command = '', ...args] = line.split(' ');
    try {
      return this.#command(command, args, said);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return String(error.number);
    }
  }

  /** Whether a command that needs memory found none. */
  #noMemory(said: string): void {
    if (this.#limited && said === String(E.NOSPC)) fail(E.NOSPC);
  }

  #slot(text = ''): Open | undefined {
    return text === '-1' ? undefined : this.#slots[Number(text)];
  }

  #file(text = ''): Open {
    return this.#slot(text) ?? fail(E.BADF);
  }

  #walk(
    from: Open | undefined,
    path: string,
    how: { name?: boolean; nofollow?: boolean; resolve?: number },
  ): Place {
    const resolve = how.resolve ?? 0;
    let node: Node = from?.node ?? this.#working;
    const root = resolve & (RESOLVE.BENEATH | RESOLVE.IN_ROOT) ? node : this.#root;
    let place: Omit<Place, 'node'> = { directory: node, name: undefined, last: 'root', slash: false };
    const split = (text: string): string[] => text.split('/').filter((name) => name !== '');
    const endsInSlash = (text: string): boolean => text.endsWith('/') && split(text).length > 0;
    let slash = endsInSlash(path);
    let links = 0;
    const absolute = (text: string): void => {
      if (!text.startsWith('/')) return;
      if (resolve & RESOLVE.BENEATH) fail(E.XDEV);
      node = root;
      place = { ...place, name: undefined, last: 'root' };
    };
    absolute(path);
    const names = split(path);
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const last = names.length === 0;
      if (node.kind !== 'dir') fail(E.NOTDIR);
      if (name === '.') {
        place = { ...place, name: undefined, last: 'dot', slash };
        continue;
      }
      if (name === '..') {
        place = { ...place, name: undefined, last: 'dots', slash };
        if (node === root && resolve & RESOLVE.BENEATH) fail(E.XDEV);
        if (node !== root) node = node.parent ?? node;
        continue;
      }
      place = { directory: node, name, last: 'name', slash };
      const child = node.entries.get(name);
      if (child === undefined) {
        if (!last) fail(E.NOENT);
        return { ...place, node: undefined, slash };
      }
      if (child.kind === 'link' && !(last && (how.name || (how.nofollow && !slash)))) {
        if (++links > 40 || resolve & RESOLVE.NO_SYMLINKS) fail(E.LOOP);
        if (last && endsInSlash(child.text)) slash = true;
        absolute(child.text);
        names.unshift(...split(child.text));
      } else node = child;
    }
    return { ...place, node, slash };
  }

  #find(from: Open | undefined, path: string, nofollow: boolean): Node {
    const place = this.#walk(from, path, { nofollow });
    if (place.node === undefined) fail(E.NOENT);
    if (place.slash && place.node.kind !== 'dir') fail(E.NOTDIR);
    return place.node;
  }

  #add(place: Place, node: Node): void {
    const { directory, name = '' } = place;
    if (!directory.entries.has(name)) directory.cookies.set(name, directory.nextCookie++);
    directory.entries.set(name, node);
    node.links++;
    if (node.kind === 'dir') node.parent = place.directory;
  }

  #vacant(place: Place, directory: boolean): void {
    if (place.last !== 'name' || place.node !== undefined) fail(E.EXIST);
    if (place.slash && !directory) fail(E.NOENT);
    if (place.directory.links === 0) fail(E.NOENT);
  }

  #open(args: readonly string[], said: string): Open {
    const [, from, path = '', flagsText, modeText, resolveText] = args;
    let flags = Number(flagsText);
    const write = (flags & 3) !== 0;
    if (flags & O.PATH) flags &= O.PATH | O.DIRECTORY | O.NOFOLLOW;
    const unnamed = (flags & 0o20000000) !== 0;
    if (unnamed && (!(flags & O.DIRECTORY) || flags & O.CREAT || !write)) fail(E.INVAL);
    const exclusive = (flags & O.CREAT) !== 0 && (flags & O.EXCL) !== 0;
    const how = { name: exclusive, nofollow: (flags & O.NOFOLLOW) !== 0, resolve: Number(resolveText) };
    const place = this.#walk(this.#slot(from), path, how);
    const fresh = make('file', Number(modeText) & 0o7777 & ~0o022);
    let node = place.node;
    if (unnamed) {
      if (node === undefined) fail(E.NOENT);
      if (node.kind !== 'dir') fail(E.NOTDIR);
      if (node.links === 0) fail(E.NOENT);
      this.#noMemory(said);
      fresh.linkable = !(flags & O.EXCL);
      return { node: fresh, flags, position: 0 };
    }
    if (flags & O.CREAT && place.slash && place.last === 'name') fail(E.ISDIR);
    if (node === undefined) {
      if (!(flags & O.CREAT) || place.directory.links === 0) fail(E.NOENT);
      if (flags & O.DIRECTORY) fail(E.INVAL);
      this.#noMemory(said);
      this.#add(place, fresh);
      node = fresh;
    } else {
      const directory = node.kind === 'dir';
      if (exclusive) fail(E.EXIST);
      if (directory && flags & O.CREAT) fail(E.ISDIR);
      if (!directory && (place.slash || flags & O.DIRECTORY)) fail(E.NOTDIR);
      if (!(flags & O.PATH)) {
        if (node.kind === 'link') fail(E.LOOP);
        if (directory && (write || flags & O.TRUNC)) fail(E.ISDIR);
        if (flags & O.TRUNC && node.kind === 'file') resize(node, 0);
      }
    }
    return { node, flags, position: 0 };
  }

  #remove(from: string | undefined, path: string, directory: boolean): void {
    const place = this.#walk(this.#slot(from), path, { name: true });
    if (place.last !== 'name') {
      if (!directory) fail(E.ISDIR);
      fail(place.last === 'root' ? E.BUSY : place.last === 'dot' ? E.INVAL : E.NOTEMPTY);
    }
    this.#removable(place.node, directory, place.slash);
    this.#unname(place);
  }

  #removable(node: Node | undefined, directory: boolean, slash: boolean): asserts node is Node {
    if (node === undefined) fail(E.NOENT);
    if (directory && node.kind !== 'dir') fail(E.NOTDIR);
    if (directory && node.entries.size > 0) fail(E.NOTEMPTY);
    if (!directory && node.kind === 'dir') fail(E.ISDIR);
    if (!directory && slash) fail(E.NOTDIR);
  }

  #unname(place: Place): void {
    if (place.node !== undefined) place.node.links--;
    drop(place);
  }

  #rename(args: readonly string[], said: string): void {
    const [from, path = '', to, newPath = '', flagsText] = args;
    const flags = Number(flagsText);
    const [noReplace, exchange] = [(flags & 1) !== 0, (flags & 2) !== 0];
    if (flags > 2) fail(E.INVAL);
    const old = this.#walk(this.#slot(from), path, { name: true });
    const target = this.#walk(this.#slot(to), newPath, { name: true });
    if (old.last !== 'name') fail(E.BUSY);
    if (target.last !== 'name') fail(noReplace ? E.EXIST : E.BUSY);
    const node = old.node ?? fail(E.NOENT);
    if (noReplace && target.node !== undefined) fail(E.EXIST);
    if (exchange && target.node === undefined) fail(E.NOENT);
    if (exchange && target.slash && target.node?.kind !== 'dir') fail(E.NOTDIR);
    if (node.kind !== 'dir' && (old.slash || (!exchange && target.slash))) fail(E.NOTDIR);
    if (isWithin(target.directory, node)) fail(E.INVAL);
    if (target.node !== undefined && isWithin(old.directory, target.node))
      fail(exchange ? E.INVAL : E.NOTEMPTY);
    if (target.directory.links === 0) fail(E.NOENT);
    if (node === target.node) return;
    if (exchange && target.node !== undefined) {
      const other = target.node;
      target.directory.entries.set(target.name ?? '', node);
      old.directory.entries.set(old.name ?? '', other);
      if (node.kind === 'dir') node.parent = target.directory;
      if (other.kind === 'dir') other.parent = old.directory;
      return;
    }
    if (target.node !== undefined) {
      this.#removable(target.node, node.kind === 'dir', false);
      target.node.links--;
    } else this.#noMemory(said);
    this.#add(target, node);
    node.links--;
    drop(old);
  }

  #link(node: Node, to: string | undefined, path: string, said: string): void {
    const place = this.#walk(this.#slot(to), path, { name: true });
    this.#vacant(place, false);
    if (node.kind === 'dir') fail(E.PERM);
    if (node.links === 0 && !node.linkable) fail(E.NOENT);
    this.#noMemory(said);
    this.#add(place, node);
  }

  #path(node: Node): string {
    if (node === this.#root) return '/';
    const parent = node.parent ?? fail(E.NOENT);
    const name = [...parent.entries].find(([, child]) => child === node)?.[0] ?? fail(E.NOENT);
    const above = this.#path(parent);
    return above === '/' ? `/${name}` : `${above}/${name}`;
  }

  #list(open: Open): string {
    const { node } = open;
    if (node.kind !== 'dir') fail(E.NOTDIR);
    if (node.links === 0) fail(E.NOENT);
    const type = (of: Node): number => TYPES[of.kind] >> 12;
    const { position } = open;
    const shown = [...node.entries]
      .map(([name, child]) => ({ name, child, cookie: node.cookies.get(name) ?? 0 }))
      .filter(({ cookie }) => cookie >= position)
      .sort((one, other) => one.cookie - other.cookie);
    open.position = Math.max(position, 2, ...shown.map(({ cookie }) => cookie + 1));
    const dots = `${position === 0 ? '.:4 ' : ''}${position <= 1 ? '..:4 ' : ''}`;
    return `${dots}${shown.map(({ name, child }) => `${name}:${type(child)} `).join('')}0`;
  }

  #stat(node: Node, said: string): string {
    const mode = (TYPES[node.kind] | node.mode).toString(8);
    if (node.kind === 'dir') {
      const below = [...node.entries.values()].filter((child) => child.kind === 'dir').length;
      return `${mode} ${node.links === 0 ? 0 : 2 + below}`;
    }
    if (node.kind !== 'file') return `${mode} ${node.links}`;
    const blocks = node.vague ? said.split(' ')[3] : node.pages.size * (PAGE / 512);
    return `${mode} ${node.links} ${node.size} ${blocks}`;
  }

  #write(open: Open, count: number, atText: number, pattern: number, said: string): number {
    const { node } = open;
    if ((open.flags & 3) === 0 || open.flags & O.PATH) fail(E.BADF);
    if (node.kind !== 'file') return count;
    let at = atText < 0 ? open.position : atText;
    if (open.flags & O.APPEND) at = node.size;
    if (count === 0) return 0;
    let done = count;
    if (this.#limited) {
      this.#noMemory(said);
      if (Number(said) > 0 && Number(said) < count) done = Number(said);
      // A short write ends where a page does.
      if (done < count && (at + done) % PAGE !== 0) return -1;
    }
    for (let i = 0; i < done; i++) {
      const page = node.pages.get(Math.floor((at + i) / PAGE)) ?? new Uint8Array(PAGE);
      node.pages.set(Math.floor((at + i) / PAGE), page);
      page[(at + i) % PAGE] = pattern + i * 7;
    }
    node.size = Math.max(node.size, at + done);
    if (atText < 0) open.position = at + done;
    return done;
  }

  #read(open: Open, count: number, atText: number): string {
    const { node } = open;
    if ((open.flags & 3) === O.WRONLY || open.flags & O.PATH) fail(E.BADF);
    if (node.kind === 'dir') fail(E.ISDIR);
    const at = atText < 0 ? open.position : atText;
    const length = Math.max(0, Math.min(count, node.size - at));
    let sum = 1;
    for (let i = at; i < at + length; i++)
      sum = (Math.imul(sum, 31) + (node.pages.get(Math.floor(i / PAGE))?.[i % PAGE] ?? 0)) >>> 0;
    if (atText < 0) open.position += length;
    return length === 0 ? '0' : `${length} ${sum}`;
  }

  #seek(open: Open, offset: number, whence: number, said: string): number {
    const { node } = open;
    if (open.flags & O.PATH) fail(E.BADF);
    if (whence > 4) fail(E.INVAL);
    if (node.kind === 'dir' && whence > 1) fail(E.INVAL);
    let to = offset + (whence === 1 ? open.position : whence === 2 ? node.size : 0);
    if (whence > 2) {
      if (offset < 0 || offset >= node.size) fail(E.NXIO);
      if (node.vague)
        return ((open.position = Number(said) < 0 ? open.position : Number(said)), Number(said));
      const hole = whence === 4;
      for (to = offset; to < node.size && node.pages.has(Math.floor(to / PAGE)) === hole;) {
        const later = [...node.pages.keys()].filter((page) => page > to / PAGE).map((page) => page * PAGE);
        to = hole ? (Math.floor(to / PAGE) + 1) * PAGE : Math.min(...later, node.size);
      }
      to = Math.min(to, node.size);
      if (!hole && to === node.size) fail(E.NXIO);
    }
    if (to < 0) fail(E.INVAL);
    open.position = to;
    return to;
  }

  #allocate(open: Open, mode: number, at: number, count: number, said: string): void {
    const { node } = open;
    if (at < 0 || count <= 0) fail(E.INVAL);
    const [keep, punch, zero] = [(mode & 1) !== 0, (mode & 2) !== 0, (mode & 16) !== 0];
    if (mode & ~19 || (punch && (zero || !keep))) fail(E.OPNOTSUPP);
    if ((open.flags & 3) === 0 || open.flags & O.PATH) fail(E.BADF);
    if (node.kind !== 'file') fail(E.NODEV);
    if (punch || zero) {
      for (const [page, bytes] of node.pages) {
        const [from, to] = [Math.max(at - page * PAGE, 0), Math.min(at + count - page * PAGE, PAGE)];
        if (from === 0 && to === PAGE) node.pages.delete(page);
        else if (from < to) bytes.fill(0, from, to);
      }
    }
    if (punch) return;
    if (this.#limited && said === String(E.NOSPC)) {
      node.vague = true;
      fail(E.NOSPC);
    }
    for (let page = Math.floor(at / PAGE); page * PAGE < at + count; page++)
      if (!node.pages.has(page)) node.pages.set(page, new Uint8Array(PAGE));
    if (!keep) node.size = Math.max(node.size, at + count);
  }

  #command(command: string, args: readonly string[], said: string): string {
    const [a = '', b = '', c = '', d = '', e = ''] = args;
    switch (command) {
      case 'o':
        this.#slots[Number(a)] = undefined;
        this.#slots[Number(a)] = this.#open(args, said);
        return '0';
      case 'c':
        this.#slots[Number(a)] = undefined;
        return '0';
      case 'r':
        return this.#read(this.#file(a), Number(b), Number(c));
      case 'w':
        return String(this.#write(this.#file(a), Number(b), Number(c), Number(d), said));
      case 's':
        return String(this.#seek(this.#file(a), Number(b), Number(c), said));
      case 't': {
        const open = this.#file(a);
        if (open.node.kind !== 'file' || (open.flags & 3) === 0) fail(E.INVAL);
        resize(open.node, Number(b));
        return '0';
      }
      case 'T': {
        const node = this.#find(undefined, a, false);
        if (node.kind !== 'file') fail(node.kind === 'dir' ? E.ISDIR : E.INVAL);
        resize(node, Number(b));
        return '0';
      }
      case 'a':
        this.#allocate(this.#file(a), Number(b), Number(c), Number(d), said);
        return '0';
      case 'l':
        return this.#list(this.#file(a));
      case 'f':
        return this.#stat(this.#file(a).node, said);
      case 'p':
        return this.#stat(this.#find(this.#slot(a), b, c === '0'), said);
      case 'm': {
        const place = this.#walk(this.#slot(a), b, { name: true });
        const directory = (Number(c) & 0o170000) === TYPES.dir;
        this.#vacant(place, directory);
        this.#noMemory(said);
        this.#add(
          place,
          make(directory ? 'dir' : 'file', Number(c) & (directory ? 0o1777 : 0o7777) & ~0o022),
        );
        return '0';
      }
      case 'u':
        this.#remove(a, b, c === '1');
        return '0';
      case 'n':
        this.#rename(args, said);
        return '0';
      case 'k': {
        const node = this.#find(this.#slot(a), b, c === '0');
        this.#link(node, d, e, said);
        return '0';
      }
      case 'K':
        this.#link(this.#file(a).node, b, c, said);
        return '0';
      case 'y': {
        const place = this.#walk(this.#slot(b), c, { name: true });
        this.#vacant(place, false);
        this.#noMemory(said);
        this.#add(place, { ...make('link', 0o777), text: a });
        return '0';
      }
      case 'd': {
        const node = this.#find(undefined, a, false);
        if (node.kind !== 'dir') fail(E.NOTDIR);
        this.#working = node;
        return '0';
      }
      case 'D': {
        const { node } = this.#file(a);
        if (node.kind !== 'dir') fail(E.NOTDIR);
        this.#working = node;
        return '0';
      }
      case 'g':
        return this.#path(this.#working);
      case 'e': {
        const node = this.#find(this.#slot(a), b, true);
        return node.kind === 'link' ? node.text : fail(E.INVAL);
      }
      case 'L':
        this.#limited = true;
        return '0';
      default:
        throw new Error(`no command: ${command}`);
    }
  }
}

function drop(place: Place): void {
  place.directory.entries.delete(place.name ?? '');
  place.directory.cookies.delete(place.name ?? '');
}

function isWithin(node: Node, ancestor: Node): boolean {
  for (let at: Node = node; ; at = at.parent ?? at) {
    if (at === ancestor) return true;
    if (at.parent === at || at.parent === undefined) return false;
  }
}

function resize(node: Node, size: number): void {
  if (size < node.size) {
    for (const [page, bytes] of node.pages) {
      if (page * PAGE >= size) node.pages.delete(page);
      else bytes.fill(0, Math.max(0, Math.min(PAGE, size - page * PAGE)));
    }
  }
  node.size = size;
}
