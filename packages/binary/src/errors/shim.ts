// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/shimgen`. */
export const SHIM_ERRORS = {
  SHIM_CONFIG_KEY: {
    exit: 2,
    reason: 'The shim configuration has a key that there is not.',
    fix: 'Use the key that the message suggests; docs/shimgen.md lists all of them.',
  },
  SHIM_CONFIG: {
    exit: 2,
    reason: 'A value in the shim configuration is not what its key takes.',
    fix: 'Give a value that the message allows; docs/shimgen.md has an example of each key.',
  },
  SHIM_CONFIG_UNSUPPORTED: {
    exit: 2,
    reason: 'The shim configuration asks for something that the sources of this shim do not have.',
    fix: 'Take the key out, or give one of the values that the message names.',
  },
  SHIM_MANIFEST: {
    exit: 2,
    reason: 'The list of what is compiled into a shim (components.json) is malformed, or leaves a file out.',
    fix: 'List each source file once, in the component that it belongs to; shims/sgx/README.md says how.',
  },
  SHIM_SOURCE: {
    exit: 6,
    reason: 'A source of the shim is not on this machine.',
    fix: 'Run it within a clone of Motte, after `sh scripts/setup`, which brings the pinned sources of others.',
  },
  SHIM_COMPILER: {
    exit: 6,
    reason: 'There is no C compiler that could build the shim, or a tool beside it is missing.',
    fix: 'Install the pinned one: apt-get install gcc-12 binutils.',
  },
  SHIM_COMPILE: {
    exit: 2,
    reason: 'The compiler or the linker refused a part of the shim.',
    fix: 'Read its own message, which is part of this one.',
  },
  SHIM_READERS_DISAGREE: {
    exit: 2,
    reason: 'Two independent readers of the linked shim differ in a field that both should get right.',
    fix: 'Do not use this file: report it with the file, for one of the two readers is wrong about what is measured.',
  },
  SHIM_INSTRUCTION: {
    exit: 2,
    reason:
      'The shim has an instruction that faults in an enclave, or touches state that a shim must not use.',
    fix: 'Write that part without it: floating point, SSE and inline assembly are the usual causes.',
  },
  SHIM_BRANCH: {
    exit: 2,
    reason: 'The shim has an indirect branch that is not one of those listed in components.json.',
    fix: 'Use a switch or a direct call; function pointers and jump tables make such branches (ADR 0005).',
  },
  SHIM_FENCE: {
    exit: 2,
    reason: 'The shim may use a value before the load that it comes from is known to be right.',
    fix: 'Put an LFENCE between the load and this instruction; into what GCC compiles shimgen puts them itself (docs/adr/0005).',
  },
  SHIM_SITE_UNLISTED: {
    exit: 2,
    reason: 'An ENCLU, WRFSBASE or RDFSBASE of the shim is not listed in .motte.sites.',
    fix: 'Write it by the macros of shims/sgx/include/site.h, which emit the instruction and its record together.',
  },
  SHIM_DIGEST: {
    exit: 1,
    reason: 'A shim built by the pinned compiler has another digest than the one in shims/DIGESTS.',
    fix: 'If the change is meant, run `node scripts/build-shims.mjs --update` and say in CHANGES.md that measurements change.',
  },
} as const;
