/* SPDX-License-Identifier: Apache-2.0 */
/* A host that lies, for tests: in motte-helper-hostile alone. Each LIE of START says at which host call and how. */
#include <string.h>
#include <sys/syscall.h>
#include "helper.h"
#include "vm/vm.h"

#ifdef MOTTE_HOSTILE

#define HELD_MOST 256

static uint64_t seen(const struct keep_host *host, uint32_t number)
{
	if (number == GHCB_EXIT_GUEST_REQUEST)
		return host->guest_requests;
	if (number < CALL_NUMBERS)
		return host->calls[number];
	return number - PLATFORM_CALLS < PLATFORM_NUMBERS ? host->platform_calls[number - PLATFORM_CALLS] : 0;
}

static bool is_due(const struct keep_host *host, const struct lie *lie, uint32_t number)
{
	return lie->number == number && (lie->nth == 0 || lie->nth == seen(host, number));
}

/* The lie of a kind for this call, which has been counted already; NULL for the truth. */
static const struct lie *lie_of(const struct keep_host *host, uint32_t number, uint32_t kind)
{
	for (uint32_t i = 0; i < host->start.lie_count; i++) {
		const struct lie *lie = &host->lies[i];
		if (lie->kind == kind && is_due(host, lie, number))
			return lie;
	}
	return NULL;
}

/* EREMOVE without the Keep's leave, then EAUG: a page of zeros where the Keep had its own. */
static void replace_page(uint64_t offset)
{
	if (offset >= enclave.size)
		return;
	if (enclave.epcm == NULL) {
		memset(enclave.memory + (offset & ~(PAGE - 1)), 0, PAGE); /* plain KVM: nothing notices */
		return;
	}
	enclave_lock();
	struct epcm_entry *entry = &enclave.epcm[offset / PAGE];
	memset(enclave.memory + (offset & ~(PAGE - 1)), 0, PAGE);
	entry->flags = 0;
	enclave.stats.pages--;
	driver_eaug(entry);
	epc_apply(offset & ~(PAGE - 1), PAGE);
	enclave_unlock();
}

/* Simulated SNP: the page is the host's, or the guest's and not validated; whatever it had, is gone. */
static void remap_page(struct keep_host *host, uint64_t offset, bool private)
{
	const uint64_t at = offset & ~(PAGE - 1ull);
	if (!is_simulated(host) || at >= host->start.size)
		return;
	*rmp_entry(&snp.software.firmware, host->start.base + at) = private ? RMP_PRIVATE : RMP_SHARED;
	memset(host->base + at, 0, PAGE);
	simulated_protect(host, at, PAGE);
	if (!private)
		(void)vm_cut(1ull << C_BIT | (host->start.base + at));
}

/* Pages that nobody measures, as the host would like them. */
void hostile_pages(struct keep_host *host, uint32_t kind, uint8_t *page)
{
	struct cpuid_page *head = (struct cpuid_page *)page;
	struct cpuid_row *rows = (struct cpuid_row *)(head + 1);
	for (uint32_t i = 0; i < host->start.lie_count; i++) {
		const struct lie *lie = &host->lies[i];
		if (lie->kind == kind && kind == LIE_SECRETS)
			page[lie->at % PAGE] ^= (uint8_t)lie->value;
		for (uint32_t row = 0; lie->kind == kind && kind == LIE_CPUID && row < head->count; row++)
			if (rows[row].leaf == lie->at)
				(&rows[row].eax)[lie->size & 3] &= (uint32_t)lie->value;
	}
}

/* What comes of a guest request that the firmware has answered. */
bool hostile_answer(struct keep_host *host, uint8_t *answer, uint32_t *status, uint32_t *host_status)
{
	static uint8_t before[PAGE], kept[PAGE];
	const struct lie *lie = lie_of(host, GHCB_EXIT_GUEST_REQUEST, LIE_ANSWER);
	memcpy(before, kept, PAGE);
	memcpy(kept, answer, PAGE);
	if (lie == NULL)
		return false;
	switch (lie->value) {
	case LIE_ANSWER_REPLAYED:
		memcpy(answer, before, PAGE);
		break;
	case LIE_ANSWER_SPOILED:
		answer[sizeof(struct guest_message) + 100] ^= 1;
		break;
	case LIE_ANSWER_MISSING:
		memset(answer, 0, PAGE);
		break;
	case LIE_ANSWER_FAILED:
		*status = FIRMWARE_INVALID_PARAM;
		break;
	default:
		*host_status = GUEST_REQUEST_BUSY;
	}
	return true;
}

/* Threads that are held back: until a call was made so often. */
static struct {
	uint32_t number;
	uint64_t until;
} held[HELD_MOST];

static void hold(const struct keep_host *host, const struct lie *lie)
{
	if (lie->at >= HELD_MOST)
		return;
	held[lie->at].until = seen(host, (uint32_t)lie->value) + lie->size;
	held[lie->at].number = (uint32_t)lie->value;
}

/* Before a thread enters, wherever it left. */
void hostile_gate(const struct keep_thread *thread)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	while (thread->index < HELD_MOST && seen(thread->host, held[thread->index].number) < held[thread->index].until &&
	       !enclave.stop)
		sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&nap, 0);
}

/* True if the call stays unserved. */
bool hostile_unserved(struct keep_host *host, struct hostcall_block *block)
{
	const struct lie *lie = lie_of(host, block->number, LIE_WITHHELD);
	if (lie != NULL) {
		block->result = lie->value;
		block->out_length = 0;
		block->answered = block->sequence;
		return true;
	}
	return lie_of(host, block->number, LIE_UNSERVED) != NULL;
}

/* Spoils the answer; returns what the Keep is entered with. */
uint32_t hostile_after(struct keep_host *host, struct hostcall_block *block)
{
	const uint32_t number = block->number;
	const struct lie *lie;
	if ((lie = lie_of(host, number, LIE_RESULT)) != NULL)
		block->result = lie->value;
	if ((lie = lie_of(host, number, LIE_OUT_LENGTH)) != NULL)
		block->out_length = (uint32_t)lie->value;
	if ((lie = lie_of(host, number, LIE_ANSWERED)) != NULL)
		block->answered = (uint32_t)lie->value;
	if ((lie = lie_of(host, number, LIE_DATA)) != NULL)
		memset((uint8_t *)block + HOSTCALL_DATA_OFFSET, (int)lie->value, HOSTCALL_DATA_SIZE);
	for (uint32_t i = 0; i < host->start.lie_count; i++) {
		lie = &host->lies[i];
		if (lie->kind == LIE_WRITE && is_due(host, lie, number) && lie->size <= sizeof lie->value &&
		    lie->at <= HOSTCALL_BLOCK_SIZE - sizeof lie->value)
			memcpy((uint8_t *)block + lie->at, &lie->value, lie->size);
		if (lie->kind == LIE_BLOCK && is_due(host, lie, number) && lie->at < host->start.tcs_count)
			host->threads[lie->at].block = (lie->size == 1 ? host->base : host->blocks) + lie->value;
		if (lie->kind == LIE_HOLD && is_due(host, lie, number))
			hold(host, lie);
	}
	if ((lie = lie_of(host, number, LIE_REPLACE_PAGE)) != NULL)
		replace_page(lie->value);
	if ((lie = lie_of(host, number, LIE_REMAP)) != NULL)
		remap_page(host, lie->value, lie->at == 1);
	if ((lie = lie_of(host, number, LIE_VALIDATED)) != NULL && is_simulated(host) && lie->value < host->start.size)
		*rmp_entry(&snp.software.firmware, host->start.base + (lie->value & ~(PAGE - 1ull))) = RMP_VALID;
	if ((lie = lie_of(host, number, LIE_THREAD)) != NULL && lie->at < host->start.tcs_count && lie->value < host->start.tcs_count) {
		host->threads[lie->at].enters = host->tcs != NULL ? host->tcs[lie->value] : lie->value;
		threads_ask(host, (uint32_t)lie->at);
	}
	if ((lie = lie_of(host, number, LIE_RETYPE)) != NULL) {
		struct sgx_enclave_modify_types argument = {.offset = lie->value, .length = PAGE, .page_type = lie->at};
		(void)driver_modify_types(&argument);
	}
	if ((lie = lie_of(host, number, LIE_PLACE)) != NULL && host->tcs != NULL && lie->at < host->start.tcs_count &&
	    lie->value < host->start.size) {
		host->threads[lie->at].enters = lie->value;
		threads_ask(host, (uint32_t)lie->at);
		while (lie->size == 1 && __atomic_load_n(&host->threads[lie->at].state, __ATOMIC_ACQUIRE) == THREAD_RUNS && !enclave.stop)
			sys(SYS_sched_yield, 0, 0, 0, 0);
	}
	if ((lie = lie_of(host, number, LIE_EVENT)) != NULL)
		hostile_event(lie);
	if (lie_of(host, number, LIE_WAKE) != NULL)
		for (uint32_t i = 0; i < host->start.tcs_count; i++)
			threads_wake(host, i);
	if (lie_of(host, number, LIE_ENTER) != NULL)
		host->enter_again = true;
	return lie_of(host, number, LIE_RESUME) != NULL ? ENCLU_ERESUME : ENCLU_EENTER;
}

#endif
