/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that send signals: alarm, setitimer, timer_create. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SAY(call)                                                                            \
	do {                                                                                 \
		errno = 0;                                                                   \
		long said = (long)(call);                                                    \
		printf("%s: %ld %s\n", #call, said, said < 0 ? strerrorname_np(errno) : ""); \
	} while (0)

static volatile sig_atomic_t count, last, code, value;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last = number;
	code = info->si_code;
	value = info->si_value.sival_int;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	struct itimerval soon = {{0, 0}, {0, 20000}}, often = {{0, 10000}, {0, 10000}}, off = {{0, 0}, {0, 0}}, left;
	struct itimerspec in = {{0, 0}, {0, 20000000}}, never = {{0, 0}, {0, 0}}, late = {{0, 0}, {100, 0}}, rest, bad = {{0, -1}, {0, 0}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
	/* None that a clock could be set to: the test may run as root. */
	static const struct timespec wrong[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
	timer_t timer, silent;

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	SAY(alarm(100));
	SAY(alarm(0));
	SAY(alarm(0));
	SAY(setitimer(ITIMER_REAL, &soon, NULL));
	SAY(pause());
	printf("%d\n", (int)last == SIGALRM);
	SAY(setitimer(ITIMER_REAL, &soon, &left));
	printf("%ld %ld\n", (long)left.it_value.tv_sec, (long)left.it_value.tv_usec);
	SAY(poll(NULL, 0, 5000));
	SAY(setitimer(ITIMER_REAL, &often, NULL));
	while (count < 5)
		pause();
	SAY(setitimer(ITIMER_REAL, &off, &left));
	printf("%ld\n", (long)left.it_interval.tv_usec);
	SAY(getitimer(ITIMER_REAL, &left));
	SAY(getitimer(9, &left));
	SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
	SAY(timer_settime(timer, 0, &in, NULL));
	SAY(pause());
	printf("%d %d %d\n", (int)last == SIGUSR1, (int)code == SI_TIMER, (int)value);
	SAY(timer_getoverrun(timer));
	SAY(timer_settime(timer, 0, &bad, NULL));
	SAY(timer_settime(timer, 0, &late, NULL));
	SAY(timer_settime(timer, 0, &never, &rest));
	printf("%d\n", rest.it_value.tv_sec > 0);
	SAY(timer_gettime(timer, &rest));
	SAY(timer_delete(timer));
	event.sigev_notify = SIGEV_NONE;
	SAY(timer_create(CLOCK_REALTIME, &event, &silent));
	SAY(timer_settime(silent, 0, &in, NULL));
	SAY(poll(NULL, 0, 60));
	SAY(timer_gettime(silent, &rest));
	printf("%ld\n", rest.it_value.tv_nsec);
	event.sigev_notify = 9;
	SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		SAY(syscall(SYS_clock_settime, CLOCK_REALTIME, &wrong[i]));
	SAY(syscall(SYS_clock_settime, CLOCK_REALTIME, 8));
	SAY(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &wrong[0]));
	signal(SIGALRM, SIG_DFL);
	fflush(stdout);
	setitimer(ITIMER_REAL, &soon, NULL);
	for (;;)
		pause();
}
