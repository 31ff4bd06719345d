// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hostValues, withCommandLine } from '@motte/config/host-values';
import type { HostValues, Variable } from '@motte/config/host-values';
import type { KeepConfig } from '@motte/config/keep-config';
import { defaultConfig, parseKeepToml } from '@motte/config/keep-toml';
import { basename, dirname } from 'node:path';
import type { OptionValues } from '../grammar/options.js';
import { readText } from '../io/file.js';
import { bareGrants } from './grants.js';

/** The configuration of a Keep, and what its host adds at boot. */
export interface Settings {
  readonly config: KeepConfig;
  readonly argv0: string;
  /** What sources of `[[image]]` are relative to. */
  readonly folder: string;
  /** Whether the files of `[[image]]` will be served, and are copied for that. */
  readonly serves?: true;
  readonly host: HostValues;
}

/** The variables of `--env`. Throws USAGE_VALUE. */
export function variables({ env = [] }: OptionValues): Variable[] {
  return env.map((text) => {
    const at = text.indexOf('=');
    if (at < 1)
      throw new MotteError('USAGE_VALUE', { field: '--env', expected: 'K=V', found: JSON.stringify(text) });
    return { key: text.slice(0, at), value: text.slice(at + 1) };
  });
}

/** The configuration that Keep.toml and the options say, before any program. */
export function readConfig(options: OptionValues): KeepConfig {
  const config = options.config === undefined ? defaultConfig() : parseKeepToml(readText(options.config));
  return options.debug === true ? { ...config, sgx: { ...config.sgx, debug: true } } : config;
}

/** The folder of Keep.toml. */
export function configFolder({ config }: OptionValues): string {
  return config === undefined ? '.' : dirname(config);
}

/** What `measure`, `plan` and `sign` fix: Keep.toml or the defaults, argv[0] the last part of the path. */
export function fixedSettings(options: OptionValues, file: string): Settings {
  return {
    config: readConfig(options),
    argv0: basename(file),
    folder: configFolder(options),
    host: { args: [], env: [] },
  };
}

/** What the command line gives to a Keep whose configuration is fixed. Throws CONFIG_HOST_VALUE for what it leaves to nobody. */
export function hostSettings(
  config: KeepConfig,
  env: readonly Variable[],
  args: readonly string[],
): HostValues {
  if (config.env !== 'host') return hostValues(config, args, env);
  const own = Object.entries(process.env).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value }],
  );
  return hostValues(config, args, [...own, ...env]);
}

/**
 * What `run` fixes of a program. With a Keep.toml it is what `measure` fixes, and the command line gives only what
 * Keep.toml leaves to the host; a bare file's own command line is fixed, argv[0] as typed.
 */
export function runSettings(
  options: OptionValues,
  file: string,
  env: readonly Variable[],
  args: readonly string[],
): Settings {
  const fixed = fixedSettings(options, file);
  if (options.config === undefined) {
    const config = { ...withCommandLine(fixed.config, args, env), files: bareGrants(options) };
    return { ...fixed, config, argv0: file };
  }
  return { ...fixed, serves: true, host: hostSettings(fixed.config, env, args) };
}
