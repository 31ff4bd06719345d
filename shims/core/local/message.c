/* SPDX-License-Identifier: Apache-2.0 */
/* Queues of messages, and the open files that are under way in them. */
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/local_socket.h"

/* What Linux says of who it was when nobody asked at the time. */
#define OVERFLOW_ID 65534

static uint32_t in_flight;

/* Messages that nobody will receive. To close their files may end sockets that have more of them: not one within the other. */
static struct local_message *dead;
static bool dropping;

uint32_t local_in_flight(void)
{
	return in_flight;
}

static void account(const struct local_rights *rights, uint32_t by)
{
	for (uint32_t i = 0; i < rights->count; i++) {
		in_flight += by;
		if (rights->files[i]->kind == FILE_LOCAL)
			rights->files[i]->local->in_flight += by;
	}
}

struct local_rights *local_rights_copy(const struct local_rights *rights)
{
	struct local_rights *copy = heap_get(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *rights;
	for (uint32_t i = 0; i < copy->count; i++)
		(void)file_hold(copy->files[i]);
	return copy;
}

void local_rights_drop(struct local_rights *rights)
{
	if (!rights)
		return;
	for (uint32_t i = 0; i < rights->count; i++)
		(void)file_drop(rights->files[i]);
	heap_put(rights, sizeof(*rights));
}

struct local_rights *local_rights_take(struct local_message *message)
{
	struct local_rights *rights = message->rights;

	message->rights = NULL;
	if (rights)
		account(rights, -1u);
	return rights;
}

/* More than one process can have open cannot be under way either; what nobody can receive does not count. */
static bool has_room(const struct local_rights *rights)
{
	if (in_flight + rights->count > FILES_MOST)
		local_collect();
	return in_flight + rights->count <= FILES_MOST;
}

long local_message_make(struct local *sender, struct run *from, uint64_t count, struct local_extra *extra,
			struct local_message **to)
{
	uint64_t size = sizeof(struct local_message) + count + (extra->rights ? sizeof(*extra->rights) : 0);
	struct local_message *message;
	long error;

	if (extra->rights && !has_room(extra->rights))
		return -ETOOMANYREFS;
	message = heap_get(sizeof(*message) + count);
	if (!message)
		return -ENOBUFS;
	error = run_get(from, message->bytes, count);
	if (error) {
		heap_put(message, sizeof(*message) + count);
		return error;
	}
	message->size = size;
	message->end = count;
	message->name = sender->name;
	if (message->name)
		message->name->references++;
	message->rights = extra->rights;
	extra->rights = NULL;
	if (message->rights)
		account(message->rights, 1);
	message->sender = extra->has_sender ? extra->sender : (struct ucred){ 0, OVERFLOW_ID, OVERFLOW_ID };
	*to = message;
	return 0;
}

void local_message_put(struct local *local, struct local_message *message)
{
	if (local->last)
		local->last->next = message;
	else
		local->first = message;
	local->last = message;
	local->used += message->size;
	local->edges.in++;
	wait_changed();
}

static void drop_dead(void)
{
	bool lost = false;

	if (dropping)
		return;
	dropping = true;
	while (dead) {
		struct local_message *message = dead;
		struct local_rights *rights = local_rights_take(message);

		lost = lost || rights;
		dead = message->next;
		local_rights_drop(rights);
		local_name_drop(message->name);
		heap_put(message, sizeof(*message) + message->end);
	}
	dropping = false;
	if (lost)
		local_collect();
}

/* Senders may go on. Of datagrams they can be many. */
static void tell_senders(struct local *local)
{
	if (local->peer)
		local->peer->edges.out++;
	if (local_is_datagram(local))
		for (struct local *other = local_first(); other; other = other->next)
			other->edges.out += other->peer == local;
	wait_changed();
}

static void unlink_first(struct local *local)
{
	struct local_message *message = local->first;

	local->first = message->next;
	if (!local->first)
		local->last = NULL;
	local->used -= message->size;
	message->next = dead;
	dead = message;
}

void local_message_drop_first(struct local *local)
{
	unlink_first(local);
	tell_senders(local);
	drop_dead();
}

void local_message_drop_all(struct local *local)
{
	while (local->first)
		unlink_first(local);
	tell_senders(local);
	drop_dead();
}

void local_drop_extra(struct local_extra *extra)
{
	local_rights_drop(extra->rights);
}

void local_drop_got(struct local_got *got)
{
	local_rights_drop(got->rights);
	local_name_drop(got->name);
}
