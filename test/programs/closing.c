// SPDX-License-Identifier: Apache-2.0
// closing PORT TIMES: threads wait for sockets that another one closes meanwhile: neither epoll_wait nor poll fails for that, whenever
// it happens. PORT is of this machine, and nothing needs to be there: datagrams are sent nowhere.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int set, latest = -1, over;
static unsigned failed[2]; /* epoll_wait, poll */
static int why[2];

static void note(int which)
{
	why[which] = errno;
	__atomic_fetch_add(&failed[which], 1, __ATOMIC_RELAXED);
}

static void *waits(void *unused)
{
	struct epoll_event event;

	(void)unused;
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
		if (epoll_wait(set, &event, 1, 1) < 0)
			note(0);
	return NULL;
}

/* The number may be of no file by now, which is POLLNVAL, or of the next socket. */
static void *polls(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		struct pollfd one = { .fd = __atomic_load_n(&latest, __ATOMIC_RELAXED), .events = POLLIN };
		if (poll(&one, 1, 1) < 0)
			note(1);
	}
	return NULL;
}

static int must(int result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(argc == 3 ? (uint16_t)atoi(argv[1]) : 0),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int times = argc == 3 ? atoi(argv[2]) : 0;
	pthread_t threads[2];

	set = must(epoll_create1(0), "epoll_create1");
	must(-pthread_create(&threads[0], NULL, waits, NULL), "pthread_create");
	must(-pthread_create(&threads[1], NULL, polls, NULL), "pthread_create");
	for (int i = 0; i < times; i++) {
		int one = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
		struct epoll_event event = { .events = EPOLLIN, .data.fd = one };
		must(connect(one, (const struct sockaddr *)&to, sizeof(to)), "connect");
		__atomic_store_n(&latest, one, __ATOMIC_RELAXED);
		must(epoll_ctl(set, EPOLL_CTL_ADD, one, &event), "epoll_ctl");
		must(close(one), "close");
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	for (int i = 0; i < 2; i++)
		printf("%s failed %u times%s%s\n", i == 0 ? "epoll_wait" : "poll", failed[i], failed[i] ? ": " : "",
		       failed[i] ? strerror(why[i]) : "");
	return 0;
}
