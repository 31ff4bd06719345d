// SPDX-License-Identifier: Apache-2.0
// A plain model of a file system: what shims/core/fs is compared with. A path is a list of names in which a link is
// replaced by its text.
import { allocate, read, seek, write } from './fs-contents.js';
import { E, Errno, O, PAGE, RESOLVE, TYPES, drop, fail, isWithin, make, resize } from './fs-node.js';
import type { Node, Open, Place } from './fs-node.js';

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
    const writes = (flags & 3) !== 0;
    if (flags & O.PATH) flags &= O.PATH | O.DIRECTORY | O.NOFOLLOW;
    const unnamed = (flags & 0o20000000) !== 0;
    if (unnamed && (!(flags & O.DIRECTORY) || flags & O.CREAT || !writes)) fail(E.INVAL);
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
        if (directory && (writes || flags & O.TRUNC)) fail(E.ISDIR);
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
        return read(this.#file(a), Number(b), Number(c));
      case 'w':
        return String(write(this.#file(a), Number(b), Number(c), Number(d), said, this.#limited));
      case 's':
        return String(seek(this.#file(a), Number(b), Number(c), said));
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
        allocate(this.#file(a), Number(b), Number(c), Number(d), said, this.#limited);
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
