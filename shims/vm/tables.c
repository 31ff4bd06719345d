/* SPDX-License-Identifier: Apache-2.0 */
/* Segments, the interrupt table, and the registers that SYSCALL goes by. */
#include "include/pvm.h"
#include "../core/include/bytes.h"
#include "../core/include/fault.h"
#include "../core/include/platform.h"

/* Descriptors of 64-bit mode (AMD 24593, 4.8): present, type, ring; base and limit of code and data mean nothing. */
#define DESCRIPTOR_CODE 0x00af9b000000ffffull
#define DESCRIPTOR_DATA 0x00cf93000000ffffull
#define DESCRIPTOR_USER_CODE 0x00affb000000ffffull
#define DESCRIPTOR_USER_DATA 0x00cff3000000ffffull
#define DESCRIPTOR_TSS 0x0000890000000000ull

/* SYSCALL clears of RFLAGS: TF, IF, DF, IOPL, NT, AC; the rest of what Linux clears means nothing here. */
#define SFMASK (0x100ull | RFLAGS_IF | 0x400ull | 0x3000ull | 0x4000ull | RFLAGS_AC)

struct tss {
	uint32_t reserved_00;
	uint64_t rsp[3];
	uint64_t reserved_1c;
	uint64_t ist[7];
	uint64_t reserved_5c;
	uint16_t reserved_64;
	uint16_t iomap;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "TSS");

/* A vCPU's own: the GDT names its TSS. */
struct system_page {
	uint64_t gdt[8];
	struct tss tss;
};

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "gate");

#define GATE_INTERRUPT 0x8e /* present, ring 0 alone may name it by INT */
#define GATE_FOR_USER 0xee  /* ring 3 may */

static struct gate idt[VECTORS];

struct descriptor_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

void tables_make(void)
{
	for (unsigned vector = 0; vector < VECTORS; vector++) {
		uint64_t to = vector == FAULT_BP && pvm_host ? (uint64_t)pvm_breakpoint :
							       (uint64_t)trap_stubs + vector * TRAP_STUB_SIZE;

		idt[vector] = (struct gate){
			.offset_low = (uint16_t)to,
			.selector = SELECTOR_CODE,
			.ist = 1, /* whatever RSP is: a host can inject each of them anywhere */
			.type = vector == FAULT_BP || vector == FAULT_OF ? GATE_FOR_USER : GATE_INTERRUPT, /* INT3, INTO */
			.offset_middle = (uint16_t)(to >> 16),
			.offset_high = (uint32_t)(to >> 32),
		};
	}
}

static void make_segments(struct system_page *page, struct vcpu *vcpu)
{
	uint64_t tss = (uint64_t)&page->tss;

	page->tss = (struct tss){
		.ist = { pvm_host ? (uint64_t)vcpu + PVM_TOP : vcpu->stack },
		.iomap = sizeof(struct tss), /* none: ring 3 has no port */
	};
	page->gdt[SELECTOR_CODE / 8] = DESCRIPTOR_CODE;
	page->gdt[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
	page->gdt[SELECTOR_TSS / 8] = DESCRIPTOR_TSS | (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
	page->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
	page->gdt[SELECTOR_USER_DATA / 8] = DESCRIPTOR_USER_DATA;
	page->gdt[SELECTOR_USER_CODE / 8] = DESCRIPTOR_USER_CODE;
}

void tables_load(struct vcpu *vcpu)
{
	struct system_page *page = (struct system_page *)((uint8_t *)vcpu + VCPU_TO_SYSTEM);
	struct descriptor_register gdtr = { sizeof(page->gdt) - 1, (uint64_t)page->gdt };
	struct descriptor_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

	make_segments(page, vcpu);
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	__asm__ volatile("lidt %0" : : "m"(idtr));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
	write_msr(MSR_STAR, (uint64_t)SELECTOR_USER_BASE << 48 | (uint64_t)SELECTOR_CODE << 32);
	write_msr(MSR_LSTAR, pvm_host ? (uint64_t)pvm_call : (uint64_t)trap_system_call);
	write_msr(MSR_SFMASK, SFMASK);
	write_msr(MSR_KERNEL_GS_BASE, 0); /* the exec's, until SWAPGS */
}
