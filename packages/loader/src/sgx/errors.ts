// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';

/** The driver's operations, by the names that `driverError` knows. */
export const OPERATION = {
  OPEN: 'open /dev/sgx_enclave',
  CREATE: 'SGX_IOC_ENCLAVE_CREATE',
  ADD_PAGES: 'SGX_IOC_ENCLAVE_ADD_PAGES',
  INIT: 'SGX_IOC_ENCLAVE_INIT',
} as const;

interface Meaning {
  readonly code?: ErrorCode;
  readonly text: string;
}

const LOST: Meaning = {
  code: 'SGX_EPC_LOST',
  text: 'the CPU faulted on the enclave: its protected memory was lost, most likely because the machine slept; launch it again',
};
const EPC: Meaning = {
  code: 'SGX_EPC_EXHAUSTED',
  text: 'no free page in the enclave page cache; end other enclaves or give the Keep less memory',
};
const WRONG_DEVICE: Meaning = {
  text: 'the device does not know this operation: /dev/sgx_enclave is not the driver of Linux 5.11 or later (an old out-of-tree driver?)',
};

// What each error of arch/x86/kernel/cpu/sgx (Linux 6.1) means to whoever launches; `*` is any operation.
const MEANINGS: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = {
  [OPERATION.OPEN]: {
    ENOENT: {
      text: 'no such device: the firmware has SGX turned off, or the kernel was built without CONFIG_X86_SGX or is older than 5.11',
    },
    ENODEV: { text: 'the device file is there but no driver: sudo rm it, and look at `dmesg | grep sgx`' },
    ENXIO: { text: 'the device file is there but no driver: sudo rm it, and look at `dmesg | grep sgx`' },
    EACCES: { text: 'not permitted for this user: sudo usermod -aG sgx "$USER", then log in again' },
    EPERM: { text: 'forbidden by the container or a security module: docker run --device /dev/sgx_enclave' },
  },
  [OPERATION.CREATE]: {
    EINVAL: {
      text: "the driver or the CPU refuses the SECS: its size, XFRM, MISCSELECT or SSA frame size is not among the CPU's",
    },
    EIO: LOST,
    ENOMEM: EPC,
  },
  [OPERATION.ADD_PAGES]: {
    EINVAL: { text: 'the driver refuses a page: its offset, SECINFO or length' },
    EBUSY: { code: 'SGX_PAGE_TWICE', text: 'there is a page at this offset already' },
    EACCES: { text: 'the page lies in memory that may not be executed (a noexec mount?)' },
    EPERM: { text: 'the page lies in memory that may not be executed (a noexec mount?)' },
    EIO: LOST,
    ENOMEM: EPC,
  },
  [OPERATION.INIT]: {
    EPERM: { text: 'EINIT refuses the SIGSTRUCT' },
    EACCES: {
      text: 'an attribute that the driver keeps for privileged enclaves (PROVISIONKEY); no Keep has it',
    },
    EBUSY: { text: 'the CPU was interrupted too often; try again' },
    EINVAL: { text: 'the driver refuses the SIGSTRUCT, or the enclave is initialised already' },
    EIO: LOST,
  },
  '*': {
    ENOTTY: WRONG_DEVICE,
    EBADF: WRONG_DEVICE,
    EFAULT: { text: "the driver could not read the loader's memory" },
  },
};

/** What the error of an operation of the driver means, and what to do about it. */
export function driverError(operation: string, code: string, cause?: unknown): MotteError {
  const meaning = MEANINGS[operation]?.[code] ?? MEANINGS['*']?.[code];
  return new MotteError(meaning?.code ?? 'SGX_DRIVER', {
    field: operation,
    message: `${code}: ${meaning?.text ?? 'an error that the driver is not known to give here; see `dmesg`'}`,
    found: code,
    ...(cause === undefined ? {} : { cause }),
  });
}
