// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/loader`. Those that begin with SGX_ are the CPU's own; the field names the instruction. */
export const LOADER_ERRORS = {
  SGX_GP: {
    exit: 2,
    reason: 'The CPU refuses a structure or a page of the Keep with #GP(0).',
    fix: 'Compare the field with the SDM; a plan made by `motte plan` passes, so the plan or its maker is at fault.',
  },
  SGX_PAGE_TWICE: {
    exit: 2,
    reason: 'A page is added where there is one already (EBUSY).',
    fix: 'Make the plan again: two of its runs overlap.',
  },
  SGX_INVALID_SIG_STRUCT: {
    exit: 3,
    reason: 'EINIT refuses the form of the SIGSTRUCT.',
    fix: 'Sign again; `motte verify sigstruct` shows which field is wrong.',
  },
  SGX_INVALID_SIGNATURE: {
    exit: 3,
    reason: 'EINIT finds that the SIGSTRUCT is not signed by its own key.',
    fix: 'Sign again: the SIGSTRUCT was changed after it was signed.',
  },
  SGX_INVALID_MEASUREMENT: {
    exit: 3,
    reason: 'EINIT finds another MRENCLAVE than the SIGSTRUCT was signed for.',
    fix: 'Sign the image that is run: compare `motte measure sgx` with the ENCLAVEHASH of the SIGSTRUCT.',
  },
  SGX_INVALID_ATTRIBUTE: {
    exit: 3,
    reason: 'EINIT finds other attributes in the SECS than the SIGSTRUCT allows.',
    fix: 'Sign with the attributes that the Keep is launched with (debug, XFRM, MISCSELECT), or launch it with those that were signed.',
  },
  SGX_INVALID_EINITTOKEN: {
    exit: 6,
    reason: 'EINIT wants a launch token: the machine does not leave launch control to Linux.',
    fix: 'Turn on flexible launch control (SGX_LC) in the firmware; Linux supports no other machine.',
  },
  SGX_DRIVER: {
    exit: 6,
    reason: 'The SGX driver refuses an operation.',
    fix: 'Read the message: it names the operation, the error of the driver, and what usually is behind it.',
  },
  SGX_EPC_EXHAUSTED: {
    exit: 6,
    reason: 'The enclave page cache is full, and its pages cannot be moved out.',
    fix: 'End other enclaves, give the Keep less memory, or give the machine more EPC in the firmware.',
  },
  SGX_EPC_LOST: {
    exit: 7,
    reason: 'The protected memory of the enclave was lost while it was launched.',
    fix: 'The machine slept, or a virtual machine was moved: launch the Keep again.',
  },
  TEE_MISSING: {
    exit: 6,
    reason: 'The TEE that was asked for is not usable on this machine.',
    fix: 'Do what the message says, choose another machine, or add --emulate to try without protection.',
  },
  ADDON_MISSING: {
    exit: 6,
    reason: 'The native part of the loader is missing, or was built for another machine.',
    fix: 'In the clone: node packages/loader/native/build.mjs. From npm: install again on x86-64 Linux.',
  },
  HELPER_MISSING: {
    exit: 6,
    reason: 'The helper process that enters Keeps is missing.',
    fix: 'In the clone: node packages/loader/native/build.mjs. From npm: install again on x86-64 Linux.',
  },
  SHIM_MISSING: {
    exit: 6,
    reason: 'There is no built shim.',
    fix: 'In the clone: npm run build. Or build one with `motte shim build` and name it.',
  },
  HELPER_START: {
    exit: 7,
    reason: 'The helper process that enters Keeps did not start.',
    fix: 'Read the cause: the machine may be out of processes or memory, or the folder may be mounted noexec.',
  },
  HELPER_PROTOCOL: {
    exit: 7,
    reason: 'The helper process said something that the loader does not understand.',
    fix: 'Loader and helper come from different versions: build or install both again.',
  },
  DEVELOPER_KEY: {
    exit: 2,
    reason: 'The per-user developer key cannot be read or made, or is not a private file of this user.',
    fix: 'Run `chmod 600` on the file that the message names, or delete it and the next run makes another; --key names another key.',
  },
  KEEP_CLOSED: {
    exit: 7,
    reason: 'Nothing can be asked of a Keep whose helper process is gone.',
    fix: 'Ask before the Keep ends, or load it with linger and close it afterwards.',
  },
  HOST_MEMORY: {
    exit: 7,
    reason: "The machine has no memory for the Keep's pages.",
    fix: 'Give the Keep less memory (memory in Keep.toml), or raise the limit of the machine or container.',
  },
  LOAD_ABORTED: {
    exit: 7,
    reason: 'Loading was aborted before the Keep ran.',
    fix: 'Nothing is wrong: whoever called gave an AbortSignal that fired.',
  },
  GRANT_HOST: {
    exit: 2,
    reason: 'What Keep.toml grants of the host’s files is not there, or may not be opened.',
    fix: 'Name a directory or a regular file that this user may open: with --grant PATH=HOST, or host in Keep.toml.',
  },
  IMAGE_SOURCE: {
    exit: 2,
    reason: 'What [[image]] of Keep.toml names cannot become files of the image.',
    fix: 'Name files, directories and symbolic links that this user may read; source is relative to Keep.toml.',
  },
  LOAD_OPTION: {
    exit: 2,
    reason: 'An option of load() is wrong.',
    fix: 'Give a value of the kind that the message names.',
  },
} as const;
