/* SPDX-License-Identifier: Apache-2.0 */
#include "include/stream.h"
#include "generated/hostcall_guest.h"
#include "include/epoll.h"
#include "include/memory.h"
#include "include/platform.h"
#include "include/signal.h"
#include "include/user.h"

#define TCGETS 0x5401
#define TIOCGWINSZ 0x5413

long stream_read(struct file *file, uint64_t to, uint64_t count)
{
	long result;

	if (count > HOSTCALL_DATA_SIZE)
		count = HOSTCALL_DATA_SIZE;
	if (memory_touch(to, count, PERM_R | PERM_W))
		return -EFAULT;
	result = host_read(platform_call(), file->handle, (void *)to, count);
	if (EPOLLS)
		epoll_read(file);
	return result;
}

long stream_write(struct file *file, uint64_t from, uint64_t count)
{
	long result;

	if (count > HOSTCALL_DATA_SIZE)
		count = HOSTCALL_DATA_SIZE;
	if (memory_touch(from, count, PERM_R))
		return -EFAULT;
	result = host_write(platform_call(), file->handle, (const void *)from, count);
	if (EPOLLS && result < 0)
		epoll_written(file);
	return result;
}

long stream_control(struct file *file, uint64_t request, uint64_t to)
{
	struct hostcall *call = platform_call();
	uint8_t answer[40];
	uint64_t size;
	long result;

	switch (request) {
	case TCGETS:
		size = 36;
		result = host_ioctl_tcgets(call, file->handle, answer);
		break;
	case TIOCGWINSZ:
		size = 8;
		result = host_ioctl_tiocgwinsz(call, file->handle, answer);
		break;
	case FIONREAD:
		size = 4;
		result = host_ioctl_fionread(call, file->handle, answer);
		break;
	default:
		return -ENOTTY;
	}
	return result < 0 ? result : user_put(to, answer, size);
}

long stream_stat(struct file *file, struct stat *to)
{
	return host_fstat(platform_call(), file->handle, to);
}
