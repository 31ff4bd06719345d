/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/ghcb.h"
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/copy.h"
#include "../../core/include/platform.h"

/* The bit of GHCB.valid_low or, from 200h on, valid_high for a field. */
#define VALID(field) (1ull << (__builtin_offsetof(struct ghcb, field) / 8 % 64))

/* The GHCB MSR's low 12 bits, and what its answers have above. */
#define MSR_CODE(value) ((value) & 0xfff)
#define SEV_INFO_LEAST(value) ((value) >> 32 & 0xffff)
#define SEV_INFO_MOST(value) ((value) >> 48)
#define SEV_INFO_C_BIT(value) ((value) >> 24 & 0xff)

/* The fields that a call is made by, as they follow each other. */
struct words {
	uint64_t code, info1, info2, scratch;
};
_Static_assert(__builtin_offsetof(struct ghcb, sw_scratch) - __builtin_offsetof(struct ghcb, sw_exitcode) == 24, "words");

static struct ghcb *page_of(const struct vcpu *vcpu)
{
	return (struct ghcb *)ghcb_address(((uint64_t)vcpu - (uint64_t)vcpu_at(0)) / VM_MAP_VCPU_STRIDE);
}

static uint64_t ask(uint64_t request)
{
	write_msr(SEV_MSR_GHCB, request);
	snp_vmgexit();
	return read_msr(SEV_MSR_GHCB);
}

/* A host that has the C-bit elsewhere would have us give our pages to it. */
static bool is_good_host(uint64_t answer)
{
	return MSR_CODE(answer) == GHCB_MSR_SEV_INFO_ANSWER && SEV_INFO_LEAST(answer) <= GHCB_VERSION &&
	       SEV_INFO_MOST(answer) >= GHCB_VERSION &&
	       SEV_INFO_C_BIT(answer) == (uint64_t)__builtin_ctzll(vm_info()->encrypted);
}

void ghcb_start(struct vcpu *vcpu)
{
	uint64_t address = (uint64_t)page_of(vcpu), answer;

	if (!is_good_host(ask(GHCB_MSR_SEV_INFO)))
		keep_refuse(REASON_GHCB);
	answer = ask(GHCB_MSR_FEATURES);
	if (MSR_CODE(answer) != GHCB_MSR_FEATURES_ANSWER || !(answer >> 12 & GHCB_FEATURE_SNP))
		keep_refuse(REASON_GHCB);
	if (ask(address | GHCB_MSR_REGISTER) != (address | GHCB_MSR_REGISTER_ANSWER))
		keep_refuse(REASON_GHCB);
	write_msr(SEV_MSR_GHCB, address);
}

static void put(void *to, const void *from, size_t length)
{
	(void)copy_out(to, from, length); /* from the shim's own memory: no fault */
}

static void get(void *to, const void *from, size_t length)
{
	(void)copy_in(to, from, length);
}

static void send(struct ghcb *page, const struct ghcb_call *call)
{
	const struct words words = { call->code, call->info1, call->info2, call->scratch };
	const uint64_t registers[2] = { call->rcx, call->rdx };
	/* What the host has to give is not marked: only its own mark counts. */
	const uint64_t valid[2] = {
		call->wanted & GHCB_RAX ? 0 : VALID(rax),
		VALID(sw_exitcode) | VALID(sw_exitinfo1) | VALID(sw_exitinfo2) |
			(call->wanted & GHCB_RCX ? 0 : VALID(rcx)) | (call->wanted & GHCB_RDX ? 0 : VALID(rdx)) |
			(call->scratch != 0 ? VALID(sw_scratch) : 0),
	};
	const uint64_t last = (uint64_t)GHCB_VERSION << 16; /* reserved, the version, and usage 0 */

	put(&page->rax, &call->rax, sizeof(call->rax));
	put(&page->rcx, registers, sizeof(registers));
	put(&page->sw_exitcode, &words, sizeof(words));
	put(&page->valid_low, valid, sizeof(valid));
	put((uint8_t *)page + PAGE_SIZE - sizeof(last), &last, sizeof(last));
}

/* An exception that the host wants to be injected (SW_EXITINFO1 of 1) is none that the shim has made. */
static void receive(const struct ghcb *page, struct ghcb_call *call)
{
	struct words words;
	uint64_t valid[2], registers[2];

	get(&words, &page->sw_exitcode, sizeof(words));
	get(valid, &page->valid_low, sizeof(valid));
	get(&call->rax, &page->rax, sizeof(call->rax));
	get(registers, &page->rcx, sizeof(registers));
	if ((uint32_t)words.info1 != 0 || ((call->wanted & GHCB_RAX) && !(valid[0] & VALID(rax))) ||
	    ((call->wanted & GHCB_RCX) && !(valid[1] & VALID(rcx))) || ((call->wanted & GHCB_RDX) && !(valid[1] & VALID(rdx))))
		keep_refuse(REASON_GHCB);
	call->info2 = words.info2;
	call->rcx = registers[0];
	call->rdx = registers[1];
}

void ghcb_call(struct vcpu *vcpu, struct ghcb_call *call)
{
	struct ghcb *page = page_of(vcpu);

	send(page, call);
	snp_vmgexit();
	receive(page, call);
}

void ghcb_out(struct vcpu *vcpu, uint32_t why)
{
	struct ghcb_call call = {
		.code = GHCB_EXIT_IOIO,
		.info1 = (uint64_t)VM_MAP_PORT << GHCB_IOIO_PORT_SHIFT | GHCB_IOIO_OUT_32,
		.rax = why,
	};

	ghcb_call(vcpu, &call);
}

void snp_leave(uint32_t why, uint64_t rsi, uint64_t rdx)
{
	const uint64_t words[2] = { rsi, rdx };

	if (why == EXIT_WHY_REFUSED)
		snp_terminate(why, rsi, rdx);
	put((void *)VM_MAP_LAST_WORDS, words, sizeof(words));
	for (;;)
		ghcb_out(vcpu_self(), why);
}
