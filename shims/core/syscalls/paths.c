/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: nothing is granted but standard streams, so nothing is there but the program itself. */
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* What the one symbolic link and the working directory say. */
static const char program[] = "/exec";
static const char self[] = "/proc/self/exe";

/* Of a path that is read, and is not there. */
static long absent(uint64_t path)
{
	long error = user_path(path);

	return error ? error : -ENOENT;
}

#define ABSENT(name, path) \
	long sys_##name(const struct syscall_frame *frame) { return absent(frame->arg[path]); }

ABSENT(stat, 0)
ABSENT(lstat, 0)
ABSENT(access, 0)
ABSENT(faccessat, 1)
ABSENT(faccessat2, 1)
ABSENT(statx, 1)

static long open_path(uint64_t path, uint64_t flags)
{
	long error = user_path(path);

	if (error)
		return error;
	return flags & O_CREAT ? -EROFS : -ENOENT;
}

long sys_open(const struct syscall_frame *frame)
{
	return open_path(frame->arg[0], frame->arg[1]);
}

long sys_openat(const struct syscall_frame *frame)
{
	return open_path(frame->arg[1], frame->arg[2]);
}

static long read_link(uint64_t path, uint64_t to, int64_t room)
{
	uint64_t length = sizeof(program) - 1;
	long error = user_path(path);

	if (room <= 0)
		return -EINVAL;
	if (error)
		return error;
	if (memcmp((const void *)path, self, sizeof(self)) != 0)
		return -ENOENT;
	if (length > (uint64_t)room)
		length = (uint64_t)room;
	error = user_put(to, program, length);
	return error ? error : (long)length;
}

long sys_readlink(const struct syscall_frame *frame)
{
	return read_link(frame->arg[0], frame->arg[1], (int64_t)frame->arg[2]);
}

long sys_readlinkat(const struct syscall_frame *frame)
{
	return read_link(frame->arg[1], frame->arg[2], (int64_t)frame->arg[3]);
}

long sys_getcwd(const struct syscall_frame *frame)
{
	if (frame->arg[1] < 2)
		return -ERANGE;
	return user_put(frame->arg[0], "/", 2) ? -EFAULT : 2;
}
