/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/local_socket.h"

/* Bytes of a stream go in messages of whole pages. */
#define PIECE (0x8000 - sizeof(struct local_message))
#define HEAD 32 /* what Linux keeps of a buffer for itself */

/* Whether the sender goes with a message: somebody has asked for it, or nobody could yet. */
static void sign(const struct local *local, const struct local *other, struct local_extra *extra)
{
	if (extra->has_sender || (!local->pass_sender && !other->pass_sender && (other->file || local_is_datagram(local))))
		return;
	extra->sender = local_self;
	extra->has_sender = true;
}

static long send_piece(struct local *local, struct run *from, uint64_t count, struct local_extra *extra)
{
	struct local *other = local->peer;
	struct local_message *message;
	long error;

	if (local->shut & LOCAL_SHUT_WRITE)
		return -EPIPE;
	error = local_take_error(local);
	if (error)
		return error;
	if (other->dead || (other->shut & LOCAL_SHUT_READ))
		return -EPIPE;
	if (other->used >= local->send_bytes)
		return -EAGAIN;
	if (count > PIECE)
		count = PIECE;
	sign(local, other, extra);
	error = local_message_make(local, from, count, extra, &message);
	if (error)
		return error;
	local_message_put(other, message);
	return (long)count;
}

static long send_stream(struct local *local, struct run *from, uint64_t count, bool waits, struct local_extra *extra)
{
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&local->send_time, &until);
	uint64_t done = 0;

	while (done < count) {
		long result = send_piece(local, from, count - done, extra);

		if (result > 0) {
			done += (uint64_t)result;
			continue;
		}
		if (result == -EAGAIN && waits)
			result = socket_waited(wait_event(NULL, 0, deadline));
		if (result)
			return done ? (long)done : result;
	}
	return (long)done;
}

/* Who a datagram is for: not held, so asked again after each wait. */
static long addressee(struct local *local, uint64_t name, uint64_t name_length, struct local **other)
{
	long error = name ? local_find(local->type, name, name_length, other) : 0;

	if (error)
		return error;
	if (!name)
		*other = local->peer;
	if (!*other)
		return -ENOTCONN;
	if ((*other)->dead && local_is_datagram(local)) { /* it can only be the peer */
		local_put(local->peer);
		local->peer = NULL;
		return -ECONNREFUSED;
	}
	return (*other)->peer && (*other)->peer != local ? -EPERM : 0;
}

static long send_once(struct local *local, struct run *from, uint64_t count, uint64_t name, uint64_t name_length, bool record,
		      struct local_extra *extra)
{
	struct local_message *message;
	struct local *other;
	long error = addressee(local, name, name_length, &other);

	if (error)
		return error;
	error = local_take_error(local);
	if (error)
		return error;
	if ((local->shut & LOCAL_SHUT_WRITE) || (other->shut & LOCAL_SHUT_READ))
		return -EPIPE;
	if (count > local->send_bytes - HEAD)
		return -EMSGSIZE;
	if (other->used >= local->send_bytes)
		return -EAGAIN;
	sign(local, other, extra);
	error = local_message_make(local, from, count, extra, &message);
	if (error)
		return error;
	message->record = record;
	local_message_put(other, message);
	return (long)count;
}

static long send_packet(struct local *local, struct run *from, uint64_t count, uint32_t flags, bool waits, uint64_t name,
			uint64_t name_length, struct local_extra *extra)
{
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&local->send_time, &until);
	const struct run start = *from;

	for (;;) {
		long result = send_once(local, from, count, name, name_length, flags & MSG_EOR, extra);

		if (result != -EAGAIN || !waits)
			return result;
		result = socket_waited(wait_event(NULL, 0, deadline));
		if (result)
			return result;
		*from = start;
	}
}

long local_send(struct file *file, struct run *from, uint64_t count, uint32_t flags, uint64_t name, uint64_t name_length,
		struct local_extra *extra)
{
	struct local *local = file->local;
	bool waits = !(file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
	long result;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (local->pass_sender) {
		result = local_bind_any(local);
		if (result)
			return result;
	}
	if (!local_is_stream(local)) {
		if (local->type == SOCK_SEQPACKET && local->state != LOCAL_CONNECTED)
			return local->error ? local_take_error(local) : -ENOTCONN;
		return send_packet(local, from, count, flags, waits, local_is_datagram(local) ? name : 0, name_length, extra);
	}
	if (name && name_length)
		return local->state == LOCAL_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (!local->peer)
		return -ENOTCONN;
	result = send_stream(local, from, count, waits, extra);
	return flags & MSG_NOSIGNAL ? result : file_told(result);
}

long local_write(struct file *file, struct run from, uint64_t count, bool wait)
{
	struct local_extra extra = { 0 };
	uint32_t flags = (wait ? 0 : MSG_DONTWAIT) | (file->local->type == SOCK_SEQPACKET ? MSG_EOR : 0);

	return local_send(file, &from, count, flags, 0, 0, &extra);
}
