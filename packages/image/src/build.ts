// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { basename } from 'node:path';
import { assemble, describeKeep } from './assemble.js';
import { buildPart } from './build-part.js';
import type { BuiltPart } from './build-part.js';
import { OpenFiles } from './container/files.js';
import type { ImageFormat } from './container/open.js';
import { streamDigest } from './container/stream.js';
import { writeContainer } from './container/write.js';
import { buildFiles } from './files.js';
import type { BuiltFiles } from './files.js';
import { IMAGE_TEES, configIdOf, configOf } from './keep.js';
import type { ImageTee } from './keep.js';
import type { KeepManifest } from './manifest/types.js';
import { describe } from './oci/descriptor.js';
import { MEDIA } from './oci/media-types.js';
import { lockfileDigest, motteVersion } from './provenance/builder.js';
import { runSteps } from './steps.js';

/** What an image is built of, and where it goes. */
export interface BuildOptions {
  /** Path of the program, a static PIE for x86-64. */
  readonly exec: string;
  /** Where the image is written. */
  readonly output: string;
  /** `tar` by default. */
  readonly format?: ImageFormat;
  /** The text of Keep.toml, which the image holds as it is; empty by default: all defaults. */
  readonly config?: string;
  /** What sources of `[[image]]` are relative to: the folder of Keep.toml; the working directory by default. */
  readonly folder?: string;
  /** argv[0]; the last part of the program's path by default. */
  readonly name?: string;
  /** The TEEs that the image is for: `sgx`, or `sgx` and `snp`, which is the default and serves plain KVM as well. */
  readonly tees?: readonly ImageTee[];
  /** Path of a shim for SGX other than the built one. Its stamp is looked for beside it. */
  readonly shim?: string;
  /** Seconds since 1970 that the image says it was made at; without it, it says nothing. */
  readonly created?: number;
  readonly signal?: AbortSignal;
}

/** An image that was written. */
export interface WrittenImage {
  readonly path: string;
  readonly format: ImageFormat;
  /** Digest of the OCI manifest. */
  readonly digest: string;
  readonly manifest: KeepManifest;
}

/** Last second that a date of four digits names. */
const LAST_SECOND = 253_402_300_799;

/** RFC 3339 of `seconds`. Throws IMAGE_OPTION. */
function createdText(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > LAST_SECOND) {
    const expected = `whole seconds, 0 to ${LAST_SECOND}`;
    throw new MotteError('IMAGE_OPTION', { field: 'created', expected, found: seconds });
  }
  return new Date(1000 * seconds).toISOString().replace('.000', '');
}

function checkTees(tees: readonly ImageTee[]): void {
  const found = tees.join(', ');
  const expected = IMAGE_TEES.map((_, i) => IMAGE_TEES.slice(0, i + 1).join(', '));
  if (!expected.includes(found))
    throw new MotteError('TEE_UNSUPPORTED', { field: 'tees', expected: expected.join(' or '), found });
}

/** `build` in steps. */
export function* buildSteps(options: BuildOptions): Steps<WrittenImage> {
  const { output, format = 'tar', name = basename(options.exec), tees = IMAGE_TEES } = options;
  checkTees(tees);
  const created = createdText(options.created);
  const toml = new TextEncoder().encode(options.config ?? '');
  const config = configOf(toml);
  const open = new OpenFiles();
  let files: BuiltFiles | undefined;
  try {
    files = yield* buildFiles(config, options.folder ?? '.');
    const exec = open.add(options.exec);
    const own = { name, exec, config, index: files?.packed };
    const parts: BuiltPart[] = [];
    for (const tee of tees) parts.push(yield* buildPart(tee, own, options.shim, open));
    const execDigest = yield* streamDigest(exec);
    const keepToml = describe(MEDIA.keepToml, toml);
    const manifest: KeepManifest = {
      version: 1,
      name,
      exec: { mediaType: MEDIA.exec, digest: execDigest, size: exec.size },
      config: { blob: keepToml, configId: configIdOf(own) },
      ...(files === undefined ? {} : { files: files.descriptors }),
      shims: parts.map(({ entry }) => entry),
      measurements: parts.map(({ measurement }) => measurement),
    };
    const facts = {
      motte: motteVersion(),
      lockfile: lockfileDigest(),
      shims: new Map(
        parts.flatMap(({ entry, origin }) =>
          origin === undefined ? [] : [[entry.variant, origin] as const],
        ),
      ),
    };
    const image = assemble({
      ...describeKeep(manifest, facts),
      blobs: new Map([
        [execDigest, exec],
        ...parts.map(({ entry, source }) => [entry.blob.digest, source] as const),
        [keepToml.digest, bytesSource(toml)],
        ...(files?.blobs ?? []),
      ]),
      signatures: [],
      created,
    });
    yield* writeContainer(output, format, image.files);
    return { path: output, format, digest: image.digest, manifest };
  } finally {
    files?.packed.close();
    open.close();
  }
}

/**
 * Builds an image that nobody has signed yet: the same inputs and the same Motte give the same bytes, wherever. The
 * program is streamed; when this rejects, or `signal` fires, nothing is left behind. Rejects with IMAGE_*, and with
 * what reading the ELF files, Keep.toml and planning throw.
 */
export function build(options: BuildOptions): Promise<WrittenImage> {
  return runSteps(buildSteps(options), options.signal);
}
