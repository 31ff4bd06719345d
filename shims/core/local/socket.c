/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets from socket() to close(), and what poll() says of them. */
#include "../include/heap.h"
#include "../include/local_socket.h"
#include "../include/user.h"

#define SIOCOUTQ 0x5411
#define NOBODY UINT32_MAX

static struct local *all;

struct local *local_first(void)
{
	return all;
}

struct local *local_new(uint32_t type)
{
	struct local *local = heap_get(sizeof(*local));

	if (!local)
		return NULL;
	local->references = 1;
	local->type = type;
	local->peek_at = -1;
	local->send_bytes = local->receive_bytes = LOCAL_SEND_BYTES;
	local->peer_credentials = (struct ucred){ 0, NOBODY, NOBODY };
	local->next = all;
	if (all)
		all->previous = local;
	all = local;
	return local;
}

struct local *local_hold(struct local *local)
{
	local->references++;
	return local;
}

void local_put(struct local *local)
{
	if (--local->references != 0)
		return;
	local_name_drop(local->name);
	heap_put(local, sizeof(*local));
}

struct file *local_open(uint32_t type, uint32_t flags)
{
	struct file *file = file_new(FILE_LOCAL, flags | O_RDWR);

	if (!file)
		return NULL;
	file->local = local_new(type);
	if (!file->local) {
		(void)file_drop(file);
		return NULL;
	}
	file->local->file = file;
	return file;
}

void local_pair(struct file *one, struct file *two)
{
	one->local->peer = local_hold(two->local);
	two->local->peer = local_hold(one->local);
	one->local->peer_credentials = two->local->peer_credentials = local_self;
	if (!local_is_datagram(one->local))
		one->local->state = two->local->state = LOCAL_CONNECTED;
}

void local_changed(struct local *local)
{
	local->edges.in++;
	local->edges.out++;
	wait_changed();
}

static void leave(struct local *local)
{
	if (local->next)
		local->next->previous = local->previous;
	if (local->previous)
		local->previous->next = local->next;
	else
		all = local->next;
}

void local_release(struct local *local)
{
	struct local *peer = local->peer;
	bool unread = local->first || !local->file;

	leave(local);
	local->dead = true;
	local->file = NULL;
	local->peer = NULL;
	local->shut = LOCAL_SHUT_BOTH;
	while (local->waiting) {
		struct local *next = local->waiting->next_waiting;

		local_release(local->waiting);
		local->waiting = next;
	}
	if (peer && !local_is_datagram(local)) {
		peer->shut = LOCAL_SHUT_BOTH;
		if (unread)
			peer->error = ECONNRESET;
	}
	if (peer) {
		local_changed(peer);
		local_put(peer);
	}
	local_message_drop_all(local);
	wait_changed();
	local_put(local);
}

void local_close(struct file *file)
{
	if (file->local)
		local_release(file->local);
	local_collect();
}

void local_left(const struct file *file)
{
	if (file->references == file->local->in_flight)
		local_collect();
}

long local_shutdown(struct file *file, uint32_t how)
{
	struct local *local = file->local, *peer = local->peer;
	uint32_t shut = how + 1, opposite = (shut & LOCAL_SHUT_READ ? LOCAL_SHUT_WRITE : 0) |
					    (shut & LOCAL_SHUT_WRITE ? LOCAL_SHUT_READ : 0);

	if (how > SHUT_RDWR)
		return -EINVAL;
	local->shut |= shut;
	local_changed(local);
	if (peer && !local_is_datagram(local)) {
		peer->shut |= opposite;
		local_changed(peer);
	}
	return 0;
}

/* Whether there is room enough that a writer is told of it: as Linux, which wakes nobody for a little. */
static bool is_writable(const struct local *local)
{
	const struct local *peer = local->peer;

	return local->state != LOCAL_LISTENING && (!peer || peer->used * 4 <= local->send_bytes);
}

uint32_t local_ready(const struct file *file)
{
	const struct local *local = file->local;
	uint32_t ready = 0;

	if (local->error)
		ready |= POLLERR;
	if (local->shut == LOCAL_SHUT_BOTH || (!local_is_datagram(local) && local->state == LOCAL_CLOSED))
		ready |= POLLHUP;
	if (local->shut & LOCAL_SHUT_READ)
		ready |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (local->first || local->waiting)
		ready |= POLLIN | POLLRDNORM;
	if (is_writable(local))
		ready |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return ready;
}

struct edges local_edges(const struct file *file)
{
	return file->local->edges;
}

long local_control(const struct file *file, uint64_t request, uint64_t to)
{
	const struct local *local = file->local;
	int32_t count = 0;

	switch (request) {
	case FIONREAD:
		if (local->state == LOCAL_LISTENING)
			return -EINVAL;
		for (const struct local_message *message = local->first; message; message = message->next) {
			count += (int32_t)(message->end - message->at);
			if (local_is_datagram(local))
				break;
		}
		break;
	case SIOCOUTQ:
		count = local->peer ? (int32_t)local->peer->used : 0;
		break;
	default:
		return -ENOTTY;
	}
	return user_put(to, &count, sizeof(count));
}
