// SPDX-License-Identifier: Apache-2.0
// Every vector, which a host injects while ring 0 of a VM-based Keep runs: each ends the Keep, and the host learns where and no more.
import { test } from 'uvu';
import { testInjections } from './support/injection-tests.js';
import { RING0 } from './support/injections.js';

await testInjections(RING0);

test.run();
