// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'Motte, docs/helper-protocol.md';

/** "MOTH", little-endian: the first bytes of every message. */
export const MESSAGE_MAGIC = 0x48544f4d;

/** Version of the protocol, in START and STARTED. */
export const PROTOCOL_VERSION = 6;

/** Most bytes of a message after its header. */
export const MESSAGE_MAX = 0x1000000;

/** Most bytes that one PEEK reads. */
export const PEEK_MAX = 0x100000;

/** Descriptors that the helper inherits, beside 0, 1 and 2. EPC and KVM are the same one: no Keep has both. */
export const HELPER_FD = { CONTROL: 3, MEMORY: 4, EPC: 5, KVM: 5, SEV: 6, GRANT: 7 } as const;

/** Most GRANTs of a Keep. */
export const GRANTS_MOST = 64;

/** Most IMAGE_PARTs: the file index, and the contents. */
export const PARTS_MOST = 2;

/** GRANT.flags. */
export const GRANT_FLAGS = { READ_ONLY: 0x1 } as const;

export const MESSAGE_TYPE = {
  START: 1,
  PEEK: 2,
  ABORT: 3,
  STATS: 4,
  DEBUG_READ: 5,
  TRACED: 6,
  DEBUG_WRITE: 7,
  DEBUG_STOP: 8,
  DEBUG_GO: 9,
  DEBUG_REGISTERS: 10,
  STARTED: 0x81,
  PEEKED: 0x82,
  STATISTICS: 0x83,
  ENDED: 0x84,
  TRACE: 0x85,
  DEBUG_BYTES: 0x86,
  DEBUG_WRITTEN: 0x87,
  STOPPED: 0x88,
  DEBUG_REGISTERS_ARE: 0x89,
} as const;

export const MESSAGE_FIELDS = [
  { at: 0x0, name: 'magic', type: 'u32', doc: 'MOTH' },
  { at: 0x4, name: 'type', type: 'u32', doc: 'MESSAGE_TYPE' },
  { at: 0x8, name: 'length', type: 'u32', doc: 'bytes that follow' },
  { at: 0xc, name: 'id', type: 'u32', doc: 'of the request; 0 in what the helper sends by itself' },
] as const;

/** The header of every message, in both directions. */
export const MESSAGE: Layout<typeof MESSAGE_FIELDS> = layout(
  { name: 'MESSAGE', size: 16, source: SOURCE },
  MESSAGE_FIELDS,
);

/** Those from KVM on are virtual machines, those from SNP on are launched; SNP_SIMULATED by firmware of the helper's own. */
export const BACKEND = { EMULATED: 1, HARDWARE: 2, KVM: 3, SNP: 4, SNP_SIMULATED: 5 } as const;

/** START.flags. */
export const START_FLAGS = {
  STRICT: 0x1,
  PATCH: 0x2,
  STEP: 0x4,
  TRUST: 0x8,
  STDIN: 0x10,
  STDOUT: 0x20,
  STDERR: 0x40,
  TRACE: 0x80,
  DEBUGGER: 0x100,
  SWITCHLESS: 0x200,
} as const;

export const START_FIELDS = [
  { at: 0x00, name: 'version', type: 'u32', doc: 'PROTOCOL_VERSION' },
  { at: 0x04, name: 'backend', type: 'u32', doc: 'BACKEND' },
  {
    at: 0x08,
    name: 'base',
    type: 'u64',
    doc: 'address of the ELRANGE; 0: the helper chooses (emulated); KVM: guest physical',
  },
  { at: 0x10, name: 'size', type: 'u64', doc: 'SECS.SIZE; KVM: bytes of guest pages' },
  { at: 0x18, name: 'flags', type: 'u32', doc: 'START_FLAGS' },
  { at: 0x1c, name: 'mapping_count', type: 'u32' },
  { at: 0x20, name: 'tcs_count', type: 'u32', doc: 'KVM: of vCPUs' },
  { at: 0x24, name: 'site_count', type: 'u32' },
  { at: 0x28, name: 'lie_count', type: 'u32', doc: '0 but in the hostile test binary' },
  { at: 0x2c, name: 'boot_length', type: 'u32', doc: 'bytes of BOOT and what follows it' },
  { at: 0x30, name: 'time_limit_ms', type: 'u32', doc: 'from the first entry on; 0: none' },
  { at: 0x34, name: 'aex_period_us', type: 'u32', doc: 'emulated: mean time between random AEXs; 0: none' },
  { at: 0x38, name: 'seed', type: 'u64', doc: 'emulated: of poison and random AEXs' },
  { at: 0x40, name: 'epc_pages', type: 'u64', doc: 'emulated: most pages in the EPC; 0: no limit' },
  {
    at: 0x48,
    name: 'ioctl_pages',
    type: 'u32',
    doc: 'emulated, simulated SNP: most pages that one ioctl does; 0: no limit',
  },
  { at: 0x4c, name: 'grant_count', type: 'u32', doc: 'descriptors from HELPER_FD.GRANT on' },
  { at: 0x50, name: 'step_from', type: 'u64', doc: 'STEP: first offset that is stepped' },
  { at: 0x58, name: 'step_to', type: 'u64', doc: 'STEP: offset after the last' },
  {
    at: 0x60,
    name: 'root',
    type: 'bytes16',
    doc: 'emulated: root of EGETKEY and EREPORT; zeros: the public one',
  },
  { at: 0x70, name: 'part_count', type: 'u32', doc: 'IMAGE_PARTs: descriptors after those of grants' },
  { at: 0x74, name: 'reserved_074', type: 'bytes12' },
] as const;

/** Starts the Keep; the only message that may come first. */
export const START: Layout<typeof START_FIELDS> = layout(
  { name: 'START', size: 0x80, source: SOURCE },
  START_FIELDS,
);

export const MAPPING_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64', doc: 'from the base' },
  { at: 0x08, name: 'length', type: 'u64', doc: 'bytes, whole pages' },
  { at: 0x10, name: 'permissions', type: 'u32', doc: 'R 1, W 2, X 4' },
  { at: 0x14, name: 'reserved_014', type: 'u32' },
] as const;

/** A range of the ELRANGE that the host maps; KVM: that the guest has from the start. Ascending, without overlap. */
export const MAPPING: Layout<typeof MAPPING_FIELDS> = layout(
  { name: 'MAPPING', size: 24, source: SOURCE },
  MAPPING_FIELDS,
);

export const GRANT_FIELDS = [
  { at: 0x00, name: 'flags', type: 'u32', doc: 'GRANT_FLAGS' },
  { at: 0x04, name: 'reserved_004', type: 'u32' },
] as const;

/** A granted file or directory, in the order of the FILE records of the config blob. */
export const GRANT: Layout<typeof GRANT_FIELDS> = layout(
  { name: 'GRANT', size: 8, source: SOURCE },
  GRANT_FIELDS,
);

export const IMAGE_PART_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64', doc: 'in the file' },
  { at: 0x08, name: 'length', type: 'u64', doc: 'bytes' },
] as const;

/** A range of a file; what `image_read` reads is all of them, one after the other. */
export const IMAGE_PART: Layout<typeof IMAGE_PART_FIELDS> = layout(
  { name: 'IMAGE_PART', size: 16, source: SOURCE },
  IMAGE_PART_FIELDS,
);

export const LIE_FIELDS = [
  { at: 0x00, name: 'number', type: 'u32', doc: 'of the host call' },
  { at: 0x04, name: 'nth', type: 'u32', doc: 'which of its calls, from 1; 0: every one' },
  { at: 0x08, name: 'kind', type: 'u32', doc: 'LIE_KIND' },
  { at: 0x0c, name: 'size', type: 'u32', doc: 'of WRITE: bytes, at most 8' },
  { at: 0x10, name: 'value', type: 'u64' },
  { at: 0x18, name: 'at', type: 'u64', doc: 'of WRITE: where in the block' },
] as const;

/** What a hostile host does at a host call; for tests. */
export const LIE: Layout<typeof LIE_FIELDS> = layout({ name: 'LIE', size: 32, source: SOURCE }, LIE_FIELDS);

export const LIE_KIND = {
  /** `result` = value, after the call was served. */
  RESULT: 1,
  /** `out_length` = value. */
  OUT_LENGTH: 2,
  /** `answered` = value. */
  ANSWERED: 3,
  /** The call is not served: the Keep is entered with the block as it left it. */
  UNSERVED: 4,
  /** Every byte of the data area = value. */
  DATA: 5,
  /** EREMOVE and EAUG of the page at offset `value`, the call served as usual. */
  REPLACE_PAGE: 6,
  /** ERESUME in place of EENTER. */
  RESUME: 7,
  /** The call is answered, then the thread is entered once more at its next chance without a reason. */
  ENTER: 8,
  /** `size` bytes of value are written at `at` of the block, after the call was served. */
  WRITE: 9,
  /** The host's thread `at`, which nobody asked for, enters TCS `value`. */
  THREAD: 10,
  /** Every thread is woken. */
  WAKE: 11,
  /** The call is not served, and answered with `result` = value. */
  WITHHELD: 12,
  /** The host's thread `at` shows, at its entries to come, the block that lies `value` bytes from the first one; of size 1: from the Keep's base. */
  BLOCK: 13,
  /** EMODT of the page at offset `value` to the page type `at`, after the call was served. */
  RETYPE: 14,
  /** The host's thread `at`, which nobody asked for, enters whatever is at offset `value`; of size 1: and is waited for. */
  PLACE: 15,
  /** The host's thread `at` enters no more, wherever it leaves, before call number `value` was made `size` times from then on. */
  HOLD: 16,
  /** Simulated SNP: other memory under the page at offset `value`: the host's, or (`at` 1) a page of the guest's that it has not validated. */
  REMAP: 17,
  /** Simulated SNP: the page at offset `value` is validated, though not by the guest. */
  VALIDATED: 18,
  /** Simulated SNP, `number` the GHCB exit of a guest request: what the guest gets is `value` of LIE_ANSWER. */
  ANSWER: 19,
  /** Simulated SNP, before the launch: the word `size` (0 EAX) of leaf `at` in the CPUID page is ANDed with `value`. */
  CPUID: 20,
  /** Simulated SNP, after the launch: the byte `at` of the secrets page is XORed with `value`. */
  SECRETS: 21,
  /** VM: the event `value` (LIE_EVENT) is injected after the call, where `size` (LIE_WHERE) says; `at`: of OFFSET. */
  EVENT: 22,
} as const;

/** LIE.value of EVENT: the vector in its low byte, whether an error code comes with it, and the code from bit 32 on. */
export const LIE_EVENT = { HAS_CODE: 0x100, CODE_SHIFT: 32 } as const;

/** LIE.size of EVENT: at once, which is in ring 0; at the first instruction of ring 3; when RIP comes to an offset of the Keep's. */
export const LIE_WHERE = { RING0: 0, RING3: 1, OFFSET: 2 } as const;

/** LIE.value of ANSWER: the answer before, one with a bit changed, none, the firmware's status 0x16, busy for ever. */
export const LIE_ANSWER = { REPLAYED: 0, SPOILED: 1, MISSING: 2, FAILED: 3, BUSY: 4 } as const;

export const STARTED_FIELDS = [
  { at: 0x00, name: 'version', type: 'u32', doc: 'PROTOCOL_VERSION' },
  { at: 0x04, name: 'patched_sites', type: 'u32' },
  { at: 0x08, name: 'base', type: 'u64', doc: 'address of the ELRANGE; KVM: guest physical' },
  { at: 0x10, name: 'landlock', type: 'u32', doc: 'version of the kernel’s interface; 0: there is none' },
  { at: 0x14, name: 'cr4_missing', type: 'u32', doc: 'KVM: bits of CR4 that this machine does not have' },
  {
    at: 0x18,
    name: 'cpuid_corrected',
    type: 'u32',
    doc: 'SNP: rows of the CPUID page that the firmware has corrected',
  },
  { at: 0x1c, name: 'reserved_01c', type: 'u32' },
] as const;

/** The Keep is mapped and about to be entered. */
export const STARTED: Layout<typeof STARTED_FIELDS> = layout(
  { name: 'STARTED', size: 32, source: SOURCE },
  STARTED_FIELDS,
);

export const PEEK_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64', doc: 'from the base' },
  { at: 0x08, name: 'length', type: 'u64', doc: 'at most PEEK_MAX' },
] as const;

/** Asks what the host sees of the Keep's memory. */
export const PEEK: Layout<typeof PEEK_FIELDS> = layout(
  { name: 'PEEK', size: 16, source: SOURCE },
  PEEK_FIELDS,
);

export const PEEKED_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64' },
  { at: 0x08, name: 'length', type: 'u32', doc: 'bytes that follow' },
  { at: 0x0c, name: 'hidden', type: 'u32', doc: '1: the bytes are 0xff because the CPU hides them' },
] as const;

export const PEEKED: Layout<typeof PEEKED_FIELDS> = layout(
  { name: 'PEEKED', size: 16, source: SOURCE },
  PEEKED_FIELDS,
);
