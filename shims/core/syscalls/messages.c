/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and receiving. */
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/inet.h"
#include "../include/hostcall.h"
#include "../include/linux.h"
#include "../include/local.h"
#include "../include/sockaddr.h"
#include "../include/socket.h"
#include "../include/syscall.h"
#include "../include/timeout.h"
#include "../include/user.h"

#define COUNT_MOST 0x7ffff000ull
#define MESSAGES_MOST 1024
#define MSG_WAITFORONE 0x10000u

struct msghdr {
	uint64_t name;
	uint32_t name_length;
	uint32_t pad;
	uint64_t parts;
	uint64_t part_count;
	uint64_t control;
	uint64_t control_length;
	uint32_t flags;
	uint32_t pad_2;
};

struct mmsghdr {
	struct msghdr message;
	uint32_t length;
	uint32_t pad;
};

long sys_sendto(const struct syscall_frame *frame)
{
	uint64_t count = frame->arg[2] < COUNT_MOST ? frame->arg[2] : COUNT_MOST;
	struct net_address address;
	struct file *file;
	long result = socket_get(frame->arg[0], &file);

	if (result)
		return result;
	if (file->kind == FILE_LOCAL) {
		struct run run = run_of(frame->arg[1], count);
		struct local_extra extra = { 0 };

		result = local_send(file, &run, count, (uint32_t)frame->arg[3], frame->arg[4], (uint32_t)frame->arg[5], &extra);
		(void)file_drop(file);
		return result;
	}
	if (frame->arg[4] != 0)
		result = sockaddr_get(&address, frame->arg[4], frame->arg[5]);
	if (!result)
		result = inet_send(file, frame->arg[1], count, (uint32_t)frame->arg[3] & ~MSG_OWN,
			frame->arg[4] ? &address : NULL);
	(void)file_drop(file);
	return result;
}

long sys_recvfrom(const struct syscall_frame *frame)
{
	uint64_t count = frame->arg[2] < COUNT_MOST ? frame->arg[2] : COUNT_MOST;
	struct net_address address;
	struct file *file;
	bool cut;
	long result = socket_get(frame->arg[0], &file);

	if (result)
		return result;
	if (file->kind == FILE_LOCAL) {
		struct run run = run_of(frame->arg[1], count);
		struct local_got got;

		result = local_receive(file, &run, count, (uint32_t)frame->arg[3], &got);
		if (result >= 0 && local_name_put(got.name, false, frame->arg[4], frame->arg[5]))
			result = -EFAULT;
		local_drop_got(&got);
		(void)file_drop(file);
		return result;
	}
	result = inet_receive(file, frame->arg[1], count, (uint32_t)frame->arg[3] & ~MSG_OWN, &address, &cut);
	if (result >= 0 && sockaddr_put(frame->arg[4], frame->arg[5], &address))
		result = -EFAULT;
	(void)file_drop(file);
	return result;
}

/* Bytes of all parts; -EINVAL, -EFAULT or -EMSGSIZE when they cannot be. */
static long length_of(const struct msghdr *message)
{
	struct run run;

	return message->part_count > IOV_MAX ? -EMSGSIZE : run_start(&run, message->parts, message->part_count);
}

/* Bytes between the parts and one run of `count` bytes. */
static long scatter(const struct msghdr *message, uint8_t *run, uint64_t count, bool out)
{
	struct iovec part;

	for (uint64_t i = 0; i < message->part_count && count != 0; i++) {
		uint64_t length;

		if (user_get(&part, message->parts + i * sizeof(part), sizeof(part)))
			return -EFAULT;
		length = part.length < count ? part.length : count;
		if (out ? user_put(part.base, run, length) : user_get(run, part.base, length))
			return -EFAULT;
		run += length;
		count -= length;
	}
	return 0;
}

/* Room for all of a message in one run; what is longer than a host call moves goes in parts anyway. */
static uint64_t run_bytes(long length)
{
	return (uint64_t)length < HOSTCALL_DATA_SIZE ? (uint64_t)length : HOSTCALL_DATA_SIZE;
}

static long send_local(struct file *file, const struct msghdr *message, uint32_t flags)
{
	struct local_extra extra = { 0 };
	struct run run;
	long length = message->part_count > IOV_MAX ? -EMSGSIZE : run_start(&run, message->parts, message->part_count);
	long result = length < 0 ? length : message->control_length > INT32_MAX ? -ENOBUFS : 0;

	if (!result && message->control)
		result = local_scm_get(&extra, message->control, message->control_length);
	if (!result)
		result = local_send(file, &run, (uint64_t)length, flags, message->name, message->name_length, &extra);
	local_drop_extra(&extra);
	return result;
}

static long receive_local(struct file *file, uint64_t header, const struct msghdr *message, uint32_t flags)
{
	const uint64_t name_length = header + offsetof(struct msghdr, name_length);
	struct msghdr after = *message;
	struct local_got got;
	struct run run;
	long length = message->part_count > IOV_MAX ? -EMSGSIZE : run_start(&run, message->parts, message->part_count);
	long result;

	if (length < 0)
		return length;
	result = local_receive(file, &run, (uint64_t)length, flags, &got);
	if (result >= 0) {
		after.flags = flags & MSG_CMSG_CLOEXEC;
		after.flags |= (got.cut ? MSG_TRUNC : 0) | (got.record ? MSG_EOR : 0);
		if (local_scm_put(file, &got, message->control, &after.control_length, &after.flags) ||
		    user_put(header, &after, sizeof(after)) || local_name_put(got.name, false, message->name, name_length))
			result = -EFAULT;
	}
	local_drop_got(&got);
	return result;
}

static long send_message(struct file *file, const struct msghdr *message, uint32_t flags)
{
	struct net_address address;
	long length = length_of(message), result = 0;
	uint64_t bytes = run_bytes(length);
	uint8_t *run;

	if (file->kind == FILE_LOCAL)
		return send_local(file, message, flags);
	if (length < 0)
		return length;
	if (message->name != 0 && message->name_length != 0)
		result = sockaddr_get(&address, message->name, message->name_length);
	if (result)
		return result;
	if (inet_is_datagram(file) && (uint64_t)length > bytes)
		return -EMSGSIZE;
	run = heap_get(bytes + 1);
	if (!run)
		return -ENOMEM;
	result = scatter(message, run, bytes, false);
	if (!result)
		result = inet_send(file, (uint64_t)run, bytes, flags | MSG_OWN, message->name && message->name_length ? &address : NULL);
	heap_put(run, bytes + 1);
	return result;
}

/* `header` is where the application has it: the name goes there, and what has become of the rest. */
static long receive_message(struct file *file, uint64_t header, const struct msghdr *message, uint32_t flags)
{
	const uint64_t name_length = header + offsetof(struct msghdr, name_length);
	struct net_address address = { 0 };
	long length = length_of(message), result;
	uint64_t bytes = run_bytes(length);
	struct msghdr after = *message;
	uint8_t *run;
	bool cut;

	if (file->kind == FILE_LOCAL)
		return receive_local(file, header, message, flags);
	if (length < 0)
		return length;
	run = heap_get(bytes + 1);
	if (!run)
		return -ENOMEM;
	result = inet_receive(file, (uint64_t)run, bytes, flags | MSG_OWN, &address, &cut);
	if (result >= 0 && scatter(message, run, (uint64_t)result < bytes ? (uint64_t)result : bytes, true))
		result = -EFAULT;
	heap_put(run, bytes + 1);
	if (result < 0)
		return result;
	after.flags = (cut ? MSG_TRUNC : 0) | (flags & MSG_CMSG_CLOEXEC);
	after.control_length = 0;
	if (user_put(header, &after, sizeof(after)) || sockaddr_put(message->name, name_length, &address))
		return -EFAULT;
	return result;
}

long sys_sendmsg(const struct syscall_frame *frame)
{
	struct msghdr message;
	struct file *file;
	long result = socket_get(frame->arg[0], &file);

	if (result)
		return result;
	result = user_get(&message, frame->arg[1], sizeof(message));
	if (!result)
		result = send_message(file, &message, (uint32_t)frame->arg[2]);
	(void)file_drop(file);
	return result;
}

long sys_recvmsg(const struct syscall_frame *frame)
{
	struct msghdr message;
	struct file *file;
	long result = socket_get(frame->arg[0], &file);

	if (result)
		return result;
	result = user_get(&message, frame->arg[1], sizeof(message));
	if (!result)
		result = receive_message(file, frame->arg[1], &message, (uint32_t)frame->arg[2]);
	(void)file_drop(file);
	return result;
}

/* One message of a vector, and its length to the application. */
static long one_of(struct file *file, uint64_t at, uint32_t flags, bool receive)
{
	struct msghdr message;
	uint32_t length;
	long result = user_get(&message, at, sizeof(message));

	if (result)
		return result;
	result = receive ? receive_message(file, at, &message, flags) : send_message(file, &message, flags);
	if (result < 0)
		return result;
	length = (uint32_t)result;
	return user_put(at + offsetof(struct mmsghdr, length), &length, sizeof(length));
}

/* Each message after the other, until one fails: that counts only when it is the first. */
static long many(const struct syscall_frame *frame, bool receive, const struct timespec *deadline)
{
	uint64_t count = (uint32_t)frame->arg[2] < MESSAGES_MOST ? (uint32_t)frame->arg[2] : MESSAGES_MOST;
	uint32_t flags = (uint32_t)frame->arg[3];
	struct file *file;
	long done = 0, error = socket_get(frame->arg[0], &file);

	if (error)
		return error;
	while ((uint64_t)done < count && !error) {
		error = one_of(file, frame->arg[1] + (uint64_t)done * sizeof(struct mmsghdr), flags & ~MSG_WAITFORONE, receive);
		done += !error;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline && !error && timeout_over(deadline))
			break;
	}
	(void)file_drop(file);
	return done ? done : error;
}

long sys_sendmmsg(const struct syscall_frame *frame)
{
	return many(frame, false, NULL);
}

/* As in Linux the time is looked at between messages alone. */
long sys_recvmmsg(const struct syscall_frame *frame)
{
	struct timeout timeout;
	long error = timeout_timespec(&timeout, frame->arg[4]);

	return error ? error : many(frame, true, timeout.deadline);
}
