// SPDX-License-Identifier: Apache-2.0
// A loader that a test kills: starts a Keep that spins, and prints the helper's process id.
import { load } from '@motte/loader/load';
import { tinyImage, TINY } from './tiny-keep.js';

const keep = await load(tinyImage(TINY.SPIN), { emulate: true, stdio: 'ignore' });
console.log(String(keep.pid));
