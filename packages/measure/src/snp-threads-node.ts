// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type * as WorkerThreads from 'node:worker_threads';
import type { SnpPlan } from '@motte/plan/snp/plan';
import { sha384 } from './hash.js';
import { measureSnp } from './snp.js';
import type { MeasureSnpOptions } from './snp.js';
import { contentHashes, contentWindows, readWindow, SHA384_BYTES } from './snp-contents.js';
import type { ContentWindow } from './snp-contents.js';
import { Ring, RING_SLOTS, RING_WINDOW_PAGES, ringMemory } from './snp-ring-node.js';
import type { RingMemory } from './snp-ring-node.js';

/** How the work is shared; each has a default. */
export interface ThreadOptions {
  /** Threads beside this one. */
  readonly workers?: number;
  /** What they run. */
  readonly worker?: URL;
  /** Bytes of contents from which they are started. */
  readonly from?: number;
  /** How long the digests of a window may take before this thread goes on alone. */
  readonly patienceMs?: number;
}

/** A thread takes as long to start as Node, 60 ms, in which this one hashes 40 MiB: below, nothing is gained. */
const FROM = 64 << 20;
/** Reading and chaining take this thread a quarter of the time that hashing takes: it keeps four busy. */
const MOST_WORKERS = 4;
const PATIENCE_MS = 1000;
const WORKER = new URL('./snp-worker-node.js', import.meta.url);

function* windowsFrom(plan: SnpPlan, first: number): Generator<ContentWindow> {
  let number = 0;
  for (const window of contentWindows(plan, RING_WINDOW_PAGES)) if (number++ >= first) yield window;
}

/** The hashes of a plan's pages in launch order, from a ring that is filled ahead of them. */
function* ringHashes(plan: SnpPlan, ring: Ring, patienceMs: number): Generator<Uint8Array> {
  const source = contentWindows(plan, RING_WINDOW_PAGES);
  const counts: number[] = [];
  for (let number = 0; ; number++) {
    while (counts.length < number + RING_SLOTS) {
      const { value, done } = source.next();
      if (done === true) break;
      ring.fill(counts.length, (into) => {
        readWindow(value, into);
        return value.pages;
      });
      counts.push(value.pages);
    }
    const count = counts[number];
    if (count === undefined) return;
    const digests = ring.digests(number, patienceMs);
    if (digests === undefined) {
      // A thread has died with a window in its hands, or has lost its core. It may write into the ring yet.
      yield* contentHashes(windowsFrom(plan, number), RING_WINDOW_PAGES, sha384);
      return;
    }
    for (let at = 0; at < count * SHA384_BYTES; at += SHA384_BYTES)
      yield digests.subarray(at, at + SHA384_BYTES);
  }
}

function start(worker: URL, workers: number, memory: RingMemory): void {
  // Loaded here, as it takes 5 ms of the 100 in which the command measures a small image.
  const { Worker } = createRequire(import.meta.url)('node:worker_threads') as typeof WorkerThreads;
  for (let i = 0; i < workers; i++) {
    const thread = new Worker(worker, { workerData: memory });
    thread.unref();
    // What it does not do, this thread does.
    thread.on('error', () => {});
  }
}

/**
 * `measureSnp` with the contents of the pages hashed by as many threads as there are cores, this one among them:
 * they depend on nothing but the page. The chain of them, a fifth of the work, is this thread's. Blocks, and needs
 * 4 MiB whatever the plan, and what Node needs for a thread; a small plan is measured without any. Throws what
 * `measureSnp` throws, which is its oracle. The caller owns the result.
 */
export function measureSnpByThreads(
  plan: SnpPlan,
  { onStep, ...options }: Pick<MeasureSnpOptions, 'onStep'> & ThreadOptions = {},
): Uint8Array {
  const { from = FROM, patienceMs = PATIENCE_MS, worker = WORKER } = options;
  const { workers = Math.min(MOST_WORKERS, availableParallelism() - 1) } = options;
  const size = plan.runs.reduce((sum, { bytes }) => sum + bytes.size, 0);
  if (workers < 1 || size < from) return measureSnp(plan, { onStep });
  const memory = ringMemory();
  const ring = new Ring(memory);
  start(worker, workers, memory);
  try {
    return measureSnp(plan, { onStep, contents: ringHashes(plan, ring, patienceMs) });
  } finally {
    ring.close();
  }
}
