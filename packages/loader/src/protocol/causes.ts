// SPDX-License-Identifier: Apache-2.0

/** Why the helper ended a Keep (ENDED.cause). */
export const CAUSES = {
  START_INVALID: { number: 1, text: 'the START message is malformed' },
  MEMORY: { number: 2, text: 'the memory of the Keep could not be mapped' },
  BACKEND: { number: 3, text: 'the machine cannot enter such a Keep' },
  ENTER_REFUSED: { number: 4, text: 'the CPU refused to enter the Keep' },
  EXCEPTION: { number: 5, text: 'an exception in the Keep while it handled an exception' },
  NO_PROGRESS: { number: 6, text: 'the same exception came again and again' },
  EPC_EXHAUSTED: { number: 7, text: 'the machine has no more protected memory' },
  EPC_LOST: {
    number: 8,
    text: 'the protected memory of the Keep was lost, most likely because the machine slept',
  },
  EXIT_REGISTERS: { number: 9, text: 'the Keep left with registers that it did not clear' },
  EXIT_TARGET: { number: 10, text: 'the Keep left to another place than it was entered from' },
  EXIT_WHY: { number: 11, text: 'the Keep left without a known reason' },
  HOSTCALL_INVALID: { number: 12, text: 'the Keep made a malformed host call' },
  TIME_LIMIT: { number: 13, text: 'the time limit is over' },
  ABORTED: { number: 14, text: 'the loader ended the Keep' },
  HELPER_FAULT: { number: 15, text: 'the helper process itself failed' },
  MEMORY_LOST: { number: 16, text: 'the machine could not provide memory for a page of the Keep' },
  KEEP_SIGNAL: { number: 17, text: 'a signal that no Keep can handle' },
  LISTEN: { number: 18, text: 'a socket that [[listen]] of Keep.toml grants cannot be made' },
  VM_EXIT: { number: 19, text: 'the virtual machine of the Keep stopped' },
  MEMORY_FAULT: {
    number: 20,
    text: 'a page was not whose the Keep takes it for, and the Keep has not asked for that',
  },
  TERMINATED: { number: 21, text: 'the Keep ended itself' },
} as const;
