// SPDX-License-Identifier: Apache-2.0
import {
  CONFIG_FLAGS,
  CONFIG_HEADER,
  CONFIG_MAGIC,
  CONFIG_MAX,
  CONFIG_RECORD,
  CONFIG_TYPES,
} from '@motte/config/blob-layout';
import {
  CHUNK_BYTES,
  DIGEST_BYTES,
  FILE_ENTRY,
  FILE_INDEX,
  INDEX_ENTRIES,
  INDEX_MAGIC,
  INDEX_MAX,
  INDEX_MODES,
  INDEX_VERSION,
} from '@motte/config/file-index-layout';
import {
  AT_MOTTE_ENTRY,
  BLOCK_SIZE,
  BOOT,
  BOOT_MAGIC,
  DATA_OFFSET,
  DATA_SIZE,
  EXIT_WHY,
  HOSTCALL_BLOCK,
} from '@motte/hostcall/block';
import { TRACE_ANSWER, TRACE_EVENT, TRACE_PHASE } from '@motte/hostcall/trace-event';
import { REASONS } from '@motte/hostcall/reasons';
import { KEEP_INFO, KEEP_INFO_FLAGS, KEEP_INFO_MAGIC } from '@motte/plan/sgx/keep-info';
import { SGX_MAP } from '@motte/plan/sgx/map';
import { defines, header, offsets, structures, xmacro } from './c-text.js';

/** `map.h`: the Keep's address space. */
export function mapHeader(): string {
  return header('map.h', 'packages/plan/src/sgx/map.ts', [
    defines(
      'SGX_MAP_',
      SGX_MAP,
      "offsets from the Keep's base; within a thread block, from the block's start",
    ),
  ]);
}

/** `keep.h`: what the plan tells the shim. */
export function keepHeader(): string {
  return header('keep.h', 'packages/plan/src/sgx/keep-info.ts', [
    defines('KEEP_INFO_', { MAGIC: KEEP_INFO_MAGIC, ...KEEP_INFO_FLAGS }),
    offsets(KEEP_INFO),
    structures([KEEP_INFO]),
  ]);
}

/** `hostcall_abi.h`: how a Keep and its host talk. */
export function hostcallAbiHeader(): string {
  const reasons = Object.entries(REASONS);
  return header('hostcall_abi.h', 'packages/hostcall/src/block.ts and reasons.ts', [
    defines('HOSTCALL_', { BLOCK_SIZE, DATA_OFFSET, DATA_SIZE }, 'bytes'),
    defines('EXIT_WHY_', EXIT_WHY, 'RDI at EEXIT'),
    defines(
      'REASON_',
      Object.fromEntries(reasons.map(([name, { number }]) => [name, number])),
      'RSI at EEXIT with EXIT_WHY_REFUSED',
    ),
    xmacro(
      'REASON_LIST',
      reasons.map(([name, { number, text }]) => [`REASON_${name}`, number, text]),
    ),
    defines('', { BOOT_MAGIC, AT_MOTTE_ENTRY }),
    defines('TRACE_', TRACE_PHASE, 'what the host call trace tells'),
    defines('TRACE_', TRACE_ANSWER, 'and what is answered'),
    offsets(HOSTCALL_BLOCK),
    structures([HOSTCALL_BLOCK, BOOT, TRACE_EVENT]),
  ]);
}

/** `config.h`: the config blob, and the file index that it names. */
export function configHeader(): string {
  return header('config.h', 'packages/config/src/blob-layout.ts and file-index-layout.ts', [
    defines('CONFIG_', { MAGIC: CONFIG_MAGIC, MAX: CONFIG_MAX }),
    defines('CONFIG_FLAG_', CONFIG_FLAGS, 'CONFIG_HEADER.flags'),
    defines('CONFIG_TYPE_', CONFIG_TYPES, 'CONFIG_RECORD.type'),
    defines('INDEX_', {
      MAGIC: INDEX_MAGIC,
      VERSION: INDEX_VERSION,
      MAX: INDEX_MAX,
      ENTRIES: INDEX_ENTRIES,
      CHUNK_BYTES,
      DIGEST_BYTES,
    }),
    defines('INDEX_MODE_', INDEX_MODES, 'FILE_ENTRY.mode'),
    structures([CONFIG_HEADER, CONFIG_RECORD, FILE_INDEX, FILE_ENTRY]),
  ]);
}
