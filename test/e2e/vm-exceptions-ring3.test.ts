// SPDX-License-Identifier: Apache-2.0
// Every vector, which a host injects while ring 3 of a VM-based Keep runs: what is a signal of Linux's becomes that, all else ends the
// Keep.
import { test } from 'uvu';
import { testInjections } from './support/injection-tests.js';
import { RING3 } from './support/injections.js';

await testInjections(RING3);

test.run();
