// SPDX-License-Identifier: Apache-2.0
/* signalfd, call by call: what it prints natively it prints in a Keep. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "say.h"

static void *volatile nowhere = (void *)8;
static struct signalfd_siginfo records[8];

static sigset_t set_of(int one, int two, int three)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, one);
	sigaddset(&set, two);
	sigaddset(&set, three);
	return set;
}

/* What was read, the same wherever it runs. */
static void show(long bytes)
{
	printf("%ld bytes\n", bytes);
	for (long i = 0; i < bytes / (long)sizeof(*records); i++) {
		const struct signalfd_siginfo *r = &records[i];

		printf("signal %u, errno %d, code %d, pid %s, uid %s, fd %d, timer %u, overrun %u, int %d, ptr %llx, addr %llx, status %d\n",
		       r->ssi_signo, r->ssi_errno, r->ssi_code, r->ssi_pid == (uint32_t)getpid() ? "mine" : r->ssi_pid ? "other" : "0",
		       r->ssi_pid && r->ssi_uid == getuid() ? "mine" : "0", r->ssi_fd, r->ssi_tid, r->ssi_overrun, r->ssi_int, (unsigned long long)r->ssi_ptr,
		       (unsigned long long)r->ssi_addr, r->ssi_status);
	}
}

static void show_ready(int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&ask, 1, 0);
	printf("ready: %x\n", ask.revents);
}

static void calls(void)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR2, SIGRTMIN + 1);
	union sigval value = { .sival_int = 4711 };
	struct stat st;
	int fd, other, flags;

	puts("-- calls");
	sigprocmask(SIG_BLOCK, &set, NULL);
	SAY(syscall(SYS_signalfd4, -1, &set, 4, 0));
	SAY(syscall(SYS_signalfd4, -1, &set, 8, 1));
	SAY(syscall(SYS_signalfd4, -1, nowhere, 8, 0));
	SAY(syscall(SYS_signalfd4, 99, &set, 8, 0));
	SAY(syscall(SYS_signalfd4, 1, &set, 8, 0));
	SAY(fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	SAY(fcntl(fd, F_GETFD));
	SAY(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	SAY(fstat(fd, &st));
	printf("%o\n", st.st_mode);
	show_ready(fd);
	SAY(read(fd, records, sizeof(records)));
	SAY(read(fd, records, 127));
	SAY(write(fd, records, sizeof(records)));
	SAY(pread(fd, records, sizeof(records), 0));
	SAY(lseek(fd, 0, SEEK_SET));
	SAY(ioctl(fd, FIONREAD, &flags));
	raise(SIGUSR1);
	show_ready(fd);
	SAY(read(fd, nowhere, 128));
	show_ready(fd);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN + 1, value);
	value.sival_int = -3;
	sigqueue(getpid(), SIGRTMIN + 1, value);
	sigqueue(getpid(), SIGUSR2, value);
	show(read(fd, records, 200));
	show(read(fd, records, sizeof(records)));
	show_ready(fd);
	/* Another set of the same file; one signal is in neither. */
	set = set_of(SIGUSR2, SIGTERM, SIGTERM);
	SAY(signalfd(fd, &set, 0) == fd);
	kill(getpid(), SIGUSR1);
	show_ready(fd);
	kill(getpid(), SIGUSR2);
	show_ready(fd);
	show(read(fd, records, sizeof(records)));
	SAY(sigpending(&set));
	SAY(sigismember(&set, SIGUSR1));
	sigaddset(&set, SIGUSR1);
	SAY(other = signalfd(-1, &set, SFD_NONBLOCK));
	show(read(other, records, sizeof(records)));
	SAY(close(other));
	SAY(syscall(SYS_signalfd, -1, &set, 8) >= 0);
	SAY(close(fd));
}

/* The kernel's own: a timer, and SIGPIPE to whoever writes. */
static void causes(void)
{
	sigset_t set = set_of(SIGALRM, SIGPIPE, SIGRTMIN + 2);
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2, .sigev_value = { .sival_int = 99 } };
	struct itimerspec soon = { .it_value = { 0, 10000000 } };
	int fd, p[2];
	timer_t timer;

	puts("-- causes");
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	pipe(p);
	close(p[0]);
	SAY(write(p[1], "x", 1));
	show(read(fd, records, sizeof(records)));
	ualarm(10000, 0);
	show(read(fd, records, sizeof(records)));
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &soon, NULL);
	show(read(fd, records, sizeof(records)));
	timer_delete(timer);
	close(fd);
	close(p[1]);
}

static void on_signal(int number)
{
	(void)number;
}

/* A signal that has a handler and is not blocked ends the wait; what waits stays. */
static void interrupted(void)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR1, SIGUSR1), alarm = set_of(SIGALRM, SIGALRM, SIGALRM);
	struct sigaction action = { .sa_handler = on_signal };
	int fd = signalfd(-1, &set, 0);

	puts("-- interrupted");
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	ualarm(20000, 20000);
	SAY(read(fd, records, sizeof(records)));
	ualarm(0, 0);
	close(fd);
}

static pthread_t first;
static int shared;

static void *send_late(void *way)
{
	usleep(20000);
	if (way)
		pthread_kill(first, SIGUSR2);
	else
		kill(getpid(), SIGUSR1);
	return NULL;
}

/* What was sent to another thread alone is not for this one. */
static void *reads(void *unused)
{
	(void)unused;
	show_ready(shared);
	SAY(read(shared, records, sizeof(records)));
	return NULL;
}

static void threads(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	sigset_t set = set_of(SIGUSR1, SIGUSR2, SIGUSR2);
	int epoll = epoll_create1(0);
	pthread_t thread;

	puts("-- threads");
	first = pthread_self();
	shared = signalfd(-1, &set, 0);
	pthread_create(&thread, NULL, send_late, NULL);
	show(read(shared, records, sizeof(records)));
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, send_late, &shared);
	show(read(shared, records, sizeof(records)));
	pthread_join(thread, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, shared, &event);
	SAY(epoll_wait(epoll, &event, 1, 0));
	pthread_create(&thread, NULL, send_late, NULL);
	SAY(epoll_wait(epoll, &event, 1, 5000));
	pthread_join(thread, NULL);
	SAY(epoll_wait(epoll, &event, 1, 0));
	show(read(shared, records, sizeof(records)));
	fcntl(shared, F_SETFL, O_NONBLOCK);
	raise(SIGUSR2);
	pthread_create(&thread, NULL, reads, NULL);
	pthread_join(thread, NULL);
	show(read(shared, records, sizeof(records)));
	close(epoll);
	close(shared);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	calls();
	causes();
	interrupted();
	threads();
	return 0;
}
