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

/* As much of a stream as there is. */
static long take(struct local *local, struct run *to, uint64_t count, bool peek, struct local_got *got)
{
	struct local_message *message = local->first;
	uint64_t done = 0;

	while (message && done < count && goes_on(local, got, message)) {
		uint64_t part = message->end - message->at < count - done ? message->end - message->at : count - done;
		long error = run_put(to, message->bytes + message->at, part);

		if (!error)
			error = gather(got, message, peek);
		if (error)
			return done ? (long)done : error;
		done += part;
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
	if (local->first)
		return take(local, to, count, flags & MSG_PEEK, got);
	if (local->error)
		return local_take_error(local);
	return local->shut & LOCAL_SHUT_READ ? 0 : -EAGAIN;
}

static long receive_packet(struct local *local, struct run *to, uint64_t count, uint32_t flags, bool waits,
			   struct local_got *got)
{
	struct local_message *message = local->first;
	uint64_t length, part;
	long error;

	if (local->error)
		return local_take_error(local);
	if (!message)
		return (local->shut & LOCAL_SHUT_READ) && (waits || !local_is_datagram(local)) ? 0 : -EAGAIN;
	length = message->end;
	part = length < count ? length : count;
	error = run_put(to, message->bytes, part);
	if (!error)
		error = gather(got, message, flags & MSG_PEEK);
	if (error)
		return error;
	got->cut = part < length;
	got->record = message->record;
	if (!(flags & MSG_PEEK))
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
