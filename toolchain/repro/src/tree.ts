// SPDX-License-Identifier: Apache-2.0
// Trees of files: which there are, and copies of them as a clone elsewhere would have them.
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.js';
import type { Setting } from './setting.js';

/** Whether something has this name, a dangling link too. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The files and links at or below `path`, relative to `root`, sorted by code units; `.git` is left out. */
export function filesBelow(root: string, path = ''): string[] {
  const whole = join(root, path);
  if (!lstatSync(whole).isDirectory()) return [path];
  return readdirSync(whole)
    .filter((name) => name !== '.git')
    .sort()
    .flatMap((name) => filesBelow(root, path === '' ? name : `${path}/${name}`));
}

/**
 * The files of a project: those that git tracks or would add, where the folder is in a git work tree, so that no
 * earlier build is among them; else all. `also`: what is wanted besides, such as node_modules.
 */
export async function projectFiles(root: string, also: readonly string[]): Promise<string[]> {
  const args = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '.'];
  const { status, stdout } = await run('git', args);
  const listed = status === 0 ? stdout.split('\0').filter((path) => path !== '') : filesBelow(root);
  const more = also.flatMap((path) => filesBelow(root, path));
  return [...new Set([...listed, ...more])].filter((path) => isThere(join(root, path))).sort();
}

/** Copies files of `from` to where the setting says, with its umask, owner, times and order of creation. */
export function copyProject(from: string, files: readonly string[], setting: Setting): void {
  const to = setting.folder;
  const own = (path: string): void => {
    if (setting.owner !== undefined) lchownSync(path, setting.owner, setting.owner);
  };
  const folders = new Set<string>(['']);
  const makeFolder = (path: string): void => {
    if (folders.has(path)) return;
    makeFolder(dirname(path) === '.' ? '' : dirname(path));
    folders.add(path);
    mkdirSync(join(to, path), { recursive: true });
  };
  mkdirSync(to, { recursive: true });
  for (const path of setting.reversed ? files.toReversed() : files) {
    makeFolder(dirname(path) === '.' ? '' : dirname(path));
    const source = join(from, path);
    const target = join(to, path);
    const stat = lstatSync(source);
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, ((stat.mode & 0o111) === 0 ? 0o666 : 0o777) & ~setting.umask);
    }
    own(target);
    lutimesSync(target, setting.mtime, setting.mtime);
  }
  for (const folder of [...folders].sort().toReversed()) {
    const target = join(to, folder);
    chmodSync(target, 0o777 & ~setting.umask);
    own(target);
    lutimesSync(target, setting.mtime, setting.mtime);
  }
}

/** A folder of the builds' own, for temporary files or as HOME. */
export function ownFolder(path: string, owner: number | undefined): void {
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  if (owner !== undefined) lchownSync(path, owner, owner);
}

/** A test for names by patterns: `*` within a name, `**` across folders. */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const made = patterns.map((pattern) => {
    const text = pattern
      .replace(/[.+^${}()|[\]\\?]/g, '\\$&')
      .replace(/\*\*\/|\*\*|\*/g, (stars) => (stars === '*' ? '[^/]*' : stars === '**' ? '.*' : '(?:.*/)?'));
    return new RegExp(`^${text}$`, 'u');
  });
  return (path) => made.some((one) => one.test(path));
}
