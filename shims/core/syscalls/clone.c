/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clone() and clone3(): threads of this process, as C libraries and language runtimes ask for them. What would be
 * another process is not here.
 */
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"
#include "../include/wait.h"

#define CSIGNAL 0xffull
#define CLONE_VM 0x100ull
#define CLONE_FS 0x200ull
#define CLONE_FILES 0x400ull
#define CLONE_SIGHAND 0x800ull
#define CLONE_THREAD 0x10000ull
#define CLONE_SYSVSEM 0x40000ull
#define CLONE_SETTLS 0x80000ull
#define CLONE_PARENT_SETTID 0x100000ull
#define CLONE_CHILD_CLEARTID 0x200000ull
#define CLONE_DETACHED 0x400000ull
#define CLONE_CHILD_SETTID 0x1000000ull
#define CLONE_IO 0x80000000ull
#define CLONE_FLAGS_END (1ull << 34)

/* A thread shares all of these; only CLONE_SYSVSEM and CLONE_IO make no difference here. */
#define SHARED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define KNOWN                                                                                               \
	(SHARED | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED | \
	 CLONE_CHILD_SETTID | CLONE_IO)

/* struct clone_args, as clone3() takes it; clone() fills it in. */
struct clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};
#define CLONE_ARGS_LEAST 64
#define SET_TID_MOST 32

/* A fresh thread has to be brought by the host; one that ended its task waits within the shim. */
static long start(struct task *task)
{
	long error;

	if (task->entered) {
		wait_wake(task);
		return 0;
	}
	platform_thread_expect(task);
	error = host_thread_start(platform_call(), task->index);
	if (error && platform_thread_refuse(task))
		return -EAGAIN;
	/* A host that brings it and says that it could not is taken at what it did. */
	task->entered = true;
	return 0;
}

static long clone(const struct syscall_frame *frame, const struct clone_args *args)
{
	uint64_t stack = args->stack ? args->stack + args->stack_size : platform_exec_rsp();
	uint64_t tls = args->flags & CLONE_SETTLS ? args->tls : platform_get_fs();
	struct task *task;
	int32_t number;
	long error;

	if (tls >> 47 || stack >> 47)
		return -EPERM; /* no addresses of user space */
	task = task_new();
	if (task == NULL)
		return -EAGAIN;
	number = (int32_t)task->number;
	signal_start(task, signal_blocked());
	if (args->flags & CLONE_CHILD_CLEARTID)
		task->clear_at = args->child_tid;
	platform_thread_copy(task, frame, stack, tls);
	/* Under the lock the new task cannot end, and nobody sees its number before it is where it was asked for. */
	error = start(task);
	if (error) {
		task_put(task);
		return error;
	}
	/* As Linux: a number that cannot be written is the caller's own loss. */
	if (args->flags & CLONE_PARENT_SETTID)
		(void)user_put(args->parent_tid, &number, sizeof(number));
	if (args->flags & CLONE_CHILD_SETTID)
		(void)user_put(args->child_tid, &number, sizeof(number));
	task_add(task);
	return number;
}

/* Linux's own order of what is wrong, then what is right and not here. */
static long check(uint64_t flags)
{
	if (((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) || ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)))
		return -EINVAL;
	return (flags & SHARED) != SHARED || (flags & ~KNOWN) ? -ENOSYS : 0;
}

long sys_clone(const struct syscall_frame *frame)
{
	const struct clone_args args = {
		.flags = (uint32_t)frame->arg[0] & ~CSIGNAL, /* a thread sends none when it ends */
		.child_tid = frame->arg[3],
		.parent_tid = frame->arg[2],
		.stack = frame->arg[1],
		.tls = frame->arg[4],
	};
	long error = check(args.flags);

	return error ? error : clone(frame, &args);
}

/* A structure may be shorter, then the rest is zero; or longer, then the rest must be. */
static long get_args(struct clone_args *args, uint64_t from, uint64_t size)
{
	if (size < CLONE_ARGS_LEAST)
		return -EINVAL;
	if (size > PAGE_BYTES)
		return -E2BIG;
	memset(args, 0, sizeof(*args));
	if (memory_touch(from, size, PERM_R))
		return -EFAULT;
	for (uint64_t at = sizeof(*args); at < size; at++)
		if (*(const uint8_t *)(from + at) != 0)
			return -E2BIG;
	memcpy(args, (const void *)from, size < sizeof(*args) ? size : sizeof(*args));
	return 0;
}

static bool is_valid(const struct clone_args *args)
{
	if (args->set_tid_size > SET_TID_MOST || (args->set_tid != 0) != (args->set_tid_size != 0))
		return false;
	if (args->exit_signal > SIGNALS || ((args->flags & CLONE_THREAD) && args->exit_signal != 0))
		return false;
	if ((args->stack != 0) != (args->stack_size != 0))
		return false;
	return !(args->flags & (CLONE_DETACHED | CSIGNAL)) && args->flags < CLONE_FLAGS_END;
}

long sys_clone3(const struct syscall_frame *frame)
{
	struct clone_args args;
	long error = get_args(&args, frame->arg[0], frame->arg[1]);

	if (!error && !is_valid(&args))
		error = -EINVAL;
	if (!error)
		error = check(args.flags);
	if (!error && args.set_tid_size != 0)
		error = -EPERM; /* numbers are the shim's to give */
	return error ? error : clone(frame, &args);
}
