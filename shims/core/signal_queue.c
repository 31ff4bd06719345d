/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that wait, and what their handlers will be told: one pool for all tasks. */
#include <stddef.h>
#include "include/linux.h"
#include "include/signal.h"

/* Faults of the task itself come before what others send, as in Linux. */
#define SYNCHRONOUS                                                                                              \
	(1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) | 1ull << (SIGTRAP - 1) | \
	 1ull << (SIGFPE - 1))

/* The part of a siginfo that a sender fills in; the rest of it is zero. */
struct queued_signal {
	struct queued_signal *next;
	int32_t number, error, code;
	bool is_used;
	uint64_t sender, value;
};

static struct queued_signal pool[SIGNALS_QUEUED];

static struct queued_signal *find_free(void)
{
	for (unsigned i = 0; i < SIGNALS_QUEUED; i++)
		if (!pool[i].is_used)
			return &pool[i];
	return NULL;
}

long signal_queue_add(struct signal_queue *queue, const struct siginfo *info)
{
	uint64_t bit = signal_bit((uint64_t)info->number);
	struct queued_signal **end = &queue->first, *entry;

	if (info->number < SIGRTMIN && (queue->set & bit))
		return 0;
	entry = find_free();
	/* Without room the signal comes all the same, but nobody is told who sent it; only sigqueue() hears of that. */
	if (entry == NULL && info->number >= SIGRTMIN && info->code != SI_USER)
		return -EAGAIN;
	queue->set |= bit;
	if (entry == NULL)
		return 0;
	*entry = (struct queued_signal){
		.number = info->number,
		.error = info->error,
		.code = info->code,
		.is_used = true,
		.sender = info->address,
		.value = info->sender.value,
	};
	while (*end != NULL)
		end = &(*end)->next;
	*end = entry;
	return 0;
}

/* Unlinks the oldest entry of a signal; NULL when none was kept. */
static struct queued_signal *unlink_oldest(struct signal_queue *queue, int32_t number)
{
	for (struct queued_signal **at = &queue->first; *at != NULL; at = &(*at)->next) {
		struct queued_signal *entry = *at;

		if (entry->number != number)
			continue;
		*at = entry->next;
		entry->is_used = false;
		return entry;
	}
	return NULL;
}

static bool has(const struct signal_queue *queue, int32_t number)
{
	for (const struct queued_signal *entry = queue->first; entry != NULL; entry = entry->next)
		if (entry->number == number)
			return true;
	return false;
}

uint64_t signal_queue_take(struct signal_queue *queue, uint64_t set, struct siginfo *info)
{
	const struct queued_signal *entry;
	uint64_t ready = queue->set & set;
	int32_t number;

	if (ready == 0)
		return 0;
	if (ready & SYNCHRONOUS)
		ready &= SYNCHRONOUS;
	number = __builtin_ctzll(ready) + 1;
	*info = (struct siginfo){ .number = number };
	entry = unlink_oldest(queue, number);
	if (entry != NULL) {
		info->error = entry->error;
		info->code = entry->code;
		info->address = entry->sender;
		info->sender.value = entry->value;
	}
	if (!has(queue, number))
		queue->set &= ~signal_bit((uint64_t)number);
	return (uint64_t)number;
}

void signal_queue_forget(struct signal_queue *queue, uint64_t set)
{
	struct siginfo info;

	while (signal_queue_take(queue, set, &info))
		;
}
