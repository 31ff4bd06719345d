/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/bytes.h"
#include "../include/local_socket.h"

/* What comes with the first bytes of a message; a look leaves it there too. */
static long gather(struct local_got *got, struct local_message *message, bool peek)
{
	if (message->rights) {
		got->rights = peek ? local_rights_copy(message->rights) : local_rights_take(message);
		if (!got->rights)
			return -ENOMEM;
	}
	if (got->any)
		return 0;
	got->any = true;
	got->sender = message->sender;
	got->name = message->name;
	if (got->name)
		got->name->references++;
	return 0;
}

/* Whether one read may go on with bytes of another message: not past descriptors, nor from one sender to another. */
static bool goes_on(const struct local *local, const struct local_got *got, const struct local_message *message)
{
	if (got->rights)
		return false;
	return !got->any || !local->pass_sender || !memcmp(&got->sender, &message->sender, sizeof(got->sender));
}

/* Where a look or a read begins: the message, and how much of what is left of it is not meant. NULL: there is none. */
static struct local_message *start_at(const struct local *local, bool peek, uint64_t *skip)
{
	struct local_message *message = local->first;

	*skip = peek && local->peek_at > 0 ? (uint64_t)local->peek_at : 0;
	while (message && *skip != 0 && *skip >= message->end - message->at) {
		*skip -= message->end - message->at;
		message = message->next;
	}
	return message;
}

/* The next look begins behind this one; what is read is before all looks. */
static void move_peek(struct local *local, bool peek, uint64_t count)
{
	uint64_t at = (uint64_t)local->peek_at;

	if (local->peek_at < 0)
		return;
	at = peek ? at + count : count < at ? at - count : 0;
	local->peek_at = at > INT32_MAX ? INT32_MAX : (int32_t)at;
}

/* As much of a stream as there is from there on. */
static long take(struct local *local, struct local_message *message, uint64_t skip, struct run *to, uint64_t count, bool peek,
		 struct local_got *got)
{
	uint64_t done = 0;

	while (message && done < count && goes_on(local, got, message)) {
		uint64_t left = message->end - message->at - skip, part = left < count - done ? left : count - done;
		long error = run_put(to, message->bytes + message->at + skip, part);

		if (!error)
			error = gather(got, message, peek);
		if (error)
			return done ? (long)done : error;
		done += part;
		move_peek(local, peek, part);
		skip = 0;
		if (peek) {
			message = message->next;
			continue;
		}
		message->at += part;
		if (message->at < message->end)
			break;
		local_message_drop_first(local);
		message = local->first;
	}
	return (long)done;
}

static long receive_stream(struct local *local, struct run *to, uint64_t count, uint32_t flags, struct local_got *got)
{
	bool peek = flags & MSG_PEEK;
	uint64_t skip;
	struct local_message *message = start_at(local, peek, &skip);

	if (message)
		return take(local, message, skip, to, count, peek, got);
	if (local->error)
		return local_take_error(local);
	return local->shut & LOCAL_SHUT_READ ? 0 : -EAGAIN;
}

static long receive_packet(struct local *local, struct run *to, uint64_t count, uint32_t flags, bool waits,
			   struct local_got *got)
{
	bool peek = flags & MSG_PEEK;
	uint64_t length, part, skip;
	struct local_message *message = start_at(local, peek, &skip);
	long error;

	if (local->error)
		return local_take_error(local);
	if (!message)
		return (local->shut & LOCAL_SHUT_READ) && (waits || !local_is_datagram(local)) ? 0 : -EAGAIN;
	length = message->end - skip;
	part = length < count ? length : count;
	error = run_put(to, message->bytes + skip, part);
	if (!error)
		error = gather(got, message, peek);
	if (error)
		return error;
	got->cut = part < length;
	got->record = message->record;
	move_peek(local, peek, peek ? part : length);
	if (!peek)
		local_message_drop_first(local);
	return flags & MSG_TRUNC ? (long)length : (long)part;
}

long local_receive(struct file *file, struct run *to, uint64_t count, uint32_t flags, struct local_got *got)
{
	struct local *local = file->local;
	bool waits = !(file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT), stream = local_is_stream(local);
	bool all = stream && (flags & MSG_WAITALL) && !(flags & MSG_PEEK);
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&local->receive_time, &until);
	uint64_t done = 0;

	*got = (struct local_got){ 0 };
	if (flags & MSG_OOB)
		return stream ? -EINVAL : -EOPNOTSUPP;
	if (!local_is_datagram(local) && local->state != LOCAL_CONNECTED)
		return stream ? -EINVAL : -ENOTCONN;
	if (stream && count == 0)
		return 0;
	for (;;) {
		long result = stream ? receive_stream(local, to, count - done, flags, got) :
				       receive_packet(local, to, count, flags, waits, got);

		if (result > 0)
			done += (uint64_t)result;
		if (result > 0 && all && done < count && !got->rights && (!local->first || goes_on(local, got, local->first)))
			continue;
		if (result == -EAGAIN && waits) {
			result = socket_waited(wait_event(NULL, 0, deadline));
			if (!result)
				continue;
		}
		return done ? (long)done : result;
	}
}

long local_read(struct file *file, struct run to, uint64_t count, bool wait)
{
	struct local_got got;
	long result;

	if (count == 0)
		return 0;
	result = local_receive(file, &to, count, wait ? 0 : MSG_DONTWAIT, &got);
	local_drop_got(&got);
	return result;
}
