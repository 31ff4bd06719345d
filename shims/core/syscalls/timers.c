/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that send signals: alarm, setitimer, timer_create. */
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/signal.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/timer.h"
#include "../include/user.h"
#include "../include/wait.h"

#define SIGALRM 14
#define SI_TIMER (-2)
#define ITIMER_REAL 0
#define ITIMERS 3
#define TIMER_ABSTIME 1
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD_ID 4
#define TIMERS_MOST 64
#define NANOSECONDS 1000000000

struct itimerval {
	struct timeval interval;
	struct timeval value;
};

struct sigevent {
	uint64_t value;
	int32_t signal;
	int32_t notify;
	int32_t task;
	uint32_t rest[11];
};
_Static_assert(sizeof(struct sigevent) == 64, "sigevent");

static struct timer real = { .clock = CLOCK_MONOTONIC, .signal = SIGALRM, .code = SI_KERNEL };
static struct timer *timers[TIMERS_MOST];

long sys_pause(const struct syscall_frame *frame)
{
	long error;

	(void)frame;
	do
		error = wait_event(NULL, 0, NULL);
	while (!error);
	return error;
}

static struct timeval microseconds(const struct timespec *time)
{
	return (struct timeval){ time->tv_sec, time->tv_nsec / 1000 };
}

static long put_interval(uint64_t to, const struct itimerspec *spec)
{
	const struct itimerval value = { microseconds(&spec->interval), microseconds(&spec->value) };

	return user_put(to, &value, sizeof(value));
}

/* Only that of real time: CPU time is the host's to tell, and no signal would come while the program uses it. */
static long which(uint64_t number)
{
	return number == ITIMER_REAL ? 0 : number < ITIMERS ? -ENOSYS : -EINVAL;
}

long sys_getitimer(const struct syscall_frame *frame)
{
	struct itimerspec spec;
	long error = which(frame->arg[0]);

	if (!error)
		error = timer_get(&real, &spec);
	return error ? error : put_interval(frame->arg[1], &spec);
}

long sys_setitimer(const struct syscall_frame *frame)
{
	struct itimerval value = { 0 };
	struct itimerspec spec, old;
	long error = which(frame->arg[0]);

	if (error)
		return error;
	if (frame->arg[1] != 0 && user_get(&value, frame->arg[1], sizeof(value)))
		return -EFAULT;
	spec = (struct itimerspec){
		{ value.interval.tv_sec, value.interval.tv_usec * 1000 }, { value.value.tv_sec, value.value.tv_usec * 1000 }
	};
	if ((uint64_t)value.interval.tv_usec >= 1000000 || (uint64_t)value.value.tv_usec >= 1000000 || !timer_is_valid(&spec))
		return -EINVAL;
	error = timer_get(&real, &old);
	if (!error)
		error = timer_set(&real, &spec, false);
	wait_changed();
	return error || frame->arg[2] == 0 ? error : put_interval(frame->arg[2], &old);
}

/* What was left of the one before in whole seconds, and never none while there was one. */
long sys_alarm(const struct syscall_frame *frame)
{
	struct itimerspec spec = { .value = { (uint32_t)frame->arg[0], 0 } }, old = { 0 };

	if (timer_get(&real, &old) || timer_set(&real, &spec, false))
		return 0;
	wait_changed();
	if (old.value.tv_nsec >= NANOSECONDS / 2 || (old.value.tv_sec == 0 && old.value.tv_nsec != 0))
		old.value.tv_sec++;
	return old.value.tv_sec;
}

static struct timer *find(uint64_t number)
{
	return number < TIMERS_MOST ? timers[number] : NULL;
}

/* What a timer is to send; NULL: SIGALRM with its number. */
static long take_event(struct timer *timer, uint64_t from)
{
	struct sigevent event = { .signal = SIGALRM, .value = (uint64_t)timer->number };

	if (from != 0 && user_get(&event, from, sizeof(event)))
		return -EFAULT;
	timer->code = SI_TIMER;
	timer->value = event.value;
	if (event.notify == SIGEV_NONE)
		return 0;
	if ((event.notify & ~SIGEV_THREAD_ID) != SIGEV_SIGNAL || event.signal < 1 || event.signal > SIGNALS)
		return -EINVAL;
	if (event.notify & SIGEV_THREAD_ID) {
		if (event.task <= 0 || !task_find((uint64_t)event.task))
			return -EINVAL;
		timer->task = (uint32_t)event.task;
	}
	timer->signal = event.signal;
	return 0;
}

long sys_timer_create(const struct syscall_frame *frame)
{
	int32_t clock = (int32_t)frame->arg[0], number = 0;
	struct timer *timer;
	long error;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return -EINVAL;
	while (number < TIMERS_MOST && timers[number])
		number++;
	if (number == TIMERS_MOST)
		return -EAGAIN;
	timer = heap_get(sizeof(*timer));
	if (!timer)
		return -EAGAIN;
	timer->clock = clock;
	timer->number = number;
	error = take_event(timer, frame->arg[1]);
	if (!error)
		error = user_put(frame->arg[2], &number, sizeof(number));
	if (error)
		heap_put(timer, sizeof(*timer));
	else
		timers[number] = timer;
	return error;
}

long sys_timer_settime(const struct syscall_frame *frame)
{
	struct timer *timer = find(frame->arg[0]);
	struct itimerspec spec, old;
	long error;

	if (frame->arg[2] == 0)
		return -EINVAL;
	if (user_get(&spec, frame->arg[2], sizeof(spec)))
		return -EFAULT;
	if (!timer || !timer_is_valid(&spec))
		return -EINVAL;
	error = timer_get(timer, &old);
	if (!error)
		error = timer_set(timer, &spec, frame->arg[1] & TIMER_ABSTIME);
	wait_changed();
	return error || frame->arg[3] == 0 ? error : user_put(frame->arg[3], &old, sizeof(old));
}

long sys_timer_gettime(const struct syscall_frame *frame)
{
	struct timer *timer = find(frame->arg[0]);
	struct itimerspec spec;
	long error = timer ? timer_get(timer, &spec) : -EINVAL;

	return error ? error : user_put(frame->arg[1], &spec, sizeof(spec));
}

long sys_timer_getoverrun(const struct syscall_frame *frame)
{
	const struct timer *timer = find(frame->arg[0]);

	return timer ? (long)(timer->overrun & INT32_MAX) : -EINVAL;
}

static void delete(struct timer *timer)
{
	timer_disarm(timer);
	timers[timer->number] = NULL;
	heap_put(timer, sizeof(*timer));
}

long sys_timer_delete(const struct syscall_frame *frame)
{
	struct timer *timer = find(frame->arg[0]);

	if (!timer)
		return -EINVAL;
	delete(timer);
	return 0;
}

void timers_delete(void)
{
	for (unsigned i = 0; i < TIMERS_MOST; i++)
		if (timers[i])
			delete(timers[i]);
}

/* The clocks are the host's. Linux, too, looks at the time before it asks who may set it. */
long sys_clock_settime(const struct syscall_frame *frame)
{
	struct timespec time;

	if ((int32_t)frame->arg[0] != CLOCK_REALTIME)
		return -EINVAL;
	if (user_get(&time, frame->arg[1], sizeof(time)))
		return -EFAULT;
	return timer_is_time(&time) ? -EPERM : -EINVAL;
}
