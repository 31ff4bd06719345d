// SPDX-License-Identifier: Apache-2.0
// A package registry that serves what the clone has installed already, so that installing our tarballs elsewhere asks
// nothing of the network.
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Installed {
  readonly manifest: Manifest;
  readonly folder: string;
}

function read(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Every package by others that ours need when they run, by `name@version`. */
function thirdParties(): Map<string, Installed> {
  const found = new Map<string, Installed>();
  const visit = (folder: string, places: readonly string[]): void => {
    for (const [name, range] of Object.entries(read(folder).dependencies ?? {})) {
      if (range.startsWith('workspace:')) continue;
      const place = places.map((parent) => join(parent, name)).find((path) => existsSync(path));
      if (place === undefined) throw new Error(`${name} is not installed for ${folder}`);
      const real = realpathSync(place);
      const manifest = read(real);
      const key = `${name}@${manifest.version}`;
      if (found.has(key)) continue;
      found.set(key, { manifest, folder: real });
      // pnpm puts what a package needs beside it; a scoped name lies one folder deeper.
      visit(real, [join(real, name.startsWith('@') ? '../..' : '..')]);
    }
  };
  for (const parent of ['packages', 'toolchain']) {
    for (const name of readdirSync(join(ROOT, parent))) {
      const own = join(ROOT, parent, name);
      if (existsSync(join(own, 'package.json'))) visit(own, [join(own, 'node_modules')]);
    }
  }
  return found;
}

/** A registry that listens on 127.0.0.1. */
export interface Registry {
  readonly url: string;
  close(): void;
}

/** Starts the registry. */
export async function startRegistry(): Promise<Registry> {
  const all = thirdParties();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').replace(/^\//, '');
    const tarball = all.get(path.replace(/\.tgz$/, ''));
    if (path.endsWith('.tgz') && tarball !== undefined) {
      const args = ['-cz', '--transform', 's,^\\.,package,', '-C', tarball.folder, '.'];
      response.end(execFileSync('tar', args, { maxBuffer: 1 << 28 }));
      return;
    }
    const versions = [...all.values()].filter(({ manifest }) => manifest.name === path);
    if (versions.length === 0) {
      response.writeHead(404).end('{}');
      return;
    }
    const host = `http://${request.headers.host}`;
    const rows = versions.map(({ manifest }) => {
      const dist = { tarball: `${host}/${manifest.name}@${manifest.version}.tgz` };
      return [manifest.version, { ...manifest, dist }] as const;
    });
    response.setHeader('content-type', 'application/json');
    const latest = rows.at(-1)?.[0];
    response.end(JSON.stringify({ name: path, 'dist-tags': { latest }, versions: Object.fromEntries(rows) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/`, close };
}
