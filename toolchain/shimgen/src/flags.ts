// SPDX-License-Identifier: Apache-2.0

/**
 * What every file of every shim is compiled with. What one TEE needs besides (the place of the stack protector's
 * canary, mitigations) stands in its components.json.
 */
export const COMPILE_FLAGS: readonly string[] = [
  '-std=gnu11',
  '-O2',
  // Nothing of the machine that builds: no headers but the compiler's own freestanding ones, no C library.
  '-ffreestanding',
  '-nostdinc',
  '-fPIE',
  '-fvisibility=hidden',
  '-fno-common',
  // Extended state is the application's: the shim neither saves nor uses it.
  '-mgeneral-regs-only',
  // A jump table is an indirect branch.
  '-fno-jump-tables',
  // What is not referenced is not linked.
  '-ffunction-sections',
  '-fdata-sections',
  '-fno-asynchronous-unwind-tables',
  '-fno-ident',
  '-Wall',
  '-Wextra',
  '-Werror',
];

/** How the objects become one static PIE. */
export const LINK_FLAGS: readonly string[] = [
  '-nostdlib',
  '-nostartfiles',
  '-static-pie',
  '-Wl,--no-dynamic-linker',
  '-Wl,-z,text',
  '-Wl,-z,defs',
  '-Wl,-z,noexecstack',
  '-Wl,-z,norelro',
  '-Wl,-z,max-page-size=4096',
  '-Wl,--build-id=none',
  '-Wl,--hash-style=gnu',
  '-Wl,--gc-sections',
  '-Wl,--orphan-handling=error',
  '-Wl,--fatal-warnings',
];
