// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { attribute } from './attribute.js';
import type { Evidence, Verdict } from './attribute.js';
import { buildOnce, keepArtifacts } from './build.js';
import type { Project } from './build.js';
import { compareTrees } from './compare.js';
import type { Comparison, FileDifference } from './compare.js';
import { probe } from './machine.js';
import { variedOn } from './setting.js';
import type { Ground } from './setting.js';
import { matcher, projectFiles } from './tree.js';
import type { Varied, Variation } from './variation.js';

/** What to build twice, and how. */
export interface ReproOptions {
  readonly root: string;
  readonly build: string;
  readonly prepare?: string | undefined;
  readonly artifacts: readonly string[];
  /** Patterns of files within the artifacts that do not count. */
  readonly except?: readonly string[];
  /** What a copy has besides what git tracks. */
  readonly also?: readonly string[];
  /** The copy has these and nothing else. */
  readonly only?: readonly string[];
  readonly without?: readonly Variation[];
  /** Another Node. */
  readonly node?: string | undefined;
  /** What `root` has built already is the first build. */
  readonly built?: boolean;
  /** Build once more for each variation when there is a difference; by default when a build takes less than 20 s. */
  readonly bisect?: boolean | undefined;
  /** Told of each build that begins. */
  readonly onBuild?: (what: string) => void;
}

export type Difference = FileDifference & Verdict & { readonly by: readonly Variation[] };

export interface Report {
  readonly same: boolean;
  readonly files: number;
  readonly builds: number;
  readonly variations: readonly Varied[];
  readonly differences: readonly Difference[];
}

const QUICK_MS = 20_000;
/** Archives hold times by the second: two builds begin in different ones. */
const APART_MS = 1_100;

/** A series of builds of one project, whose results are kept until `end`. */
class Series {
  builds = 0;
  slowest = 0;
  private last = 0;

  constructor(
    private readonly ground: Ground,
    private readonly project: Project,
    private readonly onBuild: (what: string) => void,
  ) {}

  private fresh(): string {
    return join(this.ground.work, 'kept', String(this.builds++));
  }

  adopt(): string {
    const kept = this.fresh();
    keepArtifacts(this.project, this.project.root, kept, false);
    return kept;
  }

  async build(on: ReadonlySet<Variation>, what: string): Promise<string> {
    await pause(Math.max(0, this.last + APART_MS - Date.now()));
    this.last = Date.now();
    this.onBuild(what);
    const kept = this.fresh();
    await buildOnce(this.ground, this.project, on, kept);
    this.slowest = Math.max(this.slowest, Date.now() - this.last);
    return kept;
  }
}

/** Builds again with nothing varied, then with one variation at a time, and says of each file which ones change it. */
async function bisect(
  series: Series,
  first: string,
  varied: readonly Variation[],
  compare: (a: string, b: string) => Comparison,
): Promise<Map<string, Evidence>> {
  const evidence = new Map<string, { alone: FileDifference | undefined; by: Variation[]; rebuilt: true }>();
  const of = (path: string): { alone: FileDifference | undefined; by: Variation[] } => {
    const known = evidence.get(path) ?? { alone: undefined, by: [], rebuilt: true };
    evidence.set(path, known);
    return known;
  };
  const again = await series.build(new Set(), 'again, with nothing varied');
  for (const difference of compare(first, again).differences) of(difference.path).alone = difference;
  for (const name of varied) {
    const kept = await series.build(new Set([name]), `again, with only ${name} varied`);
    for (const { path } of compare(first, kept).differences) of(path).by.push(name);
    rmSync(kept, { recursive: true, force: true });
  }
  return evidence;
}

async function compareBuilds(work: string, options: ReproOptions): Promise<Report> {
  const root = resolve(options.root);
  const files = await projectFiles(root, options.also ?? []);
  const kept = options.only === undefined ? files : files.filter(matcher(options.only));
  const machine = await probe(work, options.node);
  const without = new Set(options.without ?? []);
  const variations = variedOn(machine).map((one): Varied =>
    without.has(one.name) ? { name: one.name, varied: false, why: 'it was left out by --without' } : one,
  );
  const varied = variations.filter((one) => one.varied).map(({ name }) => name);
  const now = Math.floor(Date.now() / 1000);
  const epoch = process.env['SOURCE_DATE_EPOCH'] ?? String(now - 86_400);
  const ground: Ground = { machine, work, name: basename(root), epoch, started: now };
  const project: Project = {
    root,
    files: kept,
    prepare: options.prepare,
    build: options.build,
    artifacts: options.artifacts,
  };
  const except = matcher(options.except ?? []);
  const compare = (a: string, b: string): Comparison => compareTrees(a, b, except);

  const series = new Series(ground, project, options.onBuild ?? (() => undefined));
  const first = options.built === true ? series.adopt() : await series.build(new Set(), 'the first time');
  const second = await series.build(new Set(varied), 'the second time, with all varied');
  const { files: count, differences } = compare(first, second);
  if (count === 0) {
    throw new MotteError('REPRO_ARTIFACT', {
      field: options.artifacts.join(', '),
      expected: 'at least one file',
    });
  }
  const asks = options.bisect ?? series.slowest < QUICK_MS;
  // What is there already was built in an environment that we do not know: a plain build is what is varied from.
  const found =
    differences.length > 0 && asks
      ? await bisect(
          series,
          options.built === true ? await series.build(new Set(), 'again, with nothing varied') : first,
          varied,
          compare,
        )
      : undefined;
  return {
    same: differences.length === 0,
    files: count,
    builds: series.builds,
    variations,
    differences: differences.map((difference) => {
      const evidence = found?.get(difference.path) ?? {
        alone: undefined,
        by: [],
        rebuilt: found !== undefined,
      };
      return {
        ...difference,
        ...attribute(difference, evidence),
        by: evidence.alone === undefined ? evidence.by : [],
      };
    }),
  };
}

/**
 * Builds a project twice, in copies of its own and with all varied that this machine can vary, compares what was
 * built, and names the cause of each difference. Leaves nothing behind. Throws REPRO_*.
 */
export async function repro(options: ReproOptions): Promise<Report> {
  if (statSync(options.root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new MotteError('REPRO_SOURCE', { field: options.root, expected: 'a folder', found: 'none' });
  }
  const work = mkdtempSync(join(tmpdir(), 'motte-repro-'));
  try {
    // The other user has to come through.
    chmodSync(work, 0o711);
    return await compareBuilds(work, options);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
