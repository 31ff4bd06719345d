/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of nodes. Asking the host for the time at each write would cost more than the write. So a change only notes that
 * a time is due, and all that are due become the time of the next look at the clock, be it clock_gettime() of the
 * application or stat() of a node that has one due. Nobody within the Keep can tell the difference: who wants to know
 * whether a time is late must look at the clock first.
 */
#include "../include/clock.h"
#include "../include/fs_node.h"

static struct fs_node *first;

static void unlist(struct fs_node *node)
{
	struct fs_stamps *stamps = &node->stamps;

	if (stamps->previous)
		stamps->previous->stamps.next = stamps->next;
	else
		first = stamps->next;
	if (stamps->next)
		stamps->next->stamps.previous = stamps->previous;
	stamps->next = stamps->previous = NULL;
	stamps->due = 0;
}

void stamp_now(struct fs_node *node, uint32_t which)
{
	if (!node->stamps.due) {
		node->stamps.next = first;
		if (first)
			first->stamps.previous = node;
		first = node;
	}
	node->stamps.due |= which;
}

void fs_written(struct fs_node *node)
{
	stamp_now(node, STAMP_WRITE);
}

void stamp_set(struct fs_node *node, enum fs_stamp which, const struct timespec *time)
{
	node->stamps.time[which] = *time;
	if (node->stamps.due == 1u << which)
		unlist(node);
	else
		node->stamps.due &= ~(1u << which);
}

void fs_time(const struct timespec *now)
{
	while (first) {
		for (int i = 0; i < FS_STAMPS; i++)
			if (first->stamps.due & 1u << i)
				first->stamps.time[i] = *now;
		unlist(first);
	}
}

void stamp_settle(struct fs_node *node)
{
	struct timespec now;

	/* clock_read() calls fs_time(). */
	if (node->stamps.due)
		(void)clock_read(CLOCK_REALTIME, &now);
}

void stamp_forget(struct fs_node *node)
{
	if (node->stamps.due)
		unlist(node);
}
