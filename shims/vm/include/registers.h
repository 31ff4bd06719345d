/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and bits of the registers that ring 0 alone has (AMD 24593 rev 3.42, 3.1, appendix A). */
#ifndef MOTTE_VM_REGISTERS_H
#define MOTTE_VM_REGISTERS_H

#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define CR0_PE 0x1u
#define CR0_WP 0x10000u
#define CR0_PG 0x80000000u

#define CR4_PAE 0x20u
#define CR4_UMIP 0x800u
#define CR4_OSXSAVE 0x40000u
#define CR4_SMEP 0x100000u
#define CR4_SMAP 0x200000u

#define EFER_LMA 0x400u
#define EFER_NXE 0x800u

#endif
