/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: making, binding, connecting them, and what is asked about them. */
#include "../include/files.h"
#include "../include/inet.h"
#include "../include/linux.h"
#include "../include/local.h"
#include "../include/sockaddr.h"
#include "../include/socket.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define TYPE_MASK 0xf
#define TYPE_FLAGS (O_NONBLOCK | O_CLOEXEC) /* SOCK_NONBLOCK, SOCK_CLOEXEC */
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

long socket_get(uint64_t fd, struct file **file)
{
	bool path;

	*file = files_get(fd);
	if (!*file)
		return -EBADF;
	if ((*file)->kind == FILE_INET || (*file)->kind == FILE_LOCAL)
		return 0;
	path = (*file)->flags & O_PATH;
	(void)file_drop(*file);
	return path ? -EBADF : -ENOTSOCK;
}

static bool is_local(const struct file *file)
{
	return file->kind == FILE_LOCAL;
}

/* The type of a new socket of AF_UNIX, or a negative errno. */
static long local_type(uint32_t type, uint32_t protocol)
{
	if (protocol != 0 && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	switch (type) {
	case SOCK_STREAM:
	case SOCK_DGRAM:
	case SOCK_SEQPACKET:
		return type;
	case SOCK_RAW:
		return SOCK_DGRAM;
	default:
		return type > 10 ? -EINVAL : -ESOCKTNOSUPPORT;
	}
}

static long open_local(uint32_t type, uint32_t flags, uint32_t protocol)
{
	long known = local_type(type, protocol);
	struct file *file;

	if (known < 0)
		return known;
	file = local_open((uint32_t)known, flags & O_NONBLOCK);
	return file ? files_open(file, flags & O_CLOEXEC) : -ENOMEM;
}

/* What socket() and socketpair() say of a socket of the internet that is not there; 0: it is. */
static long check_inet(uint32_t family, uint32_t type, uint32_t protocol)
{
	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	if (type == SOCK_RAW)
		return protocol == 0 ? -EPROTONOSUPPORT : -EPERM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return type > SOCK_PACKET ? -EINVAL : -ESOCKTNOSUPPORT;
	return protocol == 0 || protocol == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP) ? 0 : -EPROTONOSUPPORT;
}

long sys_socket(const struct syscall_frame *frame)
{
	uint32_t family = (uint32_t)frame->arg[0], type = (uint32_t)frame->arg[1] & TYPE_MASK;
	uint32_t flags = (uint32_t)frame->arg[1] & ~(uint32_t)TYPE_MASK, protocol = (uint32_t)frame->arg[2];
	struct file *file;
	long error;

	if (flags & ~(uint32_t)TYPE_FLAGS)
		return -EINVAL;
	if (family == AF_UNIX)
		return open_local(type, flags, protocol);
	error = check_inet(family, type, protocol);
	if (error)
		return error;
	file = inet_open(family, type, flags & O_NONBLOCK);
	return file ? files_open(file, flags & O_CLOEXEC) : -ENOMEM;
}

/* Descriptors for both, or for none; what it is given up to is theirs alone. */
static long open_pair(struct file *one, struct file *two, uint64_t fds, bool close_on_exec)
{
	long first = files_open(one, close_on_exec), second = files_open(two, close_on_exec);
	int32_t pair[2] = { (int32_t)first, (int32_t)second };
	long error = first < 0 ? first : second < 0 ? second : user_put(fds, pair, sizeof(pair));

	if (!error)
		return 0;
	if (first >= 0)
		(void)files_close((uint64_t)first);
	if (second >= 0)
		(void)files_close((uint64_t)second);
	return error;
}

long sys_socketpair(const struct syscall_frame *frame)
{
	uint32_t family = (uint32_t)frame->arg[0], flags = (uint32_t)frame->arg[1] & ~(uint32_t)TYPE_MASK;
	struct file *one, *two;
	long type = (uint32_t)frame->arg[1] & TYPE_MASK, error;

	if (flags & ~(uint32_t)TYPE_FLAGS)
		return -EINVAL;
	if (family != AF_UNIX) {
		error = check_inet(family, (uint32_t)type, (uint32_t)frame->arg[2]);
		return error ? error : -EOPNOTSUPP; /* those of the internet have no pairs */
	}
	type = local_type((uint32_t)type, (uint32_t)frame->arg[2]);
	if (type < 0)
		return type;
	one = local_open((uint32_t)type, flags & O_NONBLOCK);
	two = one ? local_open((uint32_t)type, flags & O_NONBLOCK) : NULL;
	if (!two) {
		if (one)
			(void)file_drop(one);
		return -ENOMEM;
	}
	local_pair(one, two);
	return open_pair(one, two, frame->arg[3], flags & O_CLOEXEC);
}

long sys_bind(const struct syscall_frame *frame)
{
	struct net_address address;
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = is_local(file) ? local_bind(file, frame->arg[1], frame->arg[2]) :
				 sockaddr_get(&address, frame->arg[1], frame->arg[2]);
	if (!error && !is_local(file))
		error = inet_bind(file, &address);
	(void)file_drop(file);
	return error;
}

long sys_listen(const struct syscall_frame *frame)
{
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = is_local(file) ? local_listen(file, (uint32_t)frame->arg[1]) : inet_listen(file, (uint32_t)frame->arg[1]);
	(void)file_drop(file);
	return error;
}

long sys_connect(const struct syscall_frame *frame)
{
	struct net_address address;
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = is_local(file) ? local_connect(file, frame->arg[1], frame->arg[2]) :
				 sockaddr_get(&address, frame->arg[1], frame->arg[2]);
	if (!error && !is_local(file))
		error = inet_connect(file, &address);
	(void)file_drop(file);
	return error;
}

static long accept(const struct syscall_frame *frame, uint32_t flags)
{
	struct file *file, *accepted;
	long result;

	if (flags & ~(uint32_t)TYPE_FLAGS)
		return -EINVAL;
	result = socket_get(frame->arg[0], &file);
	if (result)
		return result;
	result = is_local(file) ? local_accept(file, &accepted) : inet_accept(file, &accepted);
	(void)file_drop(file);
	if (result)
		return result;
	accepted->flags |= flags & O_NONBLOCK;
	result = is_local(accepted) ? local_tell_name(accepted, true, frame->arg[1], frame->arg[2]) :
				      sockaddr_put(frame->arg[1], frame->arg[2], &accepted->inet->peer);
	if (result) {
		(void)file_drop(accepted);
		return result;
	}
	return files_open(accepted, flags & O_CLOEXEC);
}

long sys_accept(const struct syscall_frame *frame)
{
	return accept(frame, 0);
}

long sys_accept4(const struct syscall_frame *frame)
{
	return accept(frame, (uint32_t)frame->arg[3]);
}

long sys_shutdown(const struct syscall_frame *frame)
{
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = is_local(file) ? local_shutdown(file, (uint32_t)frame->arg[1]) : inet_shutdown(file, (uint32_t)frame->arg[1]);
	(void)file_drop(file);
	return error;
}

static long name(const struct syscall_frame *frame, bool peer)
{
	struct net_address address;
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	if (is_local(file))
		error = local_tell_name(file, peer, frame->arg[1], frame->arg[2]);
	else
		error = peer ? inet_peer(file, &address) : inet_name(file, &address);
	if (!error && frame->arg[1] == 0)
		error = -EFAULT;
	if (!error && !is_local(file))
		error = sockaddr_put(frame->arg[1], frame->arg[2], &address);
	(void)file_drop(file);
	return error;
}

long sys_getsockname(const struct syscall_frame *frame)
{
	return name(frame, false);
}

long sys_getpeername(const struct syscall_frame *frame)
{
	return name(frame, true);
}

long sys_getsockopt(const struct syscall_frame *frame)
{
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = is_local(file) ?
			local_option(file, (uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3], frame->arg[4]) :
			inet_option(file, (uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3], frame->arg[4]);
	(void)file_drop(file);
	return error;
}

long sys_setsockopt(const struct syscall_frame *frame)
{
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = is_local(file) ? local_set_option(file, (uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3],
						  (uint32_t)frame->arg[4]) :
				 inet_set_option(file, (uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3],
						 (uint32_t)frame->arg[4]);
	(void)file_drop(file);
	return error;
}
