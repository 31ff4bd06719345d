/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/bytes.h"
#include "../include/clock.h"
#include "../include/linux.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/user.h"
#include "../include/wait.h"
#include "../generated/hostcall_guest.h"

#define TIMER_ABSTIME 1
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

/* Until then; what a signal leaves of it goes to `rest`, unless that is 0. */
static long sleep(const struct timespec *deadline, uint64_t rest)
{
	struct timespec left;
	long result = 0;

	while (result == 0)
		result = wait_woken(deadline);
	if (result == -ETIMEDOUT)
		return 0;
	if (result != -EINTR || rest == 0 || wait_left(deadline, &left))
		return result;
	return user_put(rest, &left, sizeof(left)) ? -EFAULT : result;
}

static long sleep_for(const struct timespec *time, uint64_t rest)
{
	struct timespec deadline;
	long error = timespec_is_valid(time) ? wait_deadline(time, &deadline) : -EINVAL;

	return error ? error : sleep(&deadline, rest);
}

long sys_nanosleep(const struct syscall_frame *frame)
{
	struct timespec wanted;

	return user_get(&wanted, frame->arg[0], sizeof(wanted)) ? -EFAULT : sleep_for(&wanted, frame->arg[1]);
}

/* Clocks of the wall's or of the machine's time; on a CPU's, and on coarse ones, nobody can sleep. */
static bool can_sleep_on(int32_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

long sys_clock_nanosleep(const struct syscall_frame *frame)
{
	int32_t clock = (int32_t)frame->arg[0];
	struct timespec wanted, deadline;
	long error;

	if (!can_sleep_on(clock))
		return -EINVAL;
	if (user_get(&wanted, frame->arg[2], sizeof(wanted)))
		return -EFAULT;
	if (!((uint32_t)frame->arg[1] & TIMER_ABSTIME))
		return sleep_for(&wanted, frame->arg[3]);
	if (!timespec_is_valid(&wanted))
		return -EINVAL;
	error = wait_until(clock, &wanted, &deadline);
	return error ? error : sleep(&deadline, 0);
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
