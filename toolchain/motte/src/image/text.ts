// SPDX-License-Identifier: Apache-2.0
import type { KeepManifest, Measurement } from '@motte/image';

/** What `--json` tells of an image: the Keep manifest, flatter. */
export interface ManifestText {
  readonly name: string;
  readonly exec: { readonly digest: string; readonly size: number };
  readonly config: { readonly digest: string; readonly configId: string };
  readonly shims: readonly { readonly tee: string; readonly variant: string; readonly digest: string }[];
  readonly measurements: readonly Measurement[];
}

/** A manifest for `--json`. */
export function manifestText({ name, exec, config, shims, measurements }: KeepManifest): ManifestText {
  return {
    name,
    exec: { digest: exec.digest, size: exec.size },
    config: { digest: config.blob.digest, configId: config.configId },
    shims: shims.map(({ tee, variant, blob }) => ({ tee, variant, digest: blob.digest })),
    measurements,
  };
}

/** Rows for people, in two columns. */
export function columns(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
