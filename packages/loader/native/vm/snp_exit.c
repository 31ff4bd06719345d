/* SPDX-License-Identifier: Apache-2.0 */
/* Exits of an SEV-SNP guest. What is done here with pages is what the guest has asked for, and nothing else (SECURITY.md, rule 15). */
#include <string.h>
#include "hostcall_host.h"
#include "snp.h"
#include "vm.h"

/* KVM_HC_MAP_GPA_RANGE: the third argument's bit 4 says whose the pages become. Linux 6.12, Documentation/virt/kvm/x86/hypercalls.rst. */
#define MAP_GPA_RANGE_ENCRYPTED (1ull << 4)
#define SYSTEM_EVENT_SEV_TERM 6

/* The GHCB MSR of a termination: the reason's set and its code. AMD 56421 rev 2.02, table 1. */
#define TERMINATE_SET(msr) ((uint32_t)((msr) >> 12) & 0xf)
#define TERMINATE_CODE(msr) ((uint32_t)((msr) >> 16) & 0xff)

void snp_memory_fault(struct keep_host *host, uint64_t gpa, bool private)
{
	end_trapped(host, CAUSE_MEMORY_FAULT, "guest physical address 0x%llx, seen as %s", (unsigned long long)gpa,
		    private ? "the guest's own" : "shared");
}

/* The reason is the shim's in set 0xd; where it was, is a hint. */
void snp_terminated(struct keep_host *host, const struct vcpu *vcpu, uint64_t ghcb_msr)
{
	const uint32_t set = TERMINATE_SET(ghcb_msr), code = TERMINATE_CODE(ghcb_msr);
	uint64_t words[2];
	memcpy(words, host->blocks + (VM_MAP_LAST_WORDS - VM_MAP_SHARED), sizeof words);
	if (set == GHCB_TERMINATE_SET)
		vm_refused(host, vcpu, code, words[0] == code ? words[1] : 0);
	else
		end_trapped(host, CAUSE_TERMINATED, "reason 0x%x of set 0x%x", code, set);
}

static bool map_gpa_range(struct keep_host *host, struct kvm_run *run)
{
	const uint64_t gpa = run->hypercall.args[0], pages = run->hypercall.args[1];
	const bool private = (run->hypercall.args[2] & MAP_GPA_RANGE_ENCRYPTED) != 0;
	const uint64_t offset = gpa - host->start.base;
	/* The guest's own pages alone; of the others none ever changes hands. */
	if (gpa < host->start.base || offset % PAGE != 0 || offset >= host->start.size || pages > (host->start.size - offset) / PAGE ||
	    !snp_map_range(host, gpa, pages * PAGE, private)) {
		snp_memory_fault(host, gpa, private);
		return false;
	}
	run->hypercall.ret = 0;
	return true;
}

bool snp_exit(struct keep_thread *thread, struct vcpu *vcpu, bool *handled)
{
	struct keep_host *host = thread->host;
	struct kvm_run *run = vcpu->run;
	*handled = true;
	if (is_simulated(host))
		return simulated_exit(thread, vcpu, handled);
	if (run->exit_reason == KVM_EXIT_HYPERCALL && run->hypercall.nr == HYPERCALL_MAP_GPA_RANGE)
		return map_gpa_range(host, run);
	if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT && run->system_event.type == SYSTEM_EVENT_SEV_TERM) {
		snp_terminated(host, vcpu, run->system_event.data[0]);
		return false;
	}
	*handled = false;
	return true;
}
