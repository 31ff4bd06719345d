// SPDX-License-Identifier: Apache-2.0
// Which instructions a shim may have, by objdump's AT&T spelling.

/** Why an instruction is refused. */
export interface Refusal {
  readonly mnemonics: RegExp;
  readonly why: string;
}

/**
 * Instructions that fault in an enclave (Intel SDM 332831 vol. 3D, "Illegal Instructions Inside an Enclave", table
 * 42-1) or in ring 3. RDTSC is legal from SGX2 on, but time is a host call, so that it is the same everywhere.
 */
export const REFUSED: readonly Refusal[] = [
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
];

/** What may touch extended state: saving it, restoring it, setting it as after reset. */
export const EXTENDED_STATE_ALLOWED: ReadonlySet<string> = new Set([
  'xsave',
  'xsave64',
  'xsavec',
  'xsavec64',
  'xrstor',
  'xrstor64',
  'xgetbv',
  'fninit',
  'ldmxcsr',
]);

/** x87, MMX and the MXCSR have mnemonics of their own; everything newer names its registers. */
export const EXTENDED_STATE: RegExp =
  /^(f[a-z0-9]+|emms|femms|vzeroupper|vzeroall|stmxcsr|ldmxcsr|fx(save|rstor)(64)?)$/;
export const EXTENDED_REGISTER: RegExp = /%(x|y|z|t)?mm\d|%st\b|%k[0-7]\b|%bnd[0-3]/;

/** Writing a segment register faults in an enclave; FS and GS are set by EENTER and WRFSBASE. */
export const SEGMENT_WRITE: RegExp = /^(mov|pop)[wlq]? .*%[defgs]s$/;

/** Instructions that docs/sgx-keep.md wants listed in .motte.sites, and their SITE.kind. */
export const SITE_MNEMONICS: Readonly<Record<string, number>> = { enclu: 1, wrfsbase: 2, rdfsbase: 3 };

/** Mnemonics of prefixes, which objdump writes before the instruction. */
export const PREFIXES: ReadonlySet<string> = new Set(
  'lock rep repz repnz repe repne data16 addr32 cs ds es fs gs ss notrack bnd xacquire xrelease rex rex.W rex.WB rex.B rex.R rex.X'.split(
    ' ',
  ),
);
