// SPDX-License-Identifier: Apache-2.0
import type { CodeRules, Refusal } from '../instructions.js';

/**
 * Instructions that fault in an enclave (Intel SDM 332831 vol. 3D, "Illegal Instructions Inside an Enclave", table
 * 42-1) or in ring 3. RDTSC is legal from SGX2 on, but time is a host call, so that it is the same everywhere.
 */
const REFUSED: readonly Refusal[] = [
  {
    mnemonics: /^(cpuid|getsec|rdpmc|sgdt|sidt|sldt|str|smsw|vm[a-z]+|inv(ept|vpid))[lwq]?$/,
    why: '#UD or #GP in an enclave',
  },
  { mnemonics: /^(in|ins[bwl]?|out|outs[bwl]?)$/, why: 'input and output fault in an enclave' },
  {
    mnemonics: /^(syscall|sysenter|sysret[lq]?|sysexit[lq]?|int|int1|into|iret[wlq]?|icebp)$/,
    why: 'would ask the host',
  },
  { mnemonics: /^(int3)$/, why: 'fault-class in an enclave, and a debugger’s' },
  { mnemonics: /^(l(call|jmp|ret)[wlq]?|l[defgs]s[wl]?)$/, why: 'far transfers fault in an enclave' },
  { mnemonics: /^(rdtscp?|rdpru)$/, why: 'faults under SGX1; time is a host call' },
  {
    mnemonics:
      /^(encl[sv]|hlt|cli|sti|clac|stac|lgdt|lidt|lldt|ltr|lmsw|clts|swapgs|invlpg|invpcid|invd|wbinvd|wbnoinvd|rdmsr|wrmsr|xsetbv|monitor|mwait)[lwq]?$/,
    why: 'privileged',
  },
  { mnemonics: /^\(bad\)$/, why: 'no instruction' },
  // FS and GS are set by EENTER and WRFSBASE.
  { mnemonics: /^(mov|pop)[wlq]?$/, operands: /%[defgs]s$/, why: 'writes a segment register' },
];

/** SGX: all of the shim is ring 3's, and emulation patches what docs/sgx-keep.md wants listed. */
export const SGX_RULES: CodeRules = {
  refused: REFUSED,
  extended: new Set([
    'xsave',
    'xsave64',
    'xsavec',
    'xsavec64',
    'xrstor',
    'xrstor64',
    'xgetbv',
    'fninit',
    'ldmxcsr',
  ]),
  user: new Set(),
  sites: { enclu: 1, wrfsbase: 2, rdfsbase: 3 },
};
