// SPDX-License-Identifier: Apache-2.0
// The instructions of a program that fault in an enclave, as people read them.
import { readElf } from '@motte/elf/read';
import { faultingInstructions } from '@motte/elf/x86/scan';
import type { Finding } from '@motte/elf/x86/scan';
import type { Prepared } from './prepare.js';

/** Those of the program that a plan was made of; undefined for a plan of something else. */
export function faultingOf({ inputs, config }: Prepared): Finding[] | undefined {
  const exec = inputs.find(({ role }) => role === 'exec')?.file;
  return exec === undefined ? undefined : faultingInstructions(readElf(exec), config.sgx.version);
}

/** `0x1f00 in init+0x10: rdtsc: SIGILL` */
export function faultLine({ address, symbol, name, served }: Finding): string {
  const place = symbol === undefined ? '' : ` in ${symbol}`;
  return `0x${address.toString(16)}${place}: ${name}: ${served ? 'served by the shim' : 'SIGILL'}`;
}
