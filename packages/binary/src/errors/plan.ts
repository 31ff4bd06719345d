// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/plan`. */
export const PLAN_ERRORS = {
  PLAN_INVALID: {
    exit: 2,
    reason: 'A page plan asks for something that the CPU refuses when the Keep is launched.',
    fix: 'The message names the page and the rule; correct the image that the plan was made from.',
  },
  PLAN_TOO_LARGE: {
    exit: 2,
    reason: 'A page plan has more runs, or takes more address space, than any CPU could launch.',
    fix: 'Ask for less memory or fewer threads; a file that asks for this by itself was made to mislead.',
  },
  PLAN_LINE: {
    exit: 2,
    reason: 'A line of a written plan is not what `motte plan --json` writes.',
    fix: 'Write the plan again from its image instead of editing it.',
  },
  PLAN_SOURCE_CHANGED: {
    exit: 2,
    reason: 'A file that a written plan refers to no longer holds the bytes that the plan was made from.',
    fix: 'Restore the file, or write the plan again from the new one; its measurement will differ.',
  },
  PLAN_MEMORY: {
    exit: 2,
    reason: 'The memory of a Keep is not a whole number of pages, or is none.',
    fix: 'Set `memory` to a multiple of 4096 bytes that is not 0, for instance "64MiB".',
  },
  PLAN_THREADS: {
    exit: 2,
    reason: 'The number of threads of a Keep is out of range.',
    fix: 'Set `threads` to at least 1; each takes 96 KiB of the address space.',
  },
  PLAN_XFRM: {
    exit: 2,
    reason: 'XFRM selects processor state that no CPU accepts together, or that the SSA frame cannot hold.',
    fix: 'Use 0x3 (SSE), 0x7 (AVX) or 0xe7 (AVX-512).',
  },
  SGXS_RECORD: {
    exit: 2,
    reason: 'An .sgxs stream has a record that is not as the CPU would hash it.',
    fix: 'The stream is damaged or is of another format; write it again with `motte measure sgx --sgxs`.',
  },
  SGXS_ORDER: {
    exit: 2,
    reason: 'The records of an .sgxs stream are in an order that a page plan cannot express.',
    fix: 'Each page must be added and then extended, chunk by chunk in ascending order, before the next page.',
  },
  SDK_METADATA: {
    exit: 2,
    reason: 'The file has no usable enclave metadata (section .note.sgxmeta) of the Intel SGX SDK.',
    fix: 'Give the output of `sgx_sign sign`; an unsigned enclave has no metadata and no measurement.',
  },
  SDK_LAYOUT: {
    exit: 2,
    reason: 'The layout table of an Intel SGX SDK enclave asks for something that the format does not allow.',
    fix: 'The file is damaged or was made to mislead; sign the enclave again.',
  },
  FIRMWARE_TABLE: {
    exit: 2,
    reason: 'The tables at the end of a firmware image are damaged.',
    fix: 'Give the firmware as it was built (OVMF.fd, or its code part), not cut or padded.',
  },
  SNP_INPUT: {
    exit: 2,
    reason: 'What is to be launched does not fit together, so that no VMM would launch it.',
    fix: 'The message names the input and what it should be; compare with the command line of the VMM.',
  },
  GRAMINE_LAYOUT: {
    exit: 2,
    reason: 'The areas of a Gramine enclave do not fit its enclave size.',
    fix: 'Raise `sgx.enclave_size`, or lower `sgx.max_threads`, in the manifest.',
  },
} as const;
