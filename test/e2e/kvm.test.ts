// SPDX-License-Identifier: Apache-2.0
// The programs of programs.test.ts, the same exec files, in Keeps on plain KVM.
import { test } from 'uvu';
import { testPrograms } from './support/vm-programs.js';

await testPrograms({ tee: 'kvm', kinds: ['kvm', 'pvm', 'tcg'], seconds: 560 });

test.run();
