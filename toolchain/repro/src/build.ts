// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.js';
import { settingOf } from './setting.js';
import type { Ground, Setting } from './setting.js';
import { copyProject, isThere, ownFolder } from './tree.js';
import type { Variation } from './variation.js';

/** What is built, from where, and by which command. */
export interface Project {
  readonly root: string;
  /** Relative to `root`: what a copy has in it. */
  readonly files: readonly string[];
  /** Brings what the build needs over the network; nothing but path, user and environment is varied for it. */
  readonly prepare: string | undefined;
  readonly build: string;
  /** Files or folders that the build makes, relative to `root`. */
  readonly artifacts: readonly string[];
}

async function shell(command: string, setting: Setting): Promise<{ status: number; output: string }> {
  // The script asks for what it does not inherit: a umask is no argument of spawn().
  const script = `umask ${setting.umask.toString(8)}; ${command}`;
  const env = { ...setting.env, PWD: setting.folder };
  const { status, stdout, stderr } = await run('env', [...setting.before, 'sh', '-c', script], {
    cwd: setting.folder,
    env,
  });
  return { status, output: `${stdout}${stderr}` };
}

/** Moves or, from another's folder, copies what was built to `kept`. Throws REPRO_ARTIFACT. */
export function keepArtifacts(project: Project, from: string, kept: string, move: boolean): void {
  for (const path of project.artifacts) {
    const source = join(from, path);
    if (!isThere(source))
      throw new MotteError('REPRO_ARTIFACT', { field: path, expected: 'a file or folder' });
    const target = join(kept, path);
    mkdirSync(dirname(target), { recursive: true });
    if (move) renameSync(source, target);
    else cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  }
}

/**
 * Builds a fresh copy in which `on` is varied, keeps what it makes in `kept`, and removes the copy, so that the next
 * build can be in the same place. Throws REPRO_BUILD with the end of the command's output.
 */
export async function buildOnce(
  ground: Ground,
  project: Project,
  on: ReadonlySet<Variation>,
  kept: string,
): Promise<void> {
  const setting = settingOf(ground, on);
  const place = join(ground.work, on.has('path') ? 'second-build' : 'a');
  const { TMPDIR = '', HOME = '' } = setting.env;
  try {
    copyProject(project.root, project.files, setting);
    // What the copy is in stays open to whoever runs the build.
    for (let above = dirname(setting.folder); above !== ground.work; above = dirname(above))
      chmodSync(above, 0o755);
    ownFolder(TMPDIR, setting.owner);
    if (HOME.startsWith(ground.work)) ownFolder(HOME, setting.owner);
    for (const path of project.artifacts)
      rmSync(join(setting.folder, path), { recursive: true, force: true });
    const steps = [
      ...(project.prepare === undefined ? [] : ([[project.prepare, settingOf(ground, on, true)]] as const)),
      [project.build, setting] as const,
    ];
    for (const [command, how] of steps) {
      const { status, output } = await shell(command, how);
      if (status !== 0) {
        const varied = on.size === 0 ? 'nothing' : [...on].join(', ');
        throw new MotteError('REPRO_BUILD', {
          field: command,
          expected: 'exit status 0',
          found: `${status} (varied: ${varied})`,
          cause: new Error(output.trimEnd().split('\n').slice(-20).join('\n')),
        });
      }
    }
    keepArtifacts(project, setting.folder, kept, true);
  } finally {
    for (const path of [place, TMPDIR]) rmSync(path, { recursive: true, force: true });
    if (HOME.startsWith(ground.work)) rmSync(HOME, { recursive: true, force: true });
  }
}
