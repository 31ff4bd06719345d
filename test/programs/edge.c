/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge PORT TURNS: one connection, edge-triggered. A thread does nothing but wait for it; another reads and answers, when the first
 * one waits again already: that must hear of the next turn all the same.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int epoll, peer;
static sem_t readable;

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void *wait_for_it(void *unused)
{
	struct epoll_event event;

	for (;;) {
		must(epoll_wait(epoll, &event, 1, -1), "epoll_wait");
		if (event.events & EPOLLIN)
			sem_post(&readable);
		if (event.events & (EPOLLRDHUP | EPOLLHUP))
			return unused;
	}
}

static void accept_one(int port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	must(bind(fd, (const struct sockaddr *)&address, sizeof(address)), "bind");
	must(listen(fd, 1), "listen");
	printf("listening\n");
	fflush(stdout);
	peer = must(accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept");
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	pthread_t waiter;
	char byte;
	int turns = 0;

	if (argc != 3)
		return 2;
	accept_one(atoi(argv[1]));
	sem_init(&readable, 0, 0);
	epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event), "epoll_ctl");
	must(-pthread_create(&waiter, NULL, wait_for_it, NULL), "pthread_create");
	while (turns < atoi(argv[2])) {
		sem_wait(&readable);
		usleep(20000); /* the other thread waits again */
		while (read(peer, &byte, 1) == 1)
			turns += must((int)write(peer, &byte, 1), "write") == 1;
	}
	printf("%d turns\n", turns);
	shutdown(peer, SHUT_WR);
	pthread_join(waiter, NULL);
	return 0;
}
