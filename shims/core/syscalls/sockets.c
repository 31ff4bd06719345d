/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: making, binding, connecting them, and what is asked about them. */
#include "../include/files.h"
#include "../include/inet.h"
#include "../include/linux.h"
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
	*file = files_get(fd);
	if (!*file)
		return -EBADF;
	if ((*file)->kind == FILE_INET)
		return 0;
	(void)file_drop(*file);
	return -ENOTSOCK;
}

long sys_socket(const struct syscall_frame *frame)
{
	uint32_t family = (uint32_t)frame->arg[0], type = (uint32_t)frame->arg[1] & TYPE_MASK;
	uint32_t flags = (uint32_t)frame->arg[1] & ~(uint32_t)TYPE_MASK, protocol = (uint32_t)frame->arg[2];
	struct file *file;

	if (flags & ~(uint32_t)TYPE_FLAGS)
		return -EINVAL;
	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return type > 10 ? -EINVAL : -ESOCKTNOSUPPORT;
	if (protocol != 0 && protocol != (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP))
		return -EPROTONOSUPPORT;
	file = inet_open(family, type, flags & O_NONBLOCK);
	return file ? files_open(file, flags & O_CLOEXEC) : -ENOMEM;
}

long sys_bind(const struct syscall_frame *frame)
{
	struct net_address address;
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = sockaddr_get(&address, frame->arg[1], frame->arg[2]);
	if (!error)
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
	error = inet_listen(file, (uint32_t)frame->arg[1]);
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
	error = sockaddr_get(&address, frame->arg[1], frame->arg[2]);
	if (!error)
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
	result = inet_accept(file, &accepted);
	(void)file_drop(file);
	if (result)
		return result;
	accepted->flags |= flags & O_NONBLOCK;
	result = sockaddr_put(frame->arg[1], frame->arg[2], &accepted->inet->peer);
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
	error = inet_shutdown(file, (uint32_t)frame->arg[1]);
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
	error = peer ? inet_peer(file, &address) : inet_name(file, &address);
	(void)file_drop(file);
	if (error)
		return error;
	return frame->arg[1] == 0 ? -EFAULT : sockaddr_put(frame->arg[1], frame->arg[2], &address);
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
	error = inet_option(file, (uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3], frame->arg[4]);
	(void)file_drop(file);
	return error;
}

long sys_setsockopt(const struct syscall_frame *frame)
{
	struct file *file;
	long error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	error = inet_set_option(file, (uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3], (uint32_t)frame->arg[4]);
	(void)file_drop(file);
	return error;
}
