// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { shimVariant } from '@motte/config/shim-variant';
import { shimPath } from '@motte/loader/prebuilt';
import { basename } from 'node:path';
import { assemble, describeKeep } from './assemble.js';
import { OpenFiles } from './container/files.js';
import type { ImageFormat } from './container/open.js';
import { streamDigest } from './container/stream.js';
import { writeContainer } from './container/write.js';
import { buildFiles } from './files.js';
import type { BuiltFiles } from './files.js';
import { configIdOf, configOf, sgxKeep, sgxMeasurement } from './keep.js';
import type { KeepManifest, Tee } from './manifest/types.js';
import { describe } from './oci/descriptor.js';
import { MEDIA } from './oci/media-types.js';
import { lockfileDigest, motteVersion, shimOrigin } from './provenance/builder.js';
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
  /** The TEEs that the image is for; `sgx` alone in this version. */
  readonly tees?: readonly Tee[];
  /** Path of a shim other than the built one. Its stamp is looked for beside it. */
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

function checkTees(tees: readonly Tee[]): void {
  const other = tees.find((tee) => tee !== 'sgx');
  if (other !== undefined || tees.length === 0)
    throw new MotteError('TEE_UNSUPPORTED', { field: 'tees', expected: 'sgx', found: other ?? 'none' });
}

/** `build` in steps. */
export function* buildSteps(options: BuildOptions): Steps<WrittenImage> {
  const { output, format = 'tar', name = basename(options.exec), tees = ['sgx'] } = options;
  checkTees(tees);
  const created = createdText(options.created);
  const toml = new TextEncoder().encode(options.config ?? '');
  const config = configOf(toml);
  const open = new OpenFiles();
  let files: BuiltFiles | undefined;
  try {
    files = yield* buildFiles(config, options.folder ?? '.');
    const variant = shimVariant(config.sgx);
    const shimFile = options.shim ?? shimPath(`${variant}.elf`);
    const shim = open.add(shimFile);
    const exec = open.add(options.exec);
    const keep = yield* sgxKeep({ name, exec, shim, config, index: files?.packed });
    const shimDigest = yield* streamDigest(shim);
    const execDigest = yield* streamDigest(exec);
    const keepToml = describe(MEDIA.keepToml, toml);
    const manifest: KeepManifest = {
      version: 1,
      name,
      exec: { mediaType: MEDIA.exec, digest: execDigest, size: exec.size },
      config: { blob: keepToml, configId: configIdOf(keep) },
      ...(files === undefined ? {} : { files: files.descriptors }),
      shims: [{ tee: 'sgx', variant, blob: { mediaType: MEDIA.shim, digest: shimDigest, size: shim.size } }],
      measurements: [sgxMeasurement(keep, config)],
    };
    const origin = shimOrigin(variant, shimFile, shimDigest);
    const facts = {
      motte: motteVersion(),
      lockfile: lockfileDigest(),
      shims: new Map(origin === undefined ? [] : [[variant, origin]]),
    };
    const image = assemble({
      ...describeKeep(manifest, facts),
      blobs: new Map([
        [execDigest, exec],
        [shimDigest, shim],
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
