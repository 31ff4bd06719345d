// SPDX-License-Identifier: Apache-2.0
// Vectors that a host injects into VM-based Keeps on a KVM in software, where the shim is in ring 3 and ring 0 is interpreted.
import { existsSync } from 'node:fs';
import { kvmTrouble } from '@motte/test-helpers/tcg/with-kvm';
import { test } from 'uvu';
import { testInjections } from './support/injection-tests.js';
import { PVM } from './support/injections.js';

const why = existsSync('/sys/module/kvm_pvm')
  ? kvmTrouble()
  : 'this machine’s KVM, if any, is not in software (PVM)';
if (why === '') await testInjections(PVM, ['pvm']);
else console.log(`skipped: exceptions that a host injects on a KVM in software: ${why}`);

test.run();
