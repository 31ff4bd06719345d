// SPDX-License-Identifier: Apache-2.0
import { digestHex } from '../oci/descriptor.js';
import type { KeepManifest } from '../manifest/types.js';
import type { Resource, ShimFacts, Statement } from './statement.js';

/** What is known of a shim's making. */
export interface ShimOrigin {
  readonly facts: ShimFacts;
  /** The compiler: its package by a purl, where it has one, and the files of the packages that are pinned. */
  readonly compiler: readonly Resource[];
}

/** What a statement says that the Keep manifest does not. */
export interface BuildFacts {
  /** Version of Motte. */
  readonly motte: string;
  /** SHA-256 of the pnpm-lock.yaml of the Motte that built. */
  readonly lockfile: string;
  /** By variant; a shim that came without its stamp has none. */
  readonly shims: ReadonlyMap<string, ShimOrigin>;
}

const LOCKFILE = 'pnpm-lock.yaml';
const shimName = (variant: string): string => `shim ${variant}`;
/** The compiler itself; a package of it has a colon and its file after this. */
export function compilerName(variant: string): string {
  return `compiler of shim ${variant}`;
}

const resource = (name: string, digest: string): Resource => ({
  name,
  digest: { sha256: digestHex(digest) },
});

function shimResources(variant: string, digest: string, origin: ShimOrigin | undefined): Resource[] {
  const shim = resource(shimName(variant), digest);
  if (origin === undefined) return [shim];
  const { facts, compiler } = origin;
  return [{ ...shim, annotations: facts }, ...compiler];
}

/** The statement that an image with this Keep manifest was built of these things. `digest` is the manifest's. */
export function makeStatement(manifest: KeepManifest, digest: string, facts: BuildFacts): Statement {
  const { name, exec, config, files, shims } = manifest;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digestHex(digest) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:motte:build:keep-image:v1',
        externalParameters: { name, tees: [...new Set(shims.map(({ tee }) => tee))] },
        resolvedDependencies: [
          resource('exec', exec.digest),
          resource('Keep.toml', config.blob.digest),
          ...(files === undefined
            ? []
            : [resource('file index', files.index.digest), resource('files', files.contents.digest)]),
          ...shims.flatMap(({ variant, blob }) =>
            shimResources(variant, blob.digest, facts.shims.get(variant)),
          ),
          resource(LOCKFILE, `sha256:${facts.lockfile}`),
        ],
      },
      runDetails: { builder: { id: 'urn:motte:builder', version: { motte: facts.motte } } },
    },
  };
}

/** The facts of a statement: `makeStatement` makes of them and of its manifest the same statement, or it is another's. */
export function factsOf({ predicate }: Statement, { shims }: KeepManifest): BuildFacts {
  const { buildDefinition, runDetails } = predicate;
  const named = new Map(buildDefinition.resolvedDependencies.map((one) => [one.name, one]));
  const origins = shims.flatMap(({ variant }): [string, ShimOrigin][] => {
    const facts = named.get(shimName(variant))?.annotations;
    if (facts === undefined) return [];
    const own = compilerName(variant);
    const compiler = buildDefinition.resolvedDependencies.filter(
      ({ name }) => name === own || name.startsWith(`${own}: `),
    );
    return [[variant, { facts, compiler }]];
  });
  return {
    motte: runDetails.builder.version.motte,
    lockfile: named.get(LOCKFILE)?.digest?.sha256 ?? '',
    shims: new Map(origins),
  };
}
