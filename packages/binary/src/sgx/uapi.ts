// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const SGX_ENCLAVE_CREATE_FIELDS = [
  { at: 0x000, name: 'src', type: 'u64', doc: 'address of the SECS' },
] as const;

/** Argument of SGX_IOC.CREATE. */
export const SGX_ENCLAVE_CREATE: Layout<typeof SGX_ENCLAVE_CREATE_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_CREATE', size: 8, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_CREATE_FIELDS,
);

export const SGX_ENCLAVE_ADD_PAGES_FIELDS = [
  { at: 0x000, name: 'src', type: 'u64', doc: 'address of the contents, page aligned' },
  { at: 0x008, name: 'offset', type: 'u64', doc: 'first byte, from the base of the enclave' },
  { at: 0x010, name: 'length', type: 'u64', doc: 'bytes, whole pages' },
  { at: 0x018, name: 'secinfo', type: 'u64', doc: 'address of SECINFO' },
  { at: 0x020, name: 'flags', type: 'u64', doc: 'see SGX_PAGE_FLAGS' },
  { at: 0x028, name: 'count', type: 'u64', doc: 'out: bytes done; call again for the rest' },
] as const;

/** Argument of SGX_IOC.ADD_PAGES. */
export const SGX_ENCLAVE_ADD_PAGES: Layout<typeof SGX_ENCLAVE_ADD_PAGES_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_ADD_PAGES', size: 48, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_ADD_PAGES_FIELDS,
);

export const SGX_ENCLAVE_INIT_FIELDS = [
  { at: 0x000, name: 'sigstruct', type: 'u64', doc: 'address of SIGSTRUCT' },
] as const;

/** Argument of SGX_IOC.INIT. */
export const SGX_ENCLAVE_INIT: Layout<typeof SGX_ENCLAVE_INIT_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_INIT', size: 8, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_INIT_FIELDS,
);

export const SGX_ENCLAVE_PROVISION_FIELDS = [
  { at: 0x000, name: 'fd', type: 'u64', doc: 'of /dev/sgx_provision' },
] as const;

/** Argument of SGX_IOC.PROVISION. Motte never uses it: no Keep has PROVISIONKEY. */
export const SGX_ENCLAVE_PROVISION: Layout<typeof SGX_ENCLAVE_PROVISION_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_PROVISION', size: 8, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_PROVISION_FIELDS,
);

export const SGX_ENCLAVE_RESTRICT_PERMISSIONS_FIELDS = [
  { at: 0x000, name: 'offset', type: 'u64', doc: 'first byte, from the base of the enclave' },
  { at: 0x008, name: 'length', type: 'u64', doc: 'bytes, whole pages' },
  { at: 0x010, name: 'permissions', type: 'u64', doc: 'SECINFO_FLAGS R, W, X' },
  { at: 0x018, name: 'result', type: 'u64', doc: 'out: SGX error code' },
  { at: 0x020, name: 'count', type: 'u64', doc: 'out: bytes done; call again for the rest' },
] as const;

/** Argument of SGX_IOC.RESTRICT_PERMISSIONS (EMODPR). */
export const SGX_ENCLAVE_RESTRICT_PERMISSIONS: Layout<typeof SGX_ENCLAVE_RESTRICT_PERMISSIONS_FIELDS> =
  layout(
    {
      name: 'SGX_ENCLAVE_RESTRICT_PERMISSIONS',
      size: 40,
      source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h',
    },
    SGX_ENCLAVE_RESTRICT_PERMISSIONS_FIELDS,
  );

export const SGX_ENCLAVE_MODIFY_TYPES_FIELDS = [
  { at: 0x000, name: 'offset', type: 'u64', doc: 'first byte, from the base of the enclave' },
  { at: 0x008, name: 'length', type: 'u64', doc: 'bytes, whole pages' },
  { at: 0x010, name: 'page_type', type: 'u64', doc: 'see PAGE_TYPE' },
  { at: 0x018, name: 'result', type: 'u64', doc: 'out: SGX error code' },
  { at: 0x020, name: 'count', type: 'u64', doc: 'out: bytes done; call again for the rest' },
] as const;

/** Argument of SGX_IOC.MODIFY_TYPES (EMODT). */
export const SGX_ENCLAVE_MODIFY_TYPES: Layout<typeof SGX_ENCLAVE_MODIFY_TYPES_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_MODIFY_TYPES', size: 40, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_MODIFY_TYPES_FIELDS,
);

export const SGX_ENCLAVE_REMOVE_PAGES_FIELDS = [
  { at: 0x000, name: 'offset', type: 'u64', doc: 'first byte, from the base of the enclave' },
  { at: 0x008, name: 'length', type: 'u64', doc: 'bytes, whole pages' },
  { at: 0x010, name: 'count', type: 'u64', doc: 'out: bytes done; call again for the rest' },
] as const;

/** Argument of SGX_IOC.REMOVE_PAGES (EREMOVE of trimmed pages). */
export const SGX_ENCLAVE_REMOVE_PAGES: Layout<typeof SGX_ENCLAVE_REMOVE_PAGES_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_REMOVE_PAGES', size: 24, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_REMOVE_PAGES_FIELDS,
);

export const SGX_ENCLAVE_RUN_FIELDS = [
  { at: 0x000, name: 'tcs', type: 'u64', doc: 'address of the TCS' },
  { at: 0x008, name: 'function', type: 'u32', doc: 'out: EEXIT, or the ENCLU leaf that faulted' },
  { at: 0x00c, name: 'exception_vector', type: 'u16' },
  { at: 0x00e, name: 'exception_error_code', type: 'u16' },
  { at: 0x010, name: 'exception_addr', type: 'u64' },
  { at: 0x018, name: 'user_handler', type: 'u64', doc: 'called on every exit, or 0' },
  { at: 0x020, name: 'user_data', type: 'u64' },
  { at: 0x028, name: 'reserved_028', type: 'bytes216' },
] as const;

/** What __vdso_sgx_enter_enclave() is told, and how it returned. */
export const SGX_ENCLAVE_RUN: Layout<typeof SGX_ENCLAVE_RUN_FIELDS> = layout(
  { name: 'SGX_ENCLAVE_RUN', size: 256, source: 'Linux 6.1, arch/x86/include/uapi/asm/sgx.h' },
  SGX_ENCLAVE_RUN_FIELDS,
);

/** `type` of the SGX ioctls. */
export const SGX_MAGIC = 0xa4;

/** SGX_ENCLAVE_ADD_PAGES.flags. */
export const SGX_PAGE_FLAGS = {
  /** EEXTEND each added page. */
  MEASURE: 0x1n,
} as const;

// asm-generic/ioctl.h: direction in bits 31:30 (1 write, 2 read), size in 29:16, type in 15:8, number in 7:0.
const ioc = (direction: number, number: number, size: number): number =>
  ((direction << 30) | (size << 16) | (SGX_MAGIC << 8) | number) >>> 0;

/** The ioctls of /dev/sgx_enclave. */
export const SGX_IOC: Readonly<
  Record<
    'CREATE' | 'ADD_PAGES' | 'INIT' | 'PROVISION' | 'RESTRICT_PERMISSIONS' | 'MODIFY_TYPES' | 'REMOVE_PAGES',
    number
  >
> = {
  CREATE: ioc(1, 0, SGX_ENCLAVE_CREATE.size),
  ADD_PAGES: ioc(3, 1, SGX_ENCLAVE_ADD_PAGES.size),
  INIT: ioc(1, 2, SGX_ENCLAVE_INIT.size),
  PROVISION: ioc(1, 3, SGX_ENCLAVE_PROVISION.size),
  RESTRICT_PERMISSIONS: ioc(3, 5, SGX_ENCLAVE_RESTRICT_PERMISSIONS.size),
  MODIFY_TYPES: ioc(3, 6, SGX_ENCLAVE_MODIFY_TYPES.size),
  REMOVE_PAGES: ioc(3, 7, SGX_ENCLAVE_REMOVE_PAGES.size),
};
