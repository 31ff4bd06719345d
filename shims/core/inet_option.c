/* SPDX-License-Identifier: Apache-2.0 */
/* getsockopt and setsockopt: what the Keep knows itself, what the host is asked from a list, and nothing else. */
#include "generated/hostcall_guest.h"
#include "include/inet.h"
#include "include/platform.h"
#include "include/user.h"

#define SOL_IP 0
#define SOL_IPV6 41
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define TCP_NODELAY 1
#define TCP_CORK 3
#define TCP_KEEPCNT 6
#define TCP_DEFER_ACCEPT 9
#define TCP_QUICKACK 12
#define TCP_USER_TIMEOUT 18
#define IPV6_V6ONLY 26
#define ERRNO_MOST 133

static bool is_linger(uint32_t level, uint32_t name)
{
	return level == SOL_SOCKET && name == SO_LINGER;
}

/* What the host is asked for or told: the list of the rows net_option and net_set_option. */
static long is_listed(uint32_t level, uint32_t name)
{
	switch (level) {
	case SOL_SOCKET:
		return name == SO_ERROR || (name >= SO_BROADCAST && name <= SO_KEEPALIVE) || name == SO_LINGER ? 0 : -ENOPROTOOPT;
	case IPPROTO_TCP:
		if (name == TCP_NODELAY || (name >= TCP_CORK && name <= TCP_KEEPCNT) || name == TCP_DEFER_ACCEPT ||
		    name == TCP_QUICKACK || name == TCP_USER_TIMEOUT)
			return 0;
		return -ENOPROTOOPT;
	case SOL_IP:
	case SOL_IPV6:
		return -ENOPROTOOPT;
	default:
		return -EOPNOTSUPP;
	}
}

/* What was set before there was a socket of the host's; 0 else. */
static int32_t before(const struct inet *inet, uint32_t option)
{
	for (uint32_t i = inet->before_count; i-- > 0;)
		if (inet->before[i].option == option)
			return inet->before[i].value;
	return option == OPTION(SOL_SOCKET, SO_LINGER) ? -1 : 0;
}

/* Of the host's list; SO_ERROR must be one that Linux has. */
static long ask(struct file *file, uint32_t level, uint32_t name, int32_t *value)
{
	int32_t answer[2];
	long error = is_listed(level, name);

	if (error)
		return error;
	if (file->handle < 0) {
		*value = before(file->inet, OPTION(level, name));
		return 0;
	}
	error = host_net_option(platform_call(), file->handle, OPTION(level, name), answer);
	*value = answer[0];
	if (!error && OPTION(level, name) == OPTION(SOL_SOCKET, SO_ERROR) && (*value < 0 || *value > ERRNO_MOST))
		*value = EIO;
	return error;
}

long inet_option(struct file *file, uint32_t level, uint32_t name, uint64_t to, uint64_t length)
{
	struct inet *inet = file->inet;
	int32_t value[2];
	long error;

	if (level > 0xffff || name > 0xffff)
		return -ENOPROTOOPT;
	switch (OPTION(level, name)) {
	case OPTION(SOL_SOCKET, SO_TYPE):
		value[0] = (int32_t)inet->type;
		break;
	case OPTION(SOL_SOCKET, SO_DOMAIN):
		value[0] = (int32_t)inet->family;
		break;
	case OPTION(SOL_SOCKET, SO_PROTOCOL):
		value[0] = inet_is_datagram(file) ? IPPROTO_UDP : IPPROTO_TCP;
		break;
	case OPTION(SOL_SOCKET, SO_ACCEPTCONN):
		value[0] = inet->listening;
		break;
	case OPTION(SOL_SOCKET, SO_REUSEPORT):
		value[0] = 0;
		break;
	case OPTION(SOL_IPV6, IPV6_V6ONLY):
		value[0] = 1;
		break;
	case OPTION(SOL_SOCKET, SO_RCVTIMEO):
		return socket_give_time(to, length, &inet->receive_time);
	case OPTION(SOL_SOCKET, SO_SNDTIMEO):
		return socket_give_time(to, length, &inet->send_time);
	default:
		error = ask(file, level, name, &value[0]);
		if (error)
			return error;
		if (is_linger(level, name)) {
			value[1] = value[0] < 0 ? 0 : value[0];
			value[0] = value[0] >= 0;
			return socket_give(to, length, value, sizeof(value));
		}
	}
	return socket_give(to, length, &value[0], sizeof(value[0]));
}

static long set(struct file *file, uint32_t option, int32_t value)
{
	struct inet *inet = file->inet;

	if (file->handle >= 0)
		return host_net_set_option(platform_call(), file->handle, option, value);
	if (inet->before_count == OPTIONS_BEFORE)
		return -ENOBUFS;
	inet->before[inet->before_count].option = option;
	inet->before[inet->before_count++].value = value;
	return 0;
}

long inet_set_option(struct file *file, uint32_t level, uint32_t name, uint64_t from, uint32_t length)
{
	int32_t value[2] = { 0 };
	uint32_t size = is_linger(level, name) ? sizeof(value) : sizeof(value[0]);
	long error;

	if (level == SOL_SOCKET && name == SO_RCVTIMEO)
		return socket_set_time(&file->inet->receive_time, from, length);
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		return socket_set_time(&file->inet->send_time, from, length);
	if (length < size)
		return -EINVAL;
	if (user_get(value, from, size))
		return -EFAULT;
	if (level > 0xffff || name > 0xffff)
		return -ENOPROTOOPT;
	switch (OPTION(level, name)) {
	case OPTION(SOL_SOCKET, SO_REUSEADDR): /* what is bound, the loader has bound, and with it */
	case OPTION(SOL_SOCKET, SO_REUSEPORT):
		return 0;
	case OPTION(SOL_IPV6, IPV6_V6ONLY): /* each family has grants of its own */
		return 0;
	default:
		error = is_listed(level, name);
		if (error)
			return error;
		if (is_linger(level, name))
			value[0] = value[0] ? value[1] : -1;
		return value[0] < -1 ? -EINVAL : set(file, OPTION(level, name), value[0]);
	}
}
