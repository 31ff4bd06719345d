// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { KeepConfig } from './keep-config.js';

/** A variable as a command line gives it. */
export interface Variable {
  readonly key: string;
  readonly value: string;
}

/** What the host hands to a Keep at its boot, beside the blob. */
export interface HostValues {
  readonly args: readonly string[];
  readonly env: readonly Variable[];
}

/** The configuration of a bare file: the defaults, with its own command line fixed in it. */
export function withCommandLine(
  config: KeepConfig,
  args: readonly string[],
  env: readonly Variable[],
): KeepConfig {
  const last = new Map(env.map(({ key, value }) => [key, value]));
  return { ...config, args, env: [...last].map(([key, value]) => ({ key, value, measured: true })) };
}

/**
 * What of a command line goes to a Keep whose configuration is fixed. Throws CONFIG_HOST_VALUE for everything
 * that the configuration does not leave to the host; the shim refuses it as well.
 */
export function hostValues(
  config: KeepConfig,
  args: readonly string[],
  env: readonly Variable[],
): HostValues {
  if (config.args !== 'host' && args.length > 0) {
    throw new MotteError('CONFIG_HOST_VALUE', {
      field: 'args',
      expected: 'none after FILE, or args = "host"',
      found: args.length,
    });
  }
  for (const { key } of env) {
    if (config.env === 'host' || config.env.some((entry) => entry.key === key && !entry.measured)) continue;
    throw new MotteError('CONFIG_HOST_VALUE', {
      field: `env.${key}`,
      expected: 'a variable that Keep.toml leaves to the host',
      found: config.env.some((entry) => entry.key === key) ? 'a fixed one' : 'an unknown one',
    });
  }
  const last = new Map(env.map(({ key, value }) => [key, value]));
  return { args, env: [...last].map(([key, value]) => ({ key, value })) };
}
