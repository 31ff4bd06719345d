// SPDX-License-Identifier: Apache-2.0
// A thread that claims the first window that there is, says so by a file, and ends without hashing it.
import { writeFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { RING_WORDS } from '@motte/measure/snp-ring-node';
import type { RingMemory } from '@motte/measure/snp-ring-node';

const { filled, claimed } = RING_WORDS;
const words = new Int32Array((workerData as RingMemory).words);
while (Atomics.load(words, filled) === 0) Atomics.wait(words, filled, 0);
Atomics.add(words, claimed, 1);
writeFileSync(process.env['MOTTE_TEST_CLAIMED'] ?? '', '');
