// SPDX-License-Identifier: Apache-2.0
// The programs of programs.test.ts, the same exec files, as simulated SEV-SNP guests.
import { test } from 'uvu';
import { testPrograms } from './support/vm-programs.js';

// Where KVM interprets ring 0 the shim's SMEP and SMAP are missing, which mode SNP insists on.
await testPrograms({ tee: 'snp', kinds: ['kvm', 'tcg'], seconds: 560 });

test.run();
