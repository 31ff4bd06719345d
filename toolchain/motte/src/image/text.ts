// SPDX-License-Identifier: Apache-2.0
import type { KeepManifest, Measurement } from '@motte/image';

/** What `--json` tells of an image: the Keep manifest, flatter. */
export interface ManifestText {
  readonly name: string;
  readonly exec: { readonly digest: string; readonly size: number };
  readonly config: { readonly digest: string; readonly configId: string };
  /** Of the files of `[[image]]`: the digests of their index and of their contents, and how many bytes these are. */
  readonly files: { readonly index: string; readonly contents: string; readonly size: number } | null;
  readonly shims: readonly { readonly tee: string; readonly variant: string; readonly digest: string }[];
  readonly measurements: readonly Measurement[];
}

/** A manifest for `--json`. */
export function manifestText({ name, exec, config, files, shims, measurements }: KeepManifest): ManifestText {
  return {
    name,
    exec: { digest: exec.digest, size: exec.size },
    config: { digest: config.blob.digest, configId: config.configId },
    files:
      files === undefined
        ? null
        : { index: files.index.digest, contents: files.contents.digest, size: files.contents.size },
    shims: shims.map(({ tee, variant, blob }) => ({ tee, variant, digest: blob.digest })),
    measurements,
  };
}

/** Rows for people, in two columns. */
export function columns(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
