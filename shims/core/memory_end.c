/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a program whose Keep goes on: execve(). */
#include "include/memory.h"
#include "include/memory_state.h"

void memory_stop_code(void)
{
	uint64_t end = address_of(memory.ledger.pages), part;
	uint8_t state;

	for (uint64_t at = memory.ledger.base; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if ((state & PAGE_MAPPED) && (state & PERM_X))
			memory_permit(at, part, state, state & PERM_R);
	}
}

void memory_forget(void)
{
	(void)memory_unmap(memory.ledger.base, memory.ledger.pages);
	memory.brk = memory.brk_start;
}
