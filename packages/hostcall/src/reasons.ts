// SPDX-License-Identifier: Apache-2.0

/** Why a Keep refuses to go on (RSI when it leaves with REFUSED). The host learns the number and a shim offset. */
export const REASONS = {
  BOOT_BLOCK: {
    number: 1,
    text: 'the host-call block is not page aligned, not outside the Keep, or of another size',
  },
  BOOT_MESSAGE: { number: 2, text: 'the boot message is malformed' },
  CONFIG_DIGEST: { number: 3, text: 'the config blob is not the one that CONFIGID or HOST_DATA attests' },
  CONFIG_FORMAT: { number: 4, text: 'the config blob is malformed' },
  CONFIG_ARGS: { number: 5, text: 'the host gave arguments that the configuration does not leave to it' },
  CONFIG_ENV: { number: 6, text: 'the host gave environment that the configuration does not leave to it' },
  KEEP_INFO: { number: 7, text: 'the KEEP_INFO page does not fit the Keep' },
  ATTRIBUTES: { number: 8, text: 'the Keep was launched with other attributes than its plan states' },
  ENTRY_STATE: { number: 9, text: 'the host entered a thread that was not waiting for it' },
  HOST_ORDER: { number: 10, text: 'the host answered another call than the one that was made' },
  HOST_RESULT: { number: 11, text: 'the host returned a result outside what the call allows' },
  HOST_LENGTH: { number: 12, text: 'the host returned more data than was asked for' },
  SHIM_FAULT: { number: 13, text: 'an exception within the shim' },
  EXCEPTION: { number: 14, text: 'an exception that cannot follow from its instruction' },
  RANDOM: { number: 15, text: 'the hardware random generator failed' },
  MEMORY_LEDGER: { number: 16, text: 'the host changed memory that the Keep had accepted' },
  OUT_OF_MEMORY: { number: 17, text: 'the Keep ran out of memory for itself' },
  HOST_TIME: { number: 18, text: 'the host returned a time that cannot be' },
  IMAGE_INDEX: {
    number: 19,
    text: 'the host did not give the file index that the config blob names, or it is malformed',
  },
  IMAGE_CONTENTS: {
    number: 20,
    text: 'the host gave other contents of a file of the image than those that were measured',
  },
  MODE: { number: 21, text: 'the CPU is not in the mode that the measured page says' },
  GHCB: { number: 22, text: 'the host answered outside of the GHCB protocol' },
  CPUID_PAGE: {
    number: 23,
    text: 'the CPUID page is malformed, or lacks a feature that the measured policy requires',
  },
  SECRETS: { number: 24, text: 'the secrets page is not one that the firmware made for this launch' },
  GUEST_REQUEST: {
    number: 25,
    text: "the answer to a guest request is missing, failed, out of sequence or not the firmware's",
  },
} as const;
