// SPDX-License-Identifier: Apache-2.0

/**
 * The address space of a VM-based Keep (docs/vm-keep.md). BASE, SHARED and DIRECT are addresses; the vCPU block's members
 * are offsets from the block's start.
 */
export const VM_MAP = {
  /** Where the Keep begins, for the guest's page tables and for the host's: launched pages have one address for both. */
  BASE: 0x1_0000_0000,
  /** The host-call block of vCPU i is at SHARED + i * BLOCK_SIZE, guest physical and virtual. */
  SHARED: 0x8000_0000,
  /** Under SEV-SNP, the GHCB of vCPU i is at GHCB + i * 4096, guest physical and virtual; two pages for guest requests follow. */
  GHCB: 0xc000_0000,
  /** Where the shim sees pages of the heap that are its own, and those that permit nothing: OWN + their address. One bit. */
  OWN: 0x2000_0000_0000,
  /** Where the shim sees the pages that it hands out: DIRECT + (their address - that of the first one). */
  DIRECT: 0x4000_0000_0000,
  STACK: 0x1000,
  STACK_PAGES: 8,
  VCPU_PAGE: 0xd000,
  /** Of the vCPU page: its task's number, the exec's FS base, and its registers in a system call. */
  TASK_NUMBER: 0xd0f0,
  EXEC_FS: 0xd040,
  CALLER: 0xdfc0,
  /** GDT and TSS, which the shim fills in. */
  SYSTEM_PAGE: 0xe000,
  VCPU_STRIDE: 0x10000,
  /** The exec, the heap and the pages that are handed out start on multiples of this. */
  REGION_ALIGN: 0x200000,
  /** Under SEV-SNP, two words in block 0 that say how the Keep ended: what RSI and R8 are under plain KVM. */
  LAST_WORDS: 0x8000_0080,
  /** Under plain KVM, a word in block 0: what kind of KVM it is (HOST_PVM, HOST_XSAVE). */
  HOST_IS: 0x8000_0090,
  /** In block 0, what the host says of its clocks (VM_CLOCK). */
  CLOCK: 0x8000_00a0,
  /** In block 0, and at the same place of each other: VM_SWITCHLESS. */
  SWITCHLESS: 0x8000_0100,
  /** OUT to this port, with EXIT_WHY in EAX, is how a Keep on KVM leaves. */
  PORT: 0x4d54,
} as const;

/** VM_MAP.HOST_IS: a KVM in software, which interprets ring 0; and its ring 3 has the XCR0 of the host's programs. */
export const HOST_PVM = 1;
export const HOST_XSAVE = 2;
