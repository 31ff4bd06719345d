/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/bytes.h"
#include "../include/clock.h"
#include "../include/linux.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/user.h"
#include "../generated/hostcall_guest.h"

#define CLOCK_PROCESS_CPUTIME_ID 2
#define NANOSECONDS 1000000000ll
/* CLK_TCK is 100: a tick in nanoseconds. */
#define TICK 10000000ll

struct rusage {
	struct timeval user, system;
	int64_t rest[14];
};

long sys_clock_gettime(const struct syscall_frame *frame)
{
	struct timespec time;
	long error = clock_read((int32_t)frame->arg[0], &time);

	return error ? error : user_put(frame->arg[1], &time, sizeof(time));
}

long sys_clock_getres(const struct syscall_frame *frame)
{
	struct timespec time;
	long error = host_clock_getres(platform_call(), (int32_t)frame->arg[0], &time);

	if (error || frame->arg[1] == 0)
		return error;
	return user_put(frame->arg[1], &time, sizeof(time));
}

long sys_gettimeofday(const struct syscall_frame *frame)
{
	static const int32_t zone[2];
	struct timespec time;
	struct timeval answer;
	long error = clock_read(CLOCK_REALTIME, &time);

	if (error)
		return error;
	answer = (struct timeval){ time.tv_sec, time.tv_nsec / 1000 };
	if (frame->arg[0] != 0 && user_put(frame->arg[0], &answer, sizeof(answer)))
		return -EFAULT;
	if (frame->arg[1] != 0 && user_put(frame->arg[1], zone, sizeof(zone)))
		return -EFAULT;
	return 0;
}

long sys_time(const struct syscall_frame *frame)
{
	struct timespec time;
	long error = clock_read(CLOCK_REALTIME, &time);

	if (error)
		return error;
	if (frame->arg[0] != 0 && user_put(frame->arg[0], &time.tv_sec, sizeof(time.tv_sec)))
		return -EFAULT;
	return time.tv_sec;
}

/* A host that says "interrupted" without telling whether time has passed is not asked: the rest is ours to compute. */
static long sleep_for(int32_t clock, const struct timespec *wanted, uint64_t rest)
{
	struct timespec from, to, left;
	int64_t ns;
	long error = clock_read(clock, &from);

	if (error)
		return error;
	error = clock_sleep(clock, false, wanted);
	if (error != -EINTR || rest == 0 || clock_read(clock, &to))
		return error;
	left.tv_sec = wanted->tv_sec - (to.tv_sec - from.tv_sec);
	ns = wanted->tv_nsec - (to.tv_nsec - from.tv_nsec);
	left.tv_sec += ns < 0 ? -1 : ns >= NANOSECONDS ? 1 : 0;
	left.tv_nsec = ns < 0 ? ns + NANOSECONDS : ns >= NANOSECONDS ? ns - NANOSECONDS : ns;
	if (left.tv_sec < 0)
		left = (struct timespec){ 0, 0 };
	return user_put(rest, &left, sizeof(left)) ? -EFAULT : error;
}

long sys_nanosleep(const struct syscall_frame *frame)
{
	struct timespec wanted;

	if (user_get(&wanted, frame->arg[0], sizeof(wanted)))
		return -EFAULT;
	return sleep_for(CLOCK_MONOTONIC, &wanted, frame->arg[1]);
}

long sys_clock_nanosleep(const struct syscall_frame *frame)
{
	struct timespec wanted;

	if (user_get(&wanted, frame->arg[2], sizeof(wanted)))
		return -EFAULT;
	if (frame->arg[1] != 0)
		return frame->arg[1] == 1 ? clock_sleep((int32_t)frame->arg[0], true, &wanted) : -EINVAL;
	return sleep_for((int32_t)frame->arg[0], &wanted, frame->arg[3]);
}

long sys_getrusage(const struct syscall_frame *frame)
{
	struct rusage usage;
	struct timespec time;
	long error;

	if ((int32_t)frame->arg[0] < -1 || (int32_t)frame->arg[0] > 1)
		return -EINVAL;
	memset(&usage, 0, sizeof(usage));
	if ((int32_t)frame->arg[0] != -1) { /* there are no children */
		error = clock_read(CLOCK_PROCESS_CPUTIME_ID, &time);
		if (error)
			return error;
		usage.user = (struct timeval){ time.tv_sec, time.tv_nsec / 1000 };
	}
	return user_put(frame->arg[1], &usage, sizeof(usage));
}

long sys_times(const struct syscall_frame *frame)
{
	int64_t ticks[4] = { 0 };
	struct timespec time;
	long error = clock_read(CLOCK_PROCESS_CPUTIME_ID, &time);

	if (error)
		return error;
	ticks[0] = time.tv_sec * (NANOSECONDS / TICK) + time.tv_nsec / TICK;
	if (frame->arg[0] != 0 && user_put(frame->arg[0], ticks, sizeof(ticks)))
		return -EFAULT;
	error = clock_read(CLOCK_MONOTONIC, &time);
	return error ? error : time.tv_sec * (NANOSECONDS / TICK) + time.tv_nsec / TICK;
}
