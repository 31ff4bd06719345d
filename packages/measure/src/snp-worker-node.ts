// SPDX-License-Identifier: Apache-2.0
// What a thread of snp-threads-node.ts runs: nothing but hashing, until it is sent home.
import { workerData } from 'node:worker_threads';
import { Ring } from './snp-ring-node.js';
import type { RingMemory } from './snp-ring-node.js';

new Ring(workerData as RingMemory).serve();
