/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/files.h"
#include "../include/linux.h"
#include "../include/pipe.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* A descriptor for one end, the pipe's only one if it is the first; what it says else is an errno. */
static long open_end(struct pipe *pipe, uint32_t flags, bool close_on_exec)
{
	struct file *file = pipe_open(pipe, flags);

	return file ? files_open(file, close_on_exec) : -ENOMEM;
}

static long make(uint64_t fds, uint32_t flags)
{
	bool close_on_exec = (flags & O_CLOEXEC) != 0;
	struct pipe *pipe;
	long reader, writer;
	int32_t pair[2];

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK)) /* O_DIRECT, pipes of packets, too */
		return -EINVAL;
	pipe = pipe_new();
	if (!pipe)
		return -ENOMEM;
	reader = open_end(pipe, O_RDONLY | (flags & O_NONBLOCK), close_on_exec);
	if (reader < 0)
		return reader;
	writer = open_end(pipe, O_WRONLY | (flags & O_NONBLOCK), close_on_exec);
	if (writer >= 0) {
		pair[0] = (int32_t)reader;
		pair[1] = (int32_t)writer;
		if (!user_put(fds, pair, sizeof(pair)))
			return 0;
		(void)files_close((uint64_t)writer);
		writer = -EFAULT;
	}
	(void)files_close((uint64_t)reader);
	return writer;
}

long sys_pipe(const struct syscall_frame *frame)
{
	return make(frame->arg[0], 0);
}

long sys_pipe2(const struct syscall_frame *frame)
{
	return make(frame->arg[0], (uint32_t)frame->arg[1]);
}
