/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and closing descriptors. */
#include "../include/files.h"
#include "../include/linux.h"
#include "../include/local.h"
#include "../include/memory.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* As Linux cuts it: a result fits an int, and whole pages are moved. */
#define COUNT_MOST 0x7ffff000ull

static long move(const struct syscall_frame *frame, bool writing, int64_t at)
{
	struct file *file = files_get(frame->arg[0]);
	uint64_t count = frame->arg[2] < COUNT_MOST ? frame->arg[2] : COUNT_MOST;
	long result;

	if (!file)
		return -EBADF;
	if (frame->arg[1] > USER_END || frame->arg[2] > USER_END - frame->arg[1])
		result = -EFAULT; /* as Linux: whether or not so much is moved */
	else if (writing)
		result = file_write(file, frame->arg[1], count, at, true);
	else
		result = file_read(file, frame->arg[1], count, at, true);
	(void)file_drop(file);
	return result;
}

long sys_read(const struct syscall_frame *frame)
{
	return move(frame, false, FILE_POSITION);
}

long sys_write(const struct syscall_frame *frame)
{
	return move(frame, true, FILE_POSITION);
}

long sys_pread64(const struct syscall_frame *frame)
{
	return (int64_t)frame->arg[3] < 0 ? -EINVAL : move(frame, false, (int64_t)frame->arg[3]);
}

long sys_pwrite64(const struct syscall_frame *frame)
{
	return (int64_t)frame->arg[3] < 0 ? -EINVAL : move(frame, true, (int64_t)frame->arg[3]);
}

/* The vector's parts one after the other, until one is not done whole: an error counts only when nothing was done. */
static long parts(struct file *file, const struct syscall_frame *frame, bool writing, int64_t at, bool wait)
{
	struct iovec part;
	int64_t done = 0;

	if (frame->arg[2] > IOV_MAX)
		return -EINVAL;
	for (uint64_t i = 0; i < frame->arg[2]; i++) {
		long result = user_get(&part, frame->arg[1] + i * sizeof(part), sizeof(part));

		if (!result && (int64_t)part.length < 0)
			result = -EINVAL;
		if (!result && part.length != 0)
			result = writing ? file_write(file, part.base, part.length, at, wait && done == 0) :
					   file_read(file, part.base, part.length, at, wait && done == 0);
		if (result < 0)
			return done ? done : result;
		done += result;
		at += at == FILE_POSITION ? 0 : result;
		if ((uint64_t)result != part.length)
			break;
	}
	return done;
}

/* Of a socket a vector is one message. */
static long message(struct file *file, const struct syscall_frame *frame, bool writing, bool wait)
{
	struct run run;
	long length = frame->arg[2] > IOV_MAX ? -EINVAL : run_start(&run, frame->arg[1], frame->arg[2]);

	if (length < 0)
		return length;
	return writing ? local_write(file, run, (uint64_t)length, wait) : local_read(file, run, (uint64_t)length, wait);
}

static long vector(const struct syscall_frame *frame, bool writing, int64_t at, bool wait)
{
	struct file *file = files_get(frame->arg[0]);
	long result;

	if (!file)
		return -EBADF;
	if (SOCKETS && file->kind == FILE_LOCAL)
		result = at == FILE_POSITION ? message(file, frame, writing, wait) : -ESPIPE;
	else
		result = parts(file, frame, writing, at, wait);
	(void)file_drop(file);
	return result;
}

long sys_readv(const struct syscall_frame *frame)
{
	return vector(frame, false, FILE_POSITION, true);
}

long sys_writev(const struct syscall_frame *frame)
{
	return vector(frame, true, FILE_POSITION, true);
}

long sys_preadv(const struct syscall_frame *frame)
{
	return (int64_t)frame->arg[3] < 0 ? -EINVAL : vector(frame, false, (int64_t)frame->arg[3], true);
}

long sys_pwritev(const struct syscall_frame *frame)
{
	return (int64_t)frame->arg[3] < 0 ? -EINVAL : vector(frame, true, (int64_t)frame->arg[3], true);
}

/* RWF_HIPRI, DSYNC and SYNC ask for what is so; NOWAIT is served; APPEND and what came later are not. */
#define RWF_NOWAIT 8
#define RWF_KNOWN 0xfull

static long vector_how(const struct syscall_frame *frame, bool writing)
{
	int64_t at = (int64_t)frame->arg[3];

	if (frame->arg[5] & ~RWF_KNOWN)
		return -EOPNOTSUPP;
	if (at < FILE_POSITION)
		return -EINVAL;
	return vector(frame, writing, at, !(frame->arg[5] & RWF_NOWAIT));
}

long sys_preadv2(const struct syscall_frame *frame)
{
	return vector_how(frame, false);
}

long sys_pwritev2(const struct syscall_frame *frame)
{
	return vector_how(frame, true);
}

long sys_lseek(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	long result;

	if (!file)
		return -EBADF;
	result = file_seek(file, (int64_t)frame->arg[1], (uint32_t)frame->arg[2]);
	(void)file_drop(file);
	return result;
}

long sys_close(const struct syscall_frame *frame)
{
	return files_close(frame->arg[0]);
}

long sys_dup(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);

	return file ? files_open(file, false) : -EBADF;
}

static long duplicate_to(uint64_t from, uint64_t to, bool close_on_exec)
{
	struct file *file = files_get(from);
	long result;

	if (!file)
		return -EBADF;
	result = files_replace(to, file, close_on_exec);
	(void)file_drop(file);
	return result;
}

/* Of a descriptor and itself it only says whether that is open. */
long sys_dup2(const struct syscall_frame *frame)
{
	struct file *file;

	if (frame->arg[0] != frame->arg[1])
		return duplicate_to(frame->arg[0], frame->arg[1], false);
	file = files_get(frame->arg[0]);
	if (!file)
		return -EBADF;
	(void)file_drop(file);
	return (long)frame->arg[0];
}

long sys_dup3(const struct syscall_frame *frame)
{
	if (frame->arg[0] == frame->arg[1] || (frame->arg[2] & ~(uint64_t)O_CLOEXEC))
		return -EINVAL;
	return duplicate_to(frame->arg[0], frame->arg[1], frame->arg[2] != 0);
}
