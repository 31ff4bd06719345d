// SPDX-License-Identifier: Apache-2.0
import { SITE_KIND } from '@motte/elf/sites';
import type { CodeRules, Refusal } from '../instructions.js';

/**
 * Ring 0 has one way out (OUT, or VMGEXIT), interrupts off, no time but the host's, and is read by software KVMs that know
 * the common instructions only (docs/vm-keep.md).
 */
const REFUSED: readonly Refusal[] = [
  { mnemonics: /^(in|ins[bwl]?|outs[bwl]?)$/, why: 'the Keep leaves by OUT of EAX alone' },
  { mnemonics: /^(vmm?call|vmfunc|tdcall|seamcall)$/, why: 'a host call is OUT, or VMGEXIT' },
  {
    mnemonics:
      /^(syscall|sysenter|sysretl?|sysexit[lq]?|int|int1|int3|into|icebp|l(call|jmp|ret)[wlq]?|iret[wl]?)$/,
    why: 'IRETQ and SYSRETQ are the transfers between rings',
  },
  { mnemonics: /^sti$/, why: 'ring 0 has interrupts off' },
  { mnemonics: /^(rdtscp?|rdpru|rdpmc)$/, why: 'time is a host call' },
  { mnemonics: /^(rd|wr)[fg]sbase[lq]?$/, why: 'CR4.FSGSBASE is off' },
  {
    mnemonics:
      /^(vm(run|load|save|launch|resume|xon|xoff|clear|ptrld|ptrst|read|write)[lq]?|enc(ls|lu|lv)|getsec)$/,
    why: 'no such feature in the guest',
  },
  { mnemonics: /^(invd|monitorx?|mwaitx?|rsm|lldt|lmsw)$/, why: 'nothing of the shim needs it' },
  {
    mnemonics: /^(popcnt[wlq]?|crc32[bwlq]?|cmpxchg(8|16)b|invpcid)$/,
    why: 'software KVMs do not know it in ring 0',
  },
  { mnemonics: /^\(bad\)$/, why: 'no instruction' },
];

/** What the second reading knows by name; segment registers and OUT are ring 0's to use. */
const FOUND = [
  'syscall',
  'sysenter',
  'int',
  'rdtsc',
  'rdtscp',
  'rdpmc',
  'getsec',
  'invd',
  'vmcall',
  'vmfunc',
  'encls',
  'enclv',
  'in',
  'ins',
  'outs',
  'far call',
  'far jmp',
  'far ret',
];

/** VM-based Keeps: ring 0, and one page of ring 3's that has no more than SYSCALL, and where it leads to on a KVM in software. */
export const VM_RULES: CodeRules = {
  refused: REFUSED,
  extended: new Set([
    'fxsave',
    'fxsave64',
    'fxrstor',
    'fxrstor64',
    'xsave',
    'xsave64',
    'xrstor',
    'xrstor64',
    'xgetbv',
    'xsetbv',
    'fninit',
    'ldmxcsr',
  ]),
  user: new Set(['syscall', 'int3']),
  within: {
    // On a KVM in software, how the shim asks ring 0 (shims/vm/pvm.S).
    int3: ['pvm_return', 'pvm_out', 'pvm_leave', 'pvm_flush', 'pvm_write_fs_base'],
    // From the host's last word on (ADR 0031).
    rdtsc: ['platform_clock'],
  },
  sites: { vmgexit: SITE_KIND.VMGEXIT, pvalidate: SITE_KIND.PVALIDATE },
  found: new Set(FOUND),
};
