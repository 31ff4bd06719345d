// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { nearest } from '@motte/config/nearest';
import type { ShimConfig } from './config.js';
import type { Component, Manifest } from './manifest.js';

/** What a configuration selects. */
export interface Selection {
  /** In the order in which they are linked. */
  readonly components: readonly Component[];
  /** The system calls that are compiled in: number and name, ascending. */
  readonly syscalls: readonly (readonly [number, string])[];
}

const SWITCHES = ['threads', 'sockets', 'files', 'mounts', 'image', 'debug'] as const;

function fits(config: ShimConfig, { when }: Component): boolean {
  const switches = SWITCHES.every((name) => when[name] !== true || config[name] !== false);
  return switches && (when.sgx === undefined || when.sgx === config.sgx?.version);
}

/** A switch that no component listens to would be a promise that the shim does not keep. */
function refuseUnsupported(manifest: Manifest, config: ShimConfig): void {
  for (const name of SWITCHES) {
    if (config[name] === false || manifest.components.some(({ when }) => when[name] === true)) continue;
    throw new MotteError('SHIM_CONFIG_UNSUPPORTED', {
      field: name,
      expected: 'false',
      found: String(config[name]),
    });
  }
}

/** The components and system calls of a configuration. Throws SHIM_CONFIG and SHIM_CONFIG_UNSUPPORTED. */
export function select(manifest: Manifest, config: ShimConfig): Selection {
  refuseUnsupported(manifest, config);
  const fitting = manifest.components.filter((component) => fits(config, component));
  const known = new Map(fitting.flatMap(({ syscalls }) => Object.entries(syscalls)));
  const wanted = config.syscalls === 'all' ? [...known.keys()] : config.syscalls;
  for (const name of wanted) {
    if (known.has(name)) continue;
    const near = nearest(name, known.keys());
    throw new MotteError('SHIM_CONFIG', {
      field: 'syscalls',
      message: 'this shim has no such system call',
      expected: near === undefined ? 'the name of one that docs/syscalls.md lists' : `did you mean ${near}?`,
      found: name,
    });
  }
  const allowed = new Set(wanted);
  const components = fitting.filter(({ syscalls, always }) => {
    const names = Object.keys(syscalls);
    return names.length === 0 || always || names.some((name) => allowed.has(name));
  });
  const numbers = [...allowed].map((name) => [known.get(name) ?? 0, name] as const);
  return { components, syscalls: numbers.sort(([a], [b]) => a - b) };
}

/** `shim_config.h`: the configuration, for `#if`. */
export function configHeader(config: ShimConfig, { components, syscalls }: Selection): string {
  const flag = (value: boolean): number => (value ? 1 : 0);
  const rows = [
    `SHIM_SGX ${config.sgx?.version ?? 0}`,
    `SHIM_THREADS ${config.threads === false ? 0 : config.threads}`,
    `SHIM_SOCKETS ${flag(config.sockets)}`,
    `SHIM_FILES ${flag(config.files)}`,
    `SHIM_MOUNTS ${flag(config.files && config.mounts)}`,
    `SHIM_IMAGE ${flag(config.files && config.image)}`,
    `SHIM_DEBUG ${flag(config.debug)}`,
    ...components.map(({ name }) => `SHIM_HAS_${name.toUpperCase()} 1`),
    ...syscalls.map(([, name]) => `SHIM_HAS_SYS_${name} 1`),
    `SHIM_SYSCALLS(X) ${syscalls.map(([number, name]) => `X(${number}, ${name})`).join(' ')}`,
  ];
  return [
    '/* SPDX-License-Identifier: Apache-2.0 */',
    '/* Written by @motte/shimgen for one build of one configuration. */',
    '#ifndef SHIM_CONFIG_H',
    '#define SHIM_CONFIG_H',
    ...rows.map((row) => `#define ${row}`),
    '#endif',
    '',
  ].join('\n');
}
