// SPDX-License-Identifier: Apache-2.0
// One variation after the other: what it is in the first build and in the second, and what it does to a command.
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import type { Varied, Variation } from './variation.js';

/** The environment of one build. */
export interface Setting {
  /** The folder of the build, below the work folder; its name is another one, too. */
  readonly folder: string;
  readonly umask: number;
  /** Unix time that the sources are of. */
  readonly mtime: number;
  /** Whether the copy's directories are filled in reverse. */
  readonly reversed: boolean;
  /** The user and group that own the copy and run the command; else ours. */
  readonly owner: number | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** What stands before the command; the umask is set by the shell that it runs in. */
  readonly before: readonly string[];
}

/** What is settled once for a comparison: every build in the same setting is in the same place at the same date. */
export interface Ground {
  readonly machine: Machine;
  readonly work: string;
  /** Name of the folder that is built. */
  readonly name: string;
  readonly epoch: string;
  readonly started: number;
}

const DAY = 86_400;
/** 400 days and some hours: another year, month, day, hour and minute. */
const AHEAD = 400 * DAY + 11 * 3600 + 17 * 60;
const NOBODY = 65_534;
const HIDDEN = ['AVX', 'AVX2', 'AVX512F', 'AVX512VL', 'BMI1', 'BMI2', 'FMA', 'MOVBE', 'LZCNT'];

const octal = (mask: number): string => mask.toString(8).padStart(3, '0');

/** What each variation is on this machine. */
export function variedOn(machine: Machine): Varied[] {
  const { preload } = machine;
  const yes = (name: Variation, first: string, second: string): Varied => ({
    name,
    varied: true,
    first,
    second,
  });
  const no = (name: Variation, why: string): Varied => ({ name, varied: false, why });
  const loaded = (name: Variation, first: string, second: string): Varied =>
    typeof preload === 'string' ? yes(name, first, second) : no(name, preload.why);
  const names = {
    setpriv: 'nobody (65534)',
    userns: 'root, in a user namespace',
    'name only': 'another name',
  };
  const all = machine.cpus.length;
  return [
    yes('path', 'a short path', 'a longer path, TMPDIR too'),
    yes('user', 'you', names[machine.otherUser]),
    yes('umask', octal(0o022), octal(0o077)),
    yes(
      'locale',
      'C.UTF-8',
      machine.locale ?? 'sv_SE.UTF-8, which libc has no data of here, but Node and ICU have',
    ),
    yes('timezone', 'UTC', 'Kathmandu, UTC+05:45'),
    loaded('clock', 'now', '400 days ahead, sources as old'),
    loaded('order', 'by name', 'by name, backwards'),
    all > 1 && machine.taskset
      ? yes('parallelism', `${all} CPUs, make -j${all}`, '1 CPU, make -j1')
      : yes('parallelism', 'make -j2', 'make -j1; the CPUs are the same'),
    machine.tunables
      ? yes(
          'cpu',
          'as it is',
          'glibc and OpenSSL see no AVX, BMI, FMA; the CPUID instruction shows them still',
        )
      : no('cpu', 'it can be hidden from glibc on x86-64 only'),
    machine.node === undefined
      ? no('node', 'there is no other version of Node here; --node names one')
      : yes('node', machine.node.first, machine.node.version),
    loaded('host', 'as it is', 'another-host'),
    yes('environment', 'your HOME and variables', 'another HOME, one variable more'),
  ];
}

function parallel(machine: Machine, on: boolean): { env: Record<string, string>; before: string[] } {
  const jobs = String(on ? 1 : Math.max(2, machine.cpus.length));
  return {
    env: { MAKEFLAGS: `-j${jobs}`, CMAKE_BUILD_PARALLEL_LEVEL: jobs, CARGO_BUILD_JOBS: jobs },
    before: on && machine.taskset ? ['taskset', '-c', String(machine.cpus[0] ?? 0)] : [],
  };
}

function users(machine: Machine, on: boolean): { env: Record<string, string>; before: string[] } {
  // Containers often set neither of them.
  const you = process.env['USER'] ?? process.env['LOGNAME'] ?? 'user';
  if (!on) return { env: { USER: you, LOGNAME: you }, before: [] };
  const name = { setpriv: 'nobody', userns: 'root', 'name only': 'another-user' }[machine.otherUser];
  const before = {
    setpriv: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
    userns: ['unshare', '--map-root-user'],
    'name only': [],
  }[machine.otherUser];
  return { env: { USER: name, LOGNAME: name }, before };
}

function pathWithNode(ground: Ground, on: boolean): string {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const other = ground.machine.node;
  if (!on || other === undefined) return path;
  const folder = join(ground.work, 'node-bin');
  mkdirSync(folder, { recursive: true });
  try {
    symlinkSync(other.path, join(folder, 'node'));
  } catch {
    // an earlier build has made it
  }
  return `${folder}:${path}`;
}

/** Variables that would make two runs of the user's differ; the builds get their own. */
const OURS = /^(LC_|LANG$|LANGUAGE$|TZ$|MAKEFLAGS$|LD_PRELOAD$|MOTTE_VARY_|GLIBC_TUNABLES$|OPENSSL_ia32cap$)/;

function inherited(): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !OURS.test(name)) out[name] = value;
  }
  return out;
}

/** The setting of a build in which `on` is varied and the rest as in the first one; `plain` is without the library. */
export function settingOf(ground: Ground, on: ReadonlySet<Variation>, plain = false): Setting {
  const { machine, work } = ground;
  const moved = on.has('path');
  const tmp = join(work, moved ? 'another-temporary-folder' : 'tmp');
  const user = users(machine, on.has('user'));
  const jobs = parallel(machine, on.has('parallelism') && !plain);
  const locale = on.has('locale') ? (machine.locale ?? 'sv_SE.UTF-8') : 'C.UTF-8';
  const zone = machine.zones ? 'Asia/Kathmandu' : '<+0545>-5:45';
  const library: Record<string, string> =
    typeof machine.preload === 'string' && !plain
      ? {
          LD_PRELOAD: machine.preload,
          MOTTE_VARY_SECONDS: String(on.has('clock') ? AHEAD : 0),
          MOTTE_VARY_ORDER: on.has('order') ? 'down' : 'up',
          ...(on.has('host') ? { MOTTE_VARY_HOST: 'another-host', HOSTNAME: 'another-host' } : {}),
        }
      : {};
  const cpu: Record<string, string> =
    on.has('cpu') && !plain
      ? {
          GLIBC_TUNABLES: `glibc.cpu.hwcaps=${HIDDEN.flatMap((name) => [`-${name}`, `-${name}_Usable`]).join(',')}`,
          OPENSSL_ia32cap: '~0x1000000000000000:~0x128',
        }
      : {};
  const home: Record<string, string> = on.has('environment')
    ? { HOME: join(work, 'another-home'), MOTTE_ANOTHER_VARIABLE: 'set' }
    : on.has('user')
      ? { HOME: join(work, 'home') }
      : {};
  return {
    folder: join(work, moved ? `second-build/of-another-length/clone-of-${ground.name}` : `a/${ground.name}`),
    umask: on.has('umask') ? 0o077 : 0o022,
    mtime: ground.started - DAY - (on.has('clock') ? AHEAD : 0),
    reversed: on.has('order'),
    owner: on.has('user') && machine.otherUser === 'setpriv' ? NOBODY : undefined,
    env: {
      ...inherited(),
      ...home,
      ...user.env,
      ...jobs.env,
      ...cpu,
      ...library,
      PATH: pathWithNode(ground, on.has('node')),
      LC_ALL: locale,
      LANG: locale,
      LANGUAGE: on.has('locale') ? 'sv' : 'en',
      TZ: on.has('timezone') ? zone : 'UTC',
      TMPDIR: tmp,
      SOURCE_DATE_EPOCH: ground.epoch,
    },
    before: [...user.before, ...jobs.before],
  };
}
