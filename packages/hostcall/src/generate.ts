// SPDX-License-Identifier: Apache-2.0
import { fieldHeader } from './generate/c.js';
import { syscallsPage } from './generate/docs.js';
import { guestFiles } from './generate/guest.js';
import { hostFiles } from './generate/host.js';
import { promptHeader } from './generate/prompt.js';
import { lintTable } from './lint.js';
import { TABLE } from './table.js';

/** Each file that is made from the host-call table, by its path from the clone's root (scripts/generate.mjs). */
export function files(): Record<string, string> {
  lintTable(TABLE);
  return {
    ...guestFiles(TABLE),
    ...hostFiles(TABLE),
    'shims/core/generated/hostcall_field.h': fieldHeader(),
    'packages/loader/native/generated/hostcall_field.h': fieldHeader(),
    'shims/core/generated/hostcall_prompt.h': promptHeader(TABLE),
    'packages/loader/native/generated/hostcall_prompt.h': promptHeader(TABLE),
    'docs/syscalls.md': syscallsPage(TABLE),
  };
}
