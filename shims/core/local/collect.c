/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket can be sent through itself, or two through each other, and then be closed: references are left that nobody can
 * ever come by. What can be come by is found from the sockets that somebody has open besides; the messages of the others
 * are dropped, and with them their last references.
 */
#include "../include/local_socket.h"

/* Whether something else than messages has it. One that nobody has accepted is its listener's. */
static bool is_root(const struct local *local)
{
	return local->file && local->file->references > local->in_flight;
}

static void scan(const struct local *local)
{
	for (struct local *end = local->waiting; end; end = end->next_waiting)
		end->reached = true;
	for (const struct local_message *message = local->first; message; message = message->next)
		for (uint32_t i = 0; message->rights && i < message->rights->count; i++)
			if (message->rights->files[i]->kind == FILE_LOCAL)
				message->rights->files[i]->local->reached = true;
}

static void find_reached(void)
{
	bool more;

	for (struct local *local = local_first(); local; local = local->next) {
		local->reached = is_root(local);
		local->scanned = false;
	}
	do {
		more = false;
		for (struct local *local = local_first(); local; local = local->next) {
			if (!local->reached || local->scanned)
				continue;
			local->scanned = more = true;
			scan(local);
		}
	} while (more);
}

static struct local *find_lost(void)
{
	struct local *local = local_first();

	while (local && (local->reached || !local->first))
		local = local->next;
	return local;
}

void local_collect(void)
{
	static bool collecting;
	struct local *lost;

	if (collecting || !local_in_flight())
		return;
	collecting = true;
	/* Each drop may end others of them, and the list is another one then. */
	for (;;) {
		find_reached();
		lost = find_lost();
		if (!lost)
			break;
		(void)local_hold(lost);
		local_message_drop_all(lost);
		local_put(lost);
	}
	collecting = false;
}
