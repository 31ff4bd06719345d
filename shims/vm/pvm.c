/* SPDX-License-Identifier: Apache-2.0 */
#include "include/kvm.h"
#include "include/pvm.h"
#include "include/trap.h"
#include "../core/include/fault.h"
#include "../core/include/platform.h"

uint32_t pvm_host;
uint64_t pvm_shim_root, pvm_exec_root;

static void go_on_at(struct vcpu *vcpu, uint64_t at, const uint8_t *entry)
{
	uint64_t *frame = (uint64_t *)((uint8_t *)vcpu + at);

	frame[0] = (uint64_t)entry;
	frame[1] = SELECTOR_USER_CODE;
	frame[2] = RFLAGS_FIXED;
	frame[3] = vcpu->stack;
	frame[4] = SELECTOR_USER_DATA;
}

void pvm_prepare(struct vcpu *vcpu)
{
	const struct vm_info *info = vm_info();

	kvm_check_mode();
	if (info->shim_table == 0)
		keep_refuse(REASON_KEEP_INFO);
	pvm_shim_root = keep_base() + info->shim_table;
	pvm_exec_root = keep_base() + info->root_table;
	go_on_at(vcpu, PVM_CALL_ENTRY, pvm_call_entry);
	go_on_at(vcpu, PVM_EXCEPTION_ENTRY, pvm_exception_entry);
	tables_load(vcpu);
}

/* With an address that IRET would fault on, the exec has jumped here, and stays where it is. */
void pvm_handle_call(struct trap_frame *frame)
{
	if (frame->rip >> 47 == 0) {
		trap_handle_call(frame);
		return;
	}
	frame->rip = (uint64_t)pvm_call + 1;
	frame->vector = FAULT_BP;
	trap_handle(frame, 0);
}
