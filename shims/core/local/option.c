/* SPDX-License-Identifier: Apache-2.0 */
/* getsockopt and setsockopt of AF_UNIX. */
#include "../include/bytes.h"
#include "../include/local_socket.h"
#include "../include/user.h"

/* SO_SNDBUF, SO_RCVBUF: net.core.wmem_max, and the least; Linux takes twice what is asked for. */
#define BUFFER_MOST 212992
#define SEND_LEAST 4608
#define RECEIVE_LEAST 2304

long local_option(struct file *file, uint32_t level, uint32_t name, uint64_t to, uint64_t length)
{
	struct local *local = file->local;
	int32_t value;

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	switch (name) {
	case SO_TYPE:
		value = (int32_t)local->type;
		break;
	case SO_DOMAIN:
		value = AF_UNIX;
		break;
	case SO_ERROR:
		value = (int32_t)-local_take_error(local);
		break;
	case SO_ACCEPTCONN:
		value = local->state == LOCAL_LISTENING;
		break;
	case SO_PASSCRED:
		value = local->pass_sender;
		break;
	case SO_SNDBUF:
		value = (int32_t)local->send_bytes;
		break;
	case SO_RCVBUF:
		value = (int32_t)local->receive_bytes;
		break;
	case SO_PEEK_OFF:
		value = local->peek_at;
		break;
	case SO_PROTOCOL:
	case SO_REUSEADDR:
	case SO_REUSEPORT:
	case SO_KEEPALIVE:
	case SO_BROADCAST:
		value = 0;
		break;
	case SO_PEERCRED:
		return socket_give(to, length, &local->peer_credentials, sizeof(local->peer_credentials));
	case SO_RCVTIMEO:
		return socket_give_time(to, length, &local->receive_time);
	case SO_SNDTIMEO:
		return socket_give_time(to, length, &local->send_time);
	default:
		return -ENOPROTOOPT;
	}
	return socket_give(to, length, &value, sizeof(value));
}

static uint64_t buffer(int32_t value, uint64_t least)
{
	uint64_t bytes = 2ull * (value < 0 || value > BUFFER_MOST ? BUFFER_MOST : (uint32_t)value);

	return bytes < least ? least : bytes;
}

long local_set_option(struct file *file, uint32_t level, uint32_t name, uint64_t from, uint32_t length)
{
	struct local *local = file->local;
	int32_t value;

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (name == SO_RCVTIMEO)
		return socket_set_time(&local->receive_time, from, length);
	if (name == SO_SNDTIMEO)
		return socket_set_time(&local->send_time, from, length);
	if (length < sizeof(value))
		return -EINVAL;
	if (user_get(&value, from, sizeof(value)))
		return -EFAULT;
	switch (name) {
	case SO_PASSCRED:
		local->pass_sender = value != 0;
		return 0;
	case SO_PEEK_OFF:
		local->peek_at = value;
		return 0;
	case SO_SNDBUF:
		local->send_bytes = buffer(value, SEND_LEAST);
		local_changed(local);
		return 0;
	case SO_RCVBUF: /* what is under way is in the sender's account */
		local->receive_bytes = buffer(value, RECEIVE_LEAST);
		return 0;
	case SO_REUSEADDR: /* they change nothing of such a socket in Linux either */
	case SO_REUSEPORT:
	case SO_KEEPALIVE:
	case SO_BROADCAST:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}
