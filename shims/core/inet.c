/* SPDX-License-Identifier: Apache-2.0 */
#include "include/inet.h"
#include "generated/hostcall_guest.h"
#include "include/bytes.h"
#include "include/epoll.h"
#include "include/heap.h"
#include "include/memory.h"
#include "include/platform.h"

/* The handle of the first [[listen]] (packages/loader/native/sockets.h). */
#define SOCKET_HANDLE 0x40000000
#define PACKET_BYTES 0x11000
#define ERRNO_MOST 133
#define SO_ERROR_OPTION OPTION(1, 4)

struct file *inet_open(uint32_t family, uint32_t type, uint32_t flags)
{
	struct file *file = file_new(FILE_INET, flags | O_RDWR);

	if (!file)
		return NULL;
	file->inet = heap_get(sizeof(*file->inet));
	if (!file->inet) {
		(void)file_drop(file);
		return NULL;
	}
	file->inet->family = family;
	file->inet->type = type;
	file->inet->listen = -1;
	return file;
}

void inet_close(struct file *file)
{
	struct inet *inet = file->inet;

	if (!inet)
		return;
	if (file->handle >= 0) {
		wait_closes();
		(void)host_close(platform_call(), file->handle);
	}
	if (inet->listen >= 0)
		net_release(inet->listen);
	if (inet->packet)
		heap_put(inet->packet, PACKET_BYTES);
	heap_put(inet, sizeof(*inet));
}

bool inet_is_datagram(const struct file *file)
{
	return file->inet->type == SOCK_DGRAM;
}

/* From now on it is one of the host's: what was set before is set there. */
static void attach(struct file *file, int32_t handle)
{
	struct inet *inet = file->inet;

	file->handle = handle;
	for (uint32_t i = 0; i < inet->before_count; i++)
		(void)host_net_set_option(platform_call(), handle, inet->before[i].option, inet->before[i].value);
	inet->before_count = 0;
	if (EPOLLS)
		epoll_anew(file);
}

static long make(struct file *file)
{
	long handle;

	if (file->handle >= 0)
		return 0;
	handle = host_net_socket(platform_call(), file->inet->family, file->inet->type);
	if (handle < 0)
		return handle;
	attach(file, (int32_t)handle);
	return 0;
}

long inet_bind(struct file *file, const struct net_address *address)
{
	struct inet *inet = file->inet;
	int32_t listen;

	if (inet->bound || file->handle >= 0)
		return -EINVAL;
	if (address->family != inet->family)
		return -EAFNOSUPPORT;
	listen = net_find_listen(inet->type, address);
	if (listen < 0) {
		if (address->port != 0)
			return -EACCES;
		inet->bound = true; /* to any port: the host gives one when it connects or sends */
		return 0;
	}
	if (!net_claim(listen))
		return -EADDRINUSE;
	inet->listen = listen;
	inet->bound = true;
	attach(file, SOCKET_HANDLE + listen);
	return 0;
}

long inet_listen(struct file *file, uint32_t backlog)
{
	long error;

	if (inet_is_datagram(file))
		return -EOPNOTSUPP;
	if (file->inet->listen < 0)
		return file->inet->reached ? -EINVAL : -EACCES; /* a port that nobody has granted */
	error = host_net_listen(platform_call(), file->handle, backlog > 0xffff ? 0xffff : backlog);
	file->inet->listening = !error;
	if (EPOLLS)
		epoll_anew(file);
	return error;
}

/* After a wait: 0 to try again. */
static long waited(struct file *file, uint32_t events, const struct timespec *deadline)
{
	return socket_waited(file_wait(file, events, deadline));
}

/* What has become of a connection: 0 or its error, which the host tells once. */
static long outcome(struct file *file)
{
	int32_t answer[2];
	long error = host_net_option(platform_call(), file->handle, SO_ERROR_OPTION, answer);

	if (error)
		return error;
	return answer[0] < 0 || answer[0] > ERRNO_MOST ? -EIO : -answer[0];
}

static long wait_connected(struct file *file)
{
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&file->inet->send_time, &until);
	struct pollfd ask = { .fd = file->handle, .events = POLLOUT };
	long error;

	do {
		error = wait_event(&ask, 1, deadline);
		if (error)
			return error == -ETIMEDOUT ? -EINPROGRESS : error;
	} while (!ask.revents);
	error = outcome(file);
	file->inet->reached = !error;
	return error;
}

long inet_connect(struct file *file, const struct net_address *address)
{
	struct inet *inet = file->inet;
	long error;

	if (address->family != inet->family)
		return -EAFNOSUPPORT;
	if (inet->listening)
		return -EISCONN;
	if (!net_may_reach(address))
		return -EACCES;
	error = make(file);
	if (error)
		return error;
	error = host_net_connect(platform_call(), file->handle, address);
	if (EPOLLS)
		epoll_anew(file);
	if (!error || error == -EINPROGRESS) {
		inet->peer = *address;
		inet->reached = true;
	}
	if (error == -EINPROGRESS && !(file->flags & O_NONBLOCK))
		return wait_connected(file);
	return error;
}

long inet_accept(struct file *file, struct file **accepted)
{
	struct inet *inet = file->inet;
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&inet->receive_time, &until);
	struct net_address peer;
	long handle;

	if (inet_is_datagram(file))
		return -EOPNOTSUPP;
	if (!inet->listening)
		return -EINVAL;
	*accepted = inet_open(inet->family, inet->type, 0);
	if (!*accepted)
		return -ENOMEM;
	for (;;) {
		handle = host_net_accept(platform_call(), file->handle, &peer);
		if (EPOLLS)
			epoll_read(file);
		if (handle != -EAGAIN || (file->flags & O_NONBLOCK))
			break;
		handle = waited(file, POLLIN, deadline);
		if (handle)
			break;
	}
	if (handle < 0) {
		(void)file_drop(*accepted);
		return handle;
	}
	(*accepted)->handle = (int32_t)handle;
	(*accepted)->inet->peer = peer;
	(*accepted)->inet->reached = true;
	return 0;
}

long inet_shutdown(struct file *file, uint32_t how)
{
	if (how > 2)
		return -EINVAL;
	if (!file->inet->reached && !file->inet->listening)
		return -ENOTCONN;
	return host_net_shutdown(platform_call(), file->handle, how);
}

long inet_name(struct file *file, struct net_address *address)
{
	*address = (struct net_address){ .family = (uint16_t)file->inet->family };
	return file->handle < 0 ? 0 : host_net_name(platform_call(), file->handle, address);
}

/* A connection that is still about to be has no peer yet. */
long inet_peer(struct file *file, struct net_address *address)
{
	const struct timespec at_once = { 0, 0 };
	struct pollfd ask = { .fd = file->handle, .events = POLLOUT };

	if (!file->inet->reached)
		return -ENOTCONN;
	if (!inet_is_datagram(file) && (host_wait(platform_call(), &ask, 1, &at_once) < 0 || (ask.revents & POLLERR)))
		return -ENOTCONN;
	*address = file->inet->peer;
	return 0;
}

/* Whether memory can be used now: the application's may be gone after each wait. */
static bool usable(uint64_t address, uint64_t count, unsigned need, uint32_t flags)
{
	return (flags & MSG_OWN) || !memory_touch(address, count, need);
}

static bool packet_room(struct inet *inet)
{
	if (!inet->packet)
		inet->packet = heap_get(PACKET_BYTES);
	return inet->packet != NULL;
}

/* A datagram comes whole into room of our own: how long it was is not for the host to say by halves. */
static long receive_packet(struct file *file, uint64_t to, uint64_t count, uint32_t flags, struct net_address *from, bool *cut)
{
	struct inet *inet = file->inet;
	uint64_t length;
	long result;

	if (!packet_room(inet))
		return -ENOMEM;
	result = host_net_receive(platform_call(), file->handle, inet->packet, PACKET_BYTES, flags & MSG_PEEK, from);
	if (result < 0)
		return result;
	length = (uint64_t)result < count ? (uint64_t)result : count;
	*cut = (uint64_t)result > count;
	memcpy((void *)to, inet->packet, length);
	return flags & MSG_TRUNC ? result : (long)length;
}

static long receive_once(struct file *file, uint64_t to, uint64_t count, uint32_t flags, struct net_address *from, bool *cut)
{
	long result;

	if (inet_is_datagram(file))
		result = receive_packet(file, to, count, flags, from, cut);
	else
		result = host_net_receive(platform_call(), file->handle, (void *)to, count, flags & (MSG_PEEK | MSG_OOB), from);
	if (EPOLLS)
		epoll_read(file);
	return result;
}

long inet_receive(struct file *file, uint64_t to, uint64_t count, uint32_t flags, struct net_address *from, bool *cut)
{
	bool waits = !(file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&file->inet->receive_time, &until);
	struct net_address sender;
	uint64_t done = 0;

	*cut = false;
	if (file->handle < 0 || (!inet_is_datagram(file) && !file->inet->reached))
		return inet_is_datagram(file) ? -EAGAIN : -ENOTCONN;
	if (count > HOSTCALL_DATA_SIZE)
		count = HOSTCALL_DATA_SIZE;
	if (!usable(to, count, PERM_R | PERM_W, flags))
		return -EFAULT;
	for (;;) {
		long result = receive_once(file, to + done, count - done, flags, from ? from : &sender, cut);

		if (result > 0)
			done += (uint64_t)result;
		/* MSG_WAITALL goes on until there is all, the end, or an error. */
		if (result > 0 && (flags & MSG_WAITALL) && !(flags & MSG_PEEK) && !inet_is_datagram(file) && done < count)
			continue;
		if (result == -EAGAIN && waits) {
			result = waited(file, POLLIN, deadline);
			if (!result && usable(to, count, PERM_R | PERM_W, flags))
				continue;
			result = result ? result : -EFAULT;
		}
		return done != 0 ? (long)done : result;
	}
}

static long send_packet(struct file *file, uint64_t from, uint64_t count, const struct net_address *to)
{
	if (count > PACKET_BYTES)
		return -EMSGSIZE;
	return host_net_send(platform_call(), file->handle, (const void *)from, count, 0, to);
}

long inet_send(struct file *file, uint64_t from, uint64_t count, uint32_t flags, const struct net_address *to)
{
	static const struct net_address nobody;
	bool waits = !(file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT), packet = inet_is_datagram(file);
	struct timespec until;
	const struct timespec *deadline = socket_deadline(&file->inet->send_time, &until);
	uint64_t done = 0;
	long result;

	if (packet && to && file->inet->listen < 0 && !net_may_reach(to))
		return -EACCES;
	if (!to && !file->inet->reached)
		return packet ? -EDESTADDRREQ : -EPIPE;
	result = make(file);
	if (result)
		return result;
	for (;;) {
		if (!usable(from, count, PERM_R, flags))
			return -EFAULT;
		if (packet)
			result = send_packet(file, from, count, to ? to : &nobody);
		else
			result = host_net_send(platform_call(), file->handle, (const void *)(from + done), count - done,
				flags & (MSG_OOB | MSG_MORE), &nobody);
		if (result > 0)
			done += (uint64_t)result;
		if (result > 0 && !packet && done < count)
			continue;
		if (EPOLLS && result < 0)
			epoll_written(file);
		if (result == -EAGAIN && waits) {
			result = waited(file, POLLOUT, deadline);
			if (!result)
				continue;
		}
		break;
	}
	if (!packet && !(flags & MSG_NOSIGNAL))
		result = file_told(result);
	return done != 0 ? (long)done : result;
}

uint32_t inet_ready(struct file *file, int32_t *handle)
{
	*handle = file->handle;
	if (file->handle >= 0)
		return 0;
	return POLLOUT | POLLWRNORM | (inet_is_datagram(file) ? 0 : POLLHUP);
}
