// SPDX-License-Identifier: Apache-2.0
import { configDocs } from './config-docs.js';
import { configHeader, hostcallAbiHeader, keepHeader, mapHeader } from './headers/keep.js';
import { sgxUapiHeader } from './headers/sgx-uapi.js';
import { sgxHeader } from './headers/sgx.js';
import { snpHeader } from './headers/snp.js';
import {
  trapFrameHeader,
  vmClockHeader,
  vmInfoHeader,
  vmMapHeader,
  vmSwitchlessHeader,
} from './headers/vm.js';

const SHIM = 'shims/core/generated';
const LOADER = 'packages/loader/native/generated';

/** Each header that is made from a layout table and the documentation of a shim's keys, by path (scripts/generate.mjs). */
export function files(): Record<string, string> {
  const headers = {
    'sgx.h': sgxHeader(),
    'map.h': mapHeader(),
    'keep.h': keepHeader(),
    'vm_map.h': vmMapHeader(),
    'vm_info.h': vmInfoHeader(),
    'vm_clock.h': vmClockHeader(),
    'vm_switchless.h': vmSwitchlessHeader(),
    'trap_frame.h': trapFrameHeader(),
    'snp.h': snpHeader(),
    'hostcall_abi.h': hostcallAbiHeader(),
    'config.h': configHeader(),
  };
  const both = Object.entries(headers).flatMap(([name, text]) => [
    [`${SHIM}/${name}`, text] as const,
    [`${LOADER}/${name}`, text] as const,
  ]);
  return Object.fromEntries([
    ...both,
    [`${LOADER}/sgx_uapi.h`, sgxUapiHeader()],
    ['docs/shim-config.md', configDocs()],
  ]);
}
