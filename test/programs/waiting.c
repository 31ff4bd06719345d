/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes, eventfd, timerfd, epoll, poll and select, as a table of what each call says. One thread: nothing here waits for another. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* A call's result and, when it failed, errno. */
#define SAY(call)                                                                     \
	do {                                                                          \
		errno = 0;                                                            \
		long said = (long)(call);                                             \
		printf("%d %s: %ld %s\n", __LINE__, #call, said, said < 0 ? strerrorname_np(errno) : ""); \
	} while (0)

/* An address that nothing is at, which the compiler cannot know. */
static void *volatile nowhere = (void *)8;
static volatile int negative = -1;
static char big[1 << 18];

static void pipes(void)
{
	int p[2], n, copy;
	struct stat st;

	SAY(pipe(p));
	SAY(write(p[1], "hello", 5));
	SAY(ioctl(p[0], FIONREAD, &n));
	printf("%d bytes\n", n);
	SAY(read(p[0], big, 3));
	SAY(read(p[0], big, 100));
	SAY(fcntl(p[1], F_GETPIPE_SZ));
	SAY(fcntl(p[0], F_SETFL, O_NONBLOCK));
	SAY(fcntl(p[1], F_SETFL, O_NONBLOCK));
	SAY(read(p[0], big, 1));
	SAY(read(p[0], big, 0));
	SAY(write(p[1], big, sizeof(big)));
	SAY(write(p[1], big, 1));
	SAY(fcntl(p[1], F_SETPIPE_SZ, 4096));
	SAY(read(p[0], big, 4096));
	SAY(write(p[1], big, 4096));
	SAY(write(p[1], big, 4096));
	SAY(read(p[0], big, sizeof(big)));
	SAY(fcntl(p[1], F_SETPIPE_SZ, 5000));
	SAY(write(p[1], big, sizeof(big)));
	SAY(read(p[0], big, sizeof(big)));
	SAY(fcntl(p[1], F_SETPIPE_SZ, 100));
	SAY(read(p[1], big, 1));
	SAY(write(p[0], big, 1));
	SAY(lseek(p[0], 0, SEEK_CUR));
	SAY(pread(p[0], big, 1, 0));
	SAY(pwrite(p[1], big, 1, 0));
	SAY(ftruncate(p[1], 1));
	SAY(fstat(p[0], &st));
	printf("%o\n", st.st_mode & S_IFMT);
	SAY(write(p[1], nowhere, 3));
	SAY(write(p[1], "abc", 3));
	SAY(read(p[0], nowhere, 3));
	SAY(copy = dup(p[1]));
	SAY(close(p[1]));
	SAY(read(p[0], big, 10));
	SAY(read(p[0], big, 10));
	SAY(close(copy));
	SAY(read(p[0], big, 10));
	SAY(close(p[0]));
	SAY(pipe2(p, O_CLOEXEC | O_NONBLOCK));
	SAY(fcntl(p[0], F_GETFD));
	SAY(fcntl(p[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE));
	SAY(close(p[0]));
	signal(SIGPIPE, SIG_IGN);
	SAY(write(p[1], "x", 1));
	SAY(write(p[1], "x", 0));
	SAY(close(p[1]));
	SAY(pipe2(p, 1));
	SAY(pipe(nowhere));
	SAY(fcntl(0, F_GETPIPE_SZ) < 0);
}

static void eventfds(void)
{
	uint64_t v = 3;
	int e;

	SAY(e = eventfd(2, EFD_NONBLOCK));
	SAY(write(e, &v, 8));
	SAY(read(e, &v, 7));
	SAY(read(e, &v, 8));
	printf("%llu\n", (unsigned long long)v);
	SAY(read(e, &v, 8));
	v = UINT64_MAX;
	SAY(write(e, &v, 8));
	v--;
	SAY(write(e, &v, 8));
	v = 1;
	SAY(write(e, &v, 8));
	SAY(write(e, &v, 4));
	SAY(lseek(e, 0, SEEK_SET));
	SAY(ioctl(e, FIONREAD, &v));
	SAY(close(e));
	SAY(e = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC));
	for (int i = 0; i < 3; i++) {
		SAY(read(e, &v, 8));
		printf("%llu\n", (unsigned long long)v);
	}
	SAY(close(e));
	SAY(eventfd(0, 0x10));
}

static void timerfds(void)
{
	struct itimerspec spec = {{0, 20000000}, {0, 400000000}}, left;
	struct pollfd fd = {.events = POLLIN};
	uint64_t v = 0;
	int t;

	SAY(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	SAY(t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	SAY(read(t, &v, 8));
	SAY(timerfd_gettime(t, &left));
	printf("%ld %ld\n", left.it_value.tv_nsec, left.it_interval.tv_nsec);
	SAY(timerfd_settime(t, 0, &spec, &left));
	SAY(read(t, &v, 8));
	fd.fd = t;
	SAY(poll(&fd, 1, 5000));
	printf("%x\n", fd.revents);
	SAY(read(t, &v, 4));
	SAY(read(t, &v, 8));
	printf("%d\n", v >= 1);
	usleep(50000);
	SAY(fcntl(t, F_SETFL, 0));
	SAY(read(t, &v, 8));
	printf("%d\n", v >= 2);
	SAY(read(t, &v, 8));
	spec.it_value.tv_nsec = 1000000000;
	SAY(timerfd_settime(t, 0, &spec, NULL));
	SAY(timerfd_settime(t, 8, &spec, NULL));
	memset(&spec, 0, sizeof(spec));
	SAY(timerfd_settime(t, 0, &spec, &left));
	printf("%ld %d\n", left.it_interval.tv_nsec, left.it_value.tv_nsec > 0);
	clock_gettime(CLOCK_REALTIME, &spec.it_value);
	spec.it_value.tv_sec -= 5;
	SAY(close(t));
	SAY(t = timerfd_create(CLOCK_REALTIME, 0));
	SAY(timerfd_settime(t, TFD_TIMER_ABSTIME, &spec, NULL));
	SAY(read(t, &v, 8));
	printf("%llu\n", (unsigned long long)v);
	SAY(write(t, &v, 8));
	SAY(timerfd_settime(1, 0, &spec, NULL));
	SAY(close(t));
	SAY(t = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
	SAY(close(t));
}

static int compare(const void *a, const void *b)
{
	const struct epoll_event *x = a, *y = b;

	return x->data.u64 < y->data.u64 ? -1 : x->data.u64 > y->data.u64;
}

static void show(int ep, int most)
{
	struct epoll_event got[8];
	int n = epoll_wait(ep, got, most, 0);

	qsort(got, n > 0 ? (size_t)n : 0, sizeof(got[0]), compare);
	printf("%d:", n);
	for (int i = 0; i < n; i++)
		printf(" %x/%llx", got[i].events, (unsigned long long)got[i].data.u64);
	printf("\n");
}

static void control(int ep, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = {.events = events, .data.u64 = data};

	SAY(epoll_ctl(ep, op, fd, &ev));
}

static void epolls(void)
{
	int ep, other, p[2], e, copy;
	uint64_t one = 1;
	struct epoll_event ev;

	SAY(ep = epoll_create1(EPOLL_CLOEXEC));
	SAY(epoll_create(0));
	SAY(epoll_create1(1));
	SAY(pipe2(p, O_NONBLOCK));
	SAY(e = eventfd(0, EFD_NONBLOCK));
	control(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 0x1111222233334444);
	control(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 1);
	control(ep, EPOLL_CTL_MOD, e, EPOLLIN, 1);
	control(ep, EPOLL_CTL_DEL, e, 0, 0);
	control(ep, EPOLL_CTL_ADD, ep, EPOLLIN, 1);
	control(ep, EPOLL_CTL_ADD, 999, EPOLLIN, 1);
	control(999, EPOLL_CTL_ADD, e, EPOLLIN, 1);
	control(e, EPOLL_CTL_ADD, p[0], EPOLLIN, 1);
	control(ep, 9, p[0], EPOLLIN, 1);
	SAY(epoll_ctl(ep, EPOLL_CTL_ADD, e, NULL));
	SAY(epoll_wait(ep, &ev, 0, 0));
	SAY(epoll_wait(ep, &ev, negative, 0));
	SAY(epoll_wait(e, &ev, 1, 0));
	SAY(epoll_wait(999, &ev, 1, 0));
	show(ep, 8);
	SAY(write(p[1], "x", 1));
	show(ep, 8);
	show(ep, 8);
	SAY(epoll_wait(ep, nowhere, 1, 0));
	control(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT, 2);
	show(ep, 8);
	show(ep, 1);
	printf("edges\n");
	control(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 1);
	control(ep, EPOLL_CTL_DEL, p[1], 0, 0);
	show(ep, 8);
	show(ep, 8);
	SAY(write(p[1], "y", 1));
	show(ep, 8);
	show(ep, 8);
	SAY(read(p[0], big, 1));
	show(ep, 8);
	control(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 1);
	show(ep, 8);
	control(ep, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLOUT | EPOLLET, 3);
	show(ep, 8);
	show(ep, 8);
	SAY(write(e, &one, 8));
	show(ep, 8);
	SAY(read(e, &one, 8));
	show(ep, 8);
	show(ep, 8);
	printf("once\n");
	control(ep, EPOLL_CTL_MOD, e, EPOLLOUT | EPOLLONESHOT, 4);
	show(ep, 8);
	show(ep, 8);
	control(ep, EPOLL_CTL_MOD, e, EPOLLOUT | EPOLLONESHOT, 5);
	show(ep, 8);
	printf("exclusive\n");
	control(ep, EPOLL_CTL_DEL, e, 0, 0);
	control(ep, EPOLL_CTL_ADD, e, EPOLLOUT | EPOLLEXCLUSIVE, 6);
	control(ep, EPOLL_CTL_MOD, e, EPOLLOUT, 6);
	show(ep, 8);
	printf("nested\n");
	SAY(other = epoll_create1(0));
	control(other, EPOLL_CTL_ADD, ep, EPOLLIN, 7);
	control(ep, EPOLL_CTL_ADD, other, EPOLLIN, 8);
	show(other, 8);
	control(ep, EPOLL_CTL_DEL, e, 0, 0);
	show(other, 8);
	SAY(write(p[1], "z", 1));
	show(other, 8);
	struct pollfd fd = {.fd = other, .events = POLLIN};
	SAY(poll(&fd, 1, 0));
	SAY(read(other, big, 8));
	SAY(write(other, big, 8));
	int chain[7];
	for (int i = 0; i < 7; i++)
		chain[i] = epoll_create1(0);
	for (int i = 0; i < 6; i++)
		control(chain[i], EPOLL_CTL_ADD, chain[i + 1], EPOLLIN, 1);
	printf("closing\n");
	SAY(copy = dup(p[0]));
	SAY(close(p[0]));
	SAY(write(p[1], "z", 1));
	show(ep, 8);
	SAY(close(copy));
	SAY(write(p[1], "z", 1));
	show(ep, 8);
	SAY(close(ep));
	show(other, 8);
	SAY(pipe(p));
	control(other, EPOLL_CTL_ADD, p[0], 0, 1);
	SAY(close(p[1]));
	show(other, 8);
	SAY(pipe(p));
	control(other, EPOLL_CTL_ADD, p[1], EPOLLOUT, 2);
	SAY(close(p[0]));
	show(other, 8);
	int file = open("/tmp", O_RDONLY | O_DIRECTORY);
	control(other, EPOLL_CTL_ADD, file, EPOLLIN, 1);
	SAY(epoll_wait(other, (struct epoll_event *)big, 1, -1));
}

static void polls(void)
{
	struct pollfd fds[4] = {{.fd = -1, .events = POLLIN}, {.fd = 999, .events = POLLIN}};
	struct timespec none = {0, 0}, bad = {0, -1}, soon = {0, 5000000};
	struct timeval nothing = {0, 0};
	sigset_t set;
	fd_set in, out, except;
	int p[2];

	SAY(poll(fds, 2, -1));
	printf("%x %x\n", fds[0].revents, fds[1].revents);
	SAY(pipe(p));
	fds[1] = (struct pollfd){.fd = p[0], .events = POLLIN | POLLOUT};
	fds[2] = (struct pollfd){.fd = p[1], .events = POLLIN | POLLOUT};
	SAY(poll(fds, 3, -1));
	printf("%x %x %x\n", fds[0].revents, fds[1].revents, fds[2].revents);
	SAY(poll(fds, 2, 0));
	SAY(poll(fds, 2, 10));
	SAY(poll(nowhere, 2, 10));
	SAY(poll(NULL, 0, 10));
	SAY(ppoll(fds, 2, &bad, NULL));
	SAY(ppoll(fds, 2, &soon, NULL));
	sigemptyset(&set);
	SAY(ppoll(fds, 2, &none, &set));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(p[0], &in);
	FD_SET(p[1], &out);
	FD_SET(p[1], &except);
	SAY(select(p[1] + 1, &in, &out, &except, &nothing));
	printf("%d %d %d\n", FD_ISSET(p[0], &in), FD_ISSET(p[1], &out), FD_ISSET(p[1], &except));
	SAY(write(p[1], "x", 1));
	FD_SET(p[0], &in);
	SAY(select(p[1] + 1, &in, &out, NULL, NULL));
	FD_SET(60, &in); /* which is not open */
	SAY(select(61, &in, NULL, NULL, NULL));
	SAY(select(-1, NULL, NULL, NULL, NULL));
	SAY(select(0, NULL, NULL, NULL, &nothing));
	nothing.tv_usec = -1;
	SAY(select(0, NULL, NULL, NULL, &nothing));
	FD_ZERO(&in);
	SAY(pselect(0, &in, NULL, NULL, &soon, &set));
	SAY(close(p[1]));
	fds[1].events = 0;
	SAY(poll(fds, 2, 0));
	printf("%x\n", fds[1].revents);
	SAY(read(p[0], big, 5));
	SAY(poll(fds, 2, 0));
	FD_SET(p[0], &in);
	SAY(select(p[0] + 1, &in, NULL, NULL, NULL));
}

static volatile int handled;

static void on_signal(int number)
{
	handled = number;
}

/* A signal that is blocked, and sent, comes within the call that unblocks it, and the mask is as before then. */
static void masks(void)
{
	struct timespec soon = {5, 0};
	struct epoll_event ev;
	sigset_t set, empty, now;
	int p[2], ep = epoll_create1(0);

	signal(SIGUSR1, on_signal);
	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	SAY(pipe(p));
	struct pollfd fd = {.fd = p[0], .events = POLLIN};
	SAY(raise(SIGUSR1));
	SAY(ppoll(&fd, 1, &soon, NULL) < 0 ? 1 : handled);
	SAY(ppoll(&fd, 1, NULL, &empty));
	printf("%d\n", handled == SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	SAY(sigismember(&now, SIGUSR1));
	handled = 0;
	SAY(raise(SIGUSR1));
	SAY(epoll_pwait(ep, &ev, 1, -1, &empty));
	printf("%d\n", handled == SIGUSR1);
	SAY(raise(SIGUSR1));
	SAY(pselect(0, NULL, NULL, NULL, NULL, &empty));
	sigprocmask(SIG_BLOCK, NULL, &now);
	SAY(sigismember(&now, SIGUSR1));
}

int main(void)
{
	pipes();
	eventfds();
	timerfds();
	polls();
	epolls();
	masks();
	fflush(stdout);
	return 0;
}
