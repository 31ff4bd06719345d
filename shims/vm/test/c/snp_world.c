/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "snp_world.h"
#include <asm/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../../include/ghcb.h"
#include "../../../core/include/memory.h"
#include "../../../core/include/platform.h"

_Alignas(4096) uint8_t image[WORLD_SIZE];
__asm__(".globl shim_start, shim_end\n\t.set shim_start, image\n\t.set shim_end, image + 0x1000");

struct world_start world;
static uint64_t ghcb_msr, validations;

/* The shared pages: GHCBs and the two of guest requests; block 0. */
#define SHARED_PAGES (WORLD_VCPU_COUNT + 2)

static void fail(const char *what)
{
	printf("broken: %s\n", what);
	exit(1);
}

static bool take(void *to, size_t length)
{
	return fread(to, 1, length, stdin) == length;
}

static void share(uint64_t address, uint64_t pages)
{
	if (mmap((void *)address, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) != (void *)address)
		fail("no room for the shared pages");
}

void world_begin(void)
{
	struct vcpu *vcpu;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (!take(&world, sizeof(world)))
		fail("standard input");
	*(struct vm_info *)(image + WORLD_INFO) = (struct vm_info){
		.mode = (uint32_t)world.mode,
		.encrypted = world.encrypted,
		.xcr0 = world.xcr0,
		.vcpu_start = WORLD_VCPUS,
		.vcpu_count = WORLD_VCPU_COUNT,
	};
	memcpy(image + WORLD_SECRETS, world.secrets, sizeof(world.secrets));
	memcpy(image + WORLD_CPUID, world.cpuid, sizeof(world.cpuid));
	memcpy(image + WORLD_CODE, world.code, sizeof(world.code));
	share(VM_MAP_GHCB, SHARED_PAGES);
	share(VM_MAP_SHARED, 1);
	memset((void *)VM_MAP_GHCB, 0xa5, SHARED_PAGES * PAGE_SIZE); /* nothing may rest on what was there */
	*(uint64_t *)VM_MAP_HOST_IS = world.host;
	vcpu = vcpu_at(0);
	vcpu->self = (uint64_t)vcpu;
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, vcpu) != 0)
		fail("arch_prctl");
}

void print_bytes(const char *name, const void *bytes, unsigned length)
{
	printf("%s ", name);
	for (unsigned i = 0; i < length; i++)
		printf("%02x", ((const uint8_t *)bytes)[i]);
	printf("\n");
}

/* ---- the CPU ---- */

uint64_t read_cr0(void)
{
	return world.cr0;
}

uint64_t read_cr4(void)
{
	return world.cr4;
}

uint64_t read_msr(uint32_t msr)
{
	switch (msr) {
	case SEV_MSR_GHCB:
		return ghcb_msr;
	case SEV_MSR_SEV_STATUS:
		return world.sev_status;
	case MSR_EFER:
		return world.efer;
	}
	fail("an MSR that nobody has");
	return 0;
}

void write_msr(uint32_t msr, uint64_t value)
{
	if (msr != SEV_MSR_GHCB)
		fail("an MSR that nobody has");
	ghcb_msr = value;
}

uint64_t snp_pvalidate(uint64_t address, uint32_t large, uint32_t valid)
{
	uint64_t at = validations < 7 ? validations : 7;

	/* An address of the image says where in it. */
	printf("pvalidate %llx %u%s\n",
	       (unsigned long long)(address - (uint64_t)image < WORLD_SIZE ? address - (uint64_t)image : address), large,
	       valid ? "" : " back");
	validations++;
	return world.validated[at];
}

/* ---- the host ---- */

static void print_request(void)
{
	const struct ghcb *page = (const struct ghcb *)ghcb_msr;

	if (ghcb_msr & 0xfff) {
		printf("msr %llx\n", (unsigned long long)ghcb_msr);
		return;
	}
	printf("page %llx code=%llx info1=%llx info2=%llx scratch=%llx rax=%llx rcx=%llx rdx=%llx valid=%llx,%llx version=%u usage=%u\n",
	       (unsigned long long)ghcb_msr, (unsigned long long)page->sw_exitcode, (unsigned long long)page->sw_exitinfo1,
	       (unsigned long long)page->sw_exitinfo2, (unsigned long long)page->sw_scratch, (unsigned long long)page->rax,
	       (unsigned long long)page->rcx, (unsigned long long)page->rdx, (unsigned long long)page->valid_low,
	       (unsigned long long)page->valid_high, page->protocol_version, page->usage);
	if (page->sw_exitcode == GHCB_EXIT_GUEST_REQUEST)
		print_bytes("message", (const void *)ghcb_address(WORLD_VCPU_COUNT), 0xc0);
	if (page->sw_exitcode == GHCB_EXIT_PAGE_STATE)
		print_bytes("change", page->shared_buffer, 24);
}

/* An honest host clears what the guest said is valid, as KVM does, and says that nothing went wrong. */
void snp_vmgexit(void)
{
	struct world_answer answer;
	struct world_write write;
	struct ghcb *page = (struct ghcb *)ghcb_msr;

	print_request();
	if (!take(&answer, sizeof(answer))) {
		printf("left\n");
		exit(0);
	}
	if (!(ghcb_msr & 0xfff))
		page->valid_low = page->valid_high = page->sw_exitinfo1 = page->sw_exitinfo2 = 0;
	if (answer.msr != 0)
		ghcb_msr = answer.msr;
	for (uint64_t i = 0; i < answer.writes; i++) {
		if (!take(&write, sizeof(write)) || write.length > sizeof(write.bytes))
			fail("standard input");
		memcpy((void *)write.address, write.bytes, write.length);
	}
}

void snp_terminate(uint32_t why, uint64_t reason, uint64_t offset)
{
	(void)offset;
	printf("terminate %u %llu\n", why, (unsigned long long)reason);
	exit(0);
}

/* ---- the rest of the shim ---- */

_Noreturn void keep_refuse(uint32_t reason)
{
	printf("refused %u\n", reason);
	exit(0);
}

struct span platform_keep(void)
{
	return platform_shim();
}

struct span platform_shim(void)
{
	/* With this program's own stack and data, which are the shim's here. */
	return (struct span){ 0x100000000000, 0x800000000000 };
}

bool memory_is_taken(uint64_t address, uint64_t length)
{
	(void)address, (void)length;
	return false;
}

long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	uint64_t code = (uint64_t)image + WORLD_CODE;

	(void)need;
	return address >= code && address + length <= code + world.code_length ? 0 : -14;
}
