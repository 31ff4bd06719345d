// SPDX-License-Identifier: Apache-2.0
// The unpacked kernel package (scripts/tcg-kernel.mjs), and those of its modules that the machine loads.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../vectors.js';

/** Where the clone keeps what scripts/tcg needs and makes. */
export const CACHE: string = join(ROOT, 'build/tcg');

export interface Kernel {
  readonly image: string;
  /** Paths, each after those that it depends on. */
  readonly modules: readonly string[];
  /** SHA-256 of the package. */
  readonly sha256: string;
}

/** The port to the host, the host's files, directories that are writable above them, and KVM. */
const WANTED = ['virtio_pci', 'virtio_console', 'virtiofs', 'overlay', 'kvm_amd'];

/** How modules are called within the kernel: `kvm-amd.ko` is kvm_amd. */
const moduleName = (path: string): string => basename(path, '.ko').replaceAll('-', '_');

function modulesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return modulesBelow(path);
    return entry.name.endsWith('.ko') ? [path] : [];
  });
}

/** What the module's .modinfo says that it depends on. */
export function dependencies(module: Buffer): string[] {
  const mark = Buffer.from('\0depends=');
  const at = module.indexOf(mark);
  if (at < 0) return [];
  const start = at + mark.length;
  const names = module.toString('latin1', start, module.indexOf(0, start));
  return names === '' ? [] : names.split(',').map((name) => name.replaceAll('-', '_'));
}

/** The modules wanted and all that they need, in the order in which they can be loaded. */
function loadOrder(paths: readonly string[], wanted: readonly string[]): string[] {
  const byName = new Map(paths.map((path) => [moduleName(path), path]));
  const order = new Set<string>();
  const visit = (name: string): void => {
    const path = byName.get(name);
    if (path === undefined) throw new Error(`the kernel package has no module ${name}`);
    if (order.has(path)) return;
    for (const needed of dependencies(readFileSync(path))) visit(needed);
    order.add(path);
  };
  for (const name of wanted) visit(name);
  return [...order];
}

/** The kernel of `folder`, or undefined if there is none. */
export function findKernel(folder: string = join(CACHE, 'kernel')): Kernel | undefined {
  const mark = join(folder, 'SHA256');
  if (!existsSync(mark)) return undefined;
  const images = readdirSync(join(folder, 'boot')).filter((name) => name.startsWith('vmlinuz-'));
  const [image] = images;
  if (image === undefined || images.length > 1)
    throw new Error(`${folder}/boot has ${images.length} kernels`);
  return {
    image: join(folder, 'boot', image),
    modules: loadOrder(modulesBelow(join(folder, 'lib/modules')), WANTED),
    sha256: readFileSync(mark, 'utf8').trim(),
  };
}
