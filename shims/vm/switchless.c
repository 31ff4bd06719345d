/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that watches the block answers without an exit, which costs more than most answers do. What it writes says when to look, and
 * nothing else: the answer is copied once and checked as after an exit (../core/hostcall.c). One that says it watches and does not
 * costs time, which is the host's in any case.
 */
#include "include/switchless.h"
#include "../core/generated/hostcall_prompt.h"
#include "../core/generated/vm_map.h"
#include "../core/generated/vm_switchless.h"

/* About what an exit takes where KVM is software: 60 us, of which a PAUSE takes 0.02 to 0.06. */
#define LOOKS 1000

bool switchless_answered(const struct hostcall *call)
{
	static const uint64_t asked = SWITCHLESS_ASKED;
	struct vm_switchless *words =
		(struct vm_switchless *)((uint8_t *)call->block + (VM_MAP_SWITCHLESS - VM_MAP_SHARED));
	uint64_t watched = 0, state = 0;

	if (!hostcall_is_prompt(call->head.number))
		return false;
	(void)copy_in(&watched, &words->watched, sizeof(watched));
	if (watched == 0)
		return false;
	(void)copy_out(&words->state, &asked, sizeof(asked));
	for (int i = 0; i < LOOKS; i++) {
		(void)copy_in(&state, &words->state, sizeof(state));
		if (state == SWITCHLESS_ANSWERED)
			return true;
		__builtin_ia32_pause();
	}
	return false;
}
