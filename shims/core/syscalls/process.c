/* SPDX-License-Identifier: Apache-2.0 */
/* Who and where the application is: one process of one thread, number 1, on a machine of which it sees little. */
#include "../generated/hostcall_guest.h"
#include "../include/clock.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"
#include "../include/view.h"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012

struct utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};

#define CONSTANT(name, value) \
	long sys_##name(const struct syscall_frame *frame) { (void)frame; return value; }

CONSTANT(getpid, 1)
CONSTANT(getpgrp, 1)
CONSTANT(getppid, 0)
CONSTANT(getuid, 0)
CONSTANT(geteuid, 0)
CONSTANT(getgid, 0)
CONSTANT(getegid, 0)

long sys_gettid(const struct syscall_frame *frame)
{
	(void)frame;
	return task_self()->number;
}

long sys_set_tid_address(const struct syscall_frame *frame)
{
	task_self()->clear_at = frame->arg[0];
	return task_self()->number;
}

long sys_exit_group(const struct syscall_frame *frame)
{
	(void)view_sync(0, USER_END >> PAGE_SHIFT);
	keep_end((uint32_t)(frame->arg[0] & 0xff) << 8);
}

long sys_exit(const struct syscall_frame *frame)
{
	if (SHIM_THREADS)
		task_end((uint32_t)(frame->arg[0] & 0xff) << 8);
	return sys_exit_group(frame); /* the only thread is the process */
}

long sys_sched_yield(const struct syscall_frame *frame)
{
	(void)frame;
	return host_sched_yield(platform_call());
}

/* Fixed: the host's own would be its choice. The release is what C libraries compare with what they need. */
long sys_uname(const struct syscall_frame *frame)
{
	static const struct utsname name = {
		"Linux", "keep", "6.1.0-motte", "#1 Motte", "x86_64", "(none)",
	};

	return user_put(frame->arg[0], &name, sizeof(name));
}

long sys_sysinfo(const struct syscall_frame *frame)
{
	struct sysinfo info = { .procs = 1, .mem_unit = PAGE_BYTES };
	struct timespec now;
	long error = clock_read(CLOCK_MONOTONIC, &now);

	if (error)
		return error;
	info.uptime = now.tv_sec;
	info.totalram = memory_heap_pages();
	info.freeram = memory_spare_pages();
	return user_put(frame->arg[0], &info, sizeof(info));
}

long sys_arch_prctl(const struct syscall_frame *frame)
{
	uint64_t base = frame->arg[1];

	switch (frame->arg[0]) {
	case ARCH_SET_FS:
		if (base >> 47)
			return -EPERM; /* not an address of user space */
		platform_set_fs(base);
		return 0;
	case ARCH_GET_FS: {
		uint64_t now = platform_get_fs();

		return user_put(base, &now, sizeof(now));
	}
	case ARCH_GET_CPUID:
		return 1; /* the instruction is answered */
	case ARCH_SET_CPUID:
		return -ENODEV; /* as of a CPU that cannot make it fault */
	default:
		return -EINVAL; /* ARCH_SET_GS too: GS is the shim's */
	}
}
