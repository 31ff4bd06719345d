/* SPDX-License-Identifier: Apache-2.0 */
/* What every host call has in common: the request goes out, the answer comes in once and is looked at afterwards. */
#include "include/hostcall.h"

#define VERSION 1

void hostcall_begin(struct hostcall *call, uint32_t number)
{
	call->head = (struct hostcall_block){
		.version = VERSION,
		.number = number,
	};
}

static void send(struct hostcall *call, uint64_t in_length)
{
	call->sequence++;
	call->head.sequence = call->sequence;
	/* A host that enters without answering leaves a wrong number behind. */
	call->head.answered = call->sequence - 1;
	call->head.in_length = (uint32_t)in_length;
	/* The head is the shim's own memory: neither copy can fault. */
	(void)copy_out(call->block, &call->head, sizeof(call->head));
}

static int64_t receive(struct hostcall *call)
{
	(void)copy_in(&call->head, call->block, sizeof(call->head));
	if (call->head.answered != call->sequence)
		keep_refuse(REASON_HOST_ORDER);
	return (int64_t)call->head.result;
}

int64_t hostcall_exchange(struct hostcall *call, uint64_t in_length)
{
	send(call, in_length);
	hostcall_transfer(call);
	return receive(call);
}

int64_t hostcall_exchange_unlocked(struct hostcall *call, uint64_t in_length)
{
	struct hostcall_block head;
	int64_t result;

	send(call, in_length);
	hostcall_unlock();
	hostcall_transfer(call);
	result = receive(call);
	/* What comes with the answer stays in the data area, but its head is not safe from the wait for the lock. */
	head = call->head;
	hostcall_lock();
	call->head = head;
	return result;
}

long hostcall_error(const struct hostcall *call, int64_t result, const uint64_t allowed[static 3])
{
	const uint64_t most = 3 * 64 - 1;
	uint64_t number = 0 - (uint64_t)result;

	if (number > most)
		keep_refuse(REASON_HOST_RESULT);
	number = hostcall_mask(number, most);
	if ((allowed[number / 64] >> (number % 64) & 1) == 0)
		keep_refuse(REASON_HOST_RESULT);
	hostcall_wrote(call, 0);
	return -(long)number;
}

void hostcall_wrote(const struct hostcall *call, uint64_t expected)
{
	if (call->head.out_length != expected)
		keep_refuse(REASON_HOST_LENGTH);
}
