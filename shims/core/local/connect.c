/* SPDX-License-Identifier: Apache-2.0 */
/* connect(), listen(), accept(). A connection is whole when connect() returns; accept() gives it a descriptor. */
#include "../include/local_socket.h"
#include "../include/user.h"

/* net.core.somaxconn */
#define BACKLOG_MOST 4096

long local_listen(struct file *file, uint32_t backlog)
{
	struct local *local = file->local;

	if (local_is_datagram(local))
		return -EOPNOTSUPP;
	if (!local->name || local->state == LOCAL_CONNECTED)
		return -EINVAL;
	local->backlog = backlog < BACKLOG_MOST ? backlog : BACKLOG_MOST;
	local->state = LOCAL_LISTENING;
	local->peer_credentials = local_self;
	local_changed(local);
	return 0;
}

/* What was sent to it by others is gone, as everything is from a peer that it has left. */
static void set_peer(struct local *local, struct local *peer)
{
	struct local *old = local->peer;

	if (old == peer)
		return;
	local->peer = peer ? local_hold(peer) : NULL;
	if (!old)
		return;
	local_message_drop_all(local);
	if (old->peer == local && !old->dead)
		old->error = ECONNRESET;
	local_changed(old);
	local_put(old);
}

static bool is_unspecified(uint64_t from, uint64_t length)
{
	uint16_t family;

	return length >= sizeof(family) && !user_get(&family, from, sizeof(family)) && family == AF_UNSPEC;
}

static long connect_datagrams(struct local *local, uint64_t from, uint64_t length)
{
	struct local *other = NULL;
	long error = 0;

	if (!is_unspecified(from, length)) {
		error = local_find(local->type, from, length, &other);
		if (!error && local->pass_sender)
			error = local_bind_any(local);
		if (!error && other->peer && other->peer != local)
			error = -EPERM;
	}
	if (error)
		return error;
	set_peer(local, other);
	local->peer_credentials = other ? local_self : (struct ucred){ 0, UINT32_MAX, UINT32_MAX };
	local_changed(local);
	return 0;
}

/* The other end of a connection, at the end of those that wait to be accepted. */
static long enter(struct local *local, struct local *listener)
{
	struct local *end = local_new(local->type), **last = &listener->waiting;

	if (!end)
		return -ENOMEM;
	end->state = local->state = LOCAL_CONNECTED;
	end->name = listener->name;
	end->name->references++;
	end->pass_sender = listener->pass_sender;
	end->peer_credentials = local_self;
	local->peer_credentials = listener->peer_credentials;
	end->peer = local_hold(local);
	local->peer = local_hold(end);
	while (*last)
		last = &(*last)->next_waiting;
	*last = end;
	listener->waiting_count++;
	local_changed(local);
	local_changed(listener);
	return 0;
}

long local_connect(struct file *file, uint64_t from, uint64_t length)
{
	struct local *local = file->local, *listener;
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&local->send_time, &until);
	long error;

	if (local_is_datagram(local))
		return connect_datagrams(local, from, length);
	for (;;) {
		error = local_find(local->type, from, length, &listener);
		if (!error && local->pass_sender)
			error = local_bind_any(local);
		if (error)
			return error;
		if (listener->state != LOCAL_LISTENING || (listener->shut & LOCAL_SHUT_READ))
			return -ECONNREFUSED;
		if (local->state != LOCAL_CLOSED)
			return local->state == LOCAL_CONNECTED ? -EISCONN : -EINVAL;
		if (listener->waiting_count <= listener->backlog)
			return enter(local, listener);
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		error = socket_waited(wait_event(NULL, 0, deadline));
		if (error)
			return error;
	}
}

/* A connection that waits gets an open file. */
static long take(struct local *listener, struct file **accepted)
{
	struct local *end = listener->waiting;

	*accepted = file_new(FILE_LOCAL, O_RDWR);
	if (!*accepted)
		return -ENOMEM;
	listener->waiting = end->next_waiting;
	listener->waiting_count--;
	end->next_waiting = NULL;
	end->file = *accepted;
	(*accepted)->local = end;
	listener->edges.in++;
	wait_changed();
	return 0;
}

long local_accept(struct file *file, struct file **accepted)
{
	struct local *local = file->local;
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&local->receive_time, &until);
	long error;

	if (local_is_datagram(local))
		return -EOPNOTSUPP;
	if (local->state != LOCAL_LISTENING)
		return -EINVAL;
	while (!local->waiting) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (local->shut & LOCAL_SHUT_READ)
			return -EINVAL;
		error = socket_waited(wait_event(NULL, 0, deadline));
		if (error)
			return error;
	}
	return take(local, accepted);
}
