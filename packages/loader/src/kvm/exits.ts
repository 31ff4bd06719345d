// SPDX-License-Identifier: Apache-2.0

/** Why a vCPU comes back from KVM_RUN: KVM_EXIT_* of <linux/kvm.h>, as far as a Keep's can. */
const EXITS: Readonly<Record<number, string>> = {
  0: 'unknown',
  2: 'io',
  3: 'hypercall',
  5: 'hlt',
  6: 'mmio',
  7: 'irq_window',
  8: 'shutdown',
  9: 'fail_entry',
  10: 'intr',
  17: 'internal_error',
  24: 'system_event',
  29: 'rdmsr',
  30: 'wrmsr',
  39: 'memory_fault',
};

/** The name of an exit, `exit_N` for one that no Keep makes. */
export function exitName(reason: number): string {
  return EXITS[reason] ?? `exit_${reason}`;
}
