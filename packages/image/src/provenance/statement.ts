// SPDX-License-Identifier: Apache-2.0
import * as v from 'valibot';
import { nameSchema } from '../manifest/schema.js';

/** What is known of how a shim was built; nothing of where. */
export interface ShimFacts {
  /** SHA-256 over its sources, flags and compiler (shimgen’s inputs digest). */
  readonly inputs: string;
  readonly compiler: 'pinned' | 'unpinned';
  readonly command: string;
  readonly version: string;
  readonly assembler: string;
  readonly linker: string;
}

/** A thing that went into the build. in-toto attestation 1.0, resource_descriptor.md. */
export interface Resource {
  readonly name: string;
  readonly uri?: string;
  readonly digest?: { readonly sha256: string };
  readonly annotations?: ShimFacts;
}

/** An in-toto statement 1.0 with the SLSA provenance predicate 1.0; times, and whose machine it was, are left out. */
export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: string } }];
  readonly predicateType: 'https://slsa.dev/provenance/v1';
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: 'urn:motte:build:keep-image:v1';
      readonly externalParameters: { readonly name: string; readonly tees: readonly string[] };
      readonly resolvedDependencies: readonly Resource[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: 'urn:motte:builder'; readonly version: { readonly motte: string } };
    };
  };
}

const text: v.GenericSchema<string> = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const hex: v.GenericSchema<string> = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const digest: v.GenericSchema<{ readonly sha256: string }> = v.strictObject({ sha256: hex });

const resource: v.GenericSchema<Resource> = v.strictObject({
  name: text,
  uri: v.exactOptional(text),
  digest: v.exactOptional(digest),
  annotations: v.exactOptional(
    v.strictObject({
      inputs: hex,
      compiler: v.picklist(['pinned', 'unpinned']),
      command: text,
      version: text,
      assembler: text,
      linker: text,
    }),
  ),
});

export const statementSchema: v.GenericSchema<Statement> = v.strictObject({
  _type: v.literal('https://in-toto.io/Statement/v1'),
  subject: v.strictTuple([v.strictObject({ name: nameSchema, digest })]),
  predicateType: v.literal('https://slsa.dev/provenance/v1'),
  predicate: v.strictObject({
    buildDefinition: v.strictObject({
      buildType: v.literal('urn:motte:build:keep-image:v1'),
      externalParameters: v.strictObject({ name: nameSchema, tees: v.array(text) }),
      resolvedDependencies: v.pipe(v.array(resource), v.maxLength(64)),
    }),
    runDetails: v.strictObject({
      builder: v.strictObject({
        id: v.literal('urn:motte:builder'),
        version: v.strictObject({ motte: text }),
      }),
    }),
  }),
});
