/* SPDX-License-Identifier: Apache-2.0 */
/* VMGEXIT of a simulated guest, as KVM answers it (Linux 6.12, arch/x86/kvm/svm/sev.c, sev_handle_vmgexit). AMD 56421 rev 2.02. */
#include <string.h>
#include "hostcall_host.h"
#include "vm.h"

#define MSR_CODE 0xfffull
#define VERSION_LEAST 1ull
#define PAGE_STATE_PAGE 0xffffffffff000ull
#define PAGE_STATE_ERROR (0x100ull << 32) /* SW_EXITINFO2: the request failed */
#define INFO1_MALFORMED 2ull

static bool answer_msr(struct keep_host *host, struct vcpu *vcpu)
{
	const uint64_t msr = vcpu->ghcb_msr;
	switch (msr & MSR_CODE) {
	case GHCB_MSR_SEV_INFO:
		vcpu->ghcb_msr = (uint64_t)GHCB_VERSION << 48 | VERSION_LEAST << 32 | (uint64_t)C_BIT << 24 | GHCB_MSR_SEV_INFO_ANSWER;
		return true;
	case GHCB_MSR_FEATURES:
		vcpu->ghcb_msr = (uint64_t)GHCB_FEATURE_SNP << 12 | GHCB_MSR_FEATURES_ANSWER;
		return true;
	case GHCB_MSR_REGISTER:
		vcpu->ghcb_msr = (msr & ~MSR_CODE) | GHCB_MSR_REGISTER_ANSWER;
		return true;
	case GHCB_MSR_TERMINATE:
		snp_terminated(host, vcpu, msr);
		return false;
	default:
		end_trapped(host, CAUSE_VM_EXIT, "VMGEXIT, GHCB MSR 0x%llx", (unsigned long long)msr);
		return false;
	}
}

/* A page that both sides see, or NULL. */
static uint8_t *shared_page(uint64_t gpa)
{
	const uint64_t offset = gpa - VM_MAP_GHCB;
	return gpa >= VM_MAP_GHCB && gpa % PAGE == 0 && offset < snp.shared_size ? snp.shared + offset : NULL;
}

/* How far it came is written back, entry by entry, as KVM does. Another vCPU can write to the page meanwhile: each word is read once. */
static uint64_t change_pages(struct keep_host *host, struct ghcb *ghcb)
{
	struct page_state_header *header = (struct page_state_header *)ghcb->shared_buffer;
	const uint64_t *entries = (const uint64_t *)(header + 1);
	const uint16_t first = __atomic_load_n(&header->current, __ATOMIC_RELAXED), last = __atomic_load_n(&header->last, __ATOMIC_RELAXED);
	if (last >= PAGE_STATE_ENTRIES)
		return PAGE_STATE_ERROR;
	for (uint16_t at = first; at <= last; at++) {
		const uint64_t entry = __atomic_load_n(&entries[at], __ATOMIC_RELAXED), gpa = entry & PAGE_STATE_PAGE;
		const uint64_t operation = entry >> PAGE_STATE_OPERATION_SHIFT & 0xf;
		const uint64_t length = (entry >> PAGE_STATE_LARGE_SHIFT & 1) != 0 ? 512 * PAGE : PAGE;
		if ((operation != PAGE_STATE_PRIVATE && operation != PAGE_STATE_SHARED) || gpa % length != 0 ||
		    !snp_map_range(host, gpa, length, operation == PAGE_STATE_PRIVATE))
			return PAGE_STATE_ERROR;
		header->current = (uint16_t)(at + 1);
	}
	return 0;
}

/* The firmware's status below the host's own. False for pages that are not shared. */
static bool guest_request(struct keep_host *host, struct ghcb *ghcb)
{
	const uint8_t *request = shared_page(ghcb->sw_exitinfo1);
	uint8_t *answer = shared_page(ghcb->sw_exitinfo2);
	uint32_t host_status = 0;
	if (request == NULL || answer == NULL || request == answer)
		return false;
	host->guest_requests++;
	uint32_t status = firmware_request(&snp.software.firmware, request, answer);
#ifdef MOTTE_HOSTILE
	hostile_answer(host, answer, &status, &host_status);
#endif
	ghcb->sw_exitinfo2 = (uint64_t)host_status << 32 | status;
	return true;
}

bool simulated_vmgexit(struct keep_thread *thread, struct vcpu *vcpu)
{
	struct keep_host *host = thread->host;
	const uint64_t port = ((uint64_t)VM_MAP_PORT << GHCB_IOIO_PORT_SHIFT) | GHCB_IOIO_OUT_32;
	if ((vcpu->ghcb_msr & MSR_CODE) != 0)
		return answer_msr(host, vcpu);
	struct ghcb *ghcb = (struct ghcb *)shared_page(vcpu->ghcb_msr);
	if (ghcb == NULL) {
		end_trapped(host, CAUSE_VM_EXIT, "VMGEXIT, GHCB at 0x%llx", (unsigned long long)vcpu->ghcb_msr);
		return false;
	}
	const uint64_t info1 = ghcb->sw_exitinfo1;
	ghcb->sw_exitinfo1 = 0;
	switch (ghcb->sw_exitcode) {
	case GHCB_EXIT_IOIO:
		if (info1 != port)
			break;
		ghcb->sw_exitinfo2 = 0;
		return vm_left(thread, vcpu, (uint32_t)ghcb->rax);
	case GHCB_EXIT_PAGE_STATE:
		ghcb->sw_exitinfo2 = change_pages(host, ghcb);
		return true;
	case GHCB_EXIT_GUEST_REQUEST:
		ghcb->sw_exitinfo1 = info1;
		if (!guest_request(host, ghcb))
			break;
		ghcb->sw_exitinfo1 = 0;
		return true;
	}
	ghcb->sw_exitinfo1 = INFO1_MALFORMED;
	return true;
}
