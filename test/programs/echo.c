// SPDX-License-Identifier: Apache-2.0
// A TCP echo server on one thread: epoll, sockets that do not block, what the peer does not take yet is kept. It ends when it has
// served a number of clients, and says how many bytes it has sent.
// Usage: echo PORT CLIENTS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536

struct client {
	int fd;
	int ended; // the peer sends no more
	size_t from, to; // what is in `bytes` and not sent
	char bytes[ROOM];
};

static unsigned long long sent;

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static int listener(int port)
{
	const int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), "SO_REUSEADDR");
	must(bind(fd, (const struct sockaddr *)&address, sizeof(address)), "bind");
	must(listen(fd, 128), "listen");
	must(getsockname(fd, (struct sockaddr *)&own, &length), "getsockname");
	printf("listening %s %d\n", inet_ntoa(own.sin_addr), ntohs(own.sin_port) == port);
	fflush(stdout);
	return fd;
}

static void admit(int epoll, int fd)
{
	for (;;) {
		const int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer < 0 && (errno == EAGAIN || errno == ECONNABORTED))
			return;
		must(peer, "accept4");
		must(setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)), "TCP_NODELAY");
		struct client *client = calloc(1, sizeof(*client));
		client->fd = peer;
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = client };
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event), "epoll_ctl");
	}
}

// One step of a client; 0 when it is done.
static int serve(int epoll, struct client *client)
{
	while (client->from < client->to || !client->ended) {
		if (client->from == client->to) {
			const ssize_t got = read(client->fd, client->bytes, ROOM);

			if (got < 0 && errno == EAGAIN)
				break;
			must((int)got, "read");
			client->from = 0;
			client->to = (size_t)got;
			client->ended = got == 0;
			continue;
		}
		const ssize_t put = send(client->fd, client->bytes + client->from, client->to - client->from, MSG_NOSIGNAL);

		if (put < 0 && errno == EAGAIN)
			break;
		must((int)put, "send");
		client->from += (size_t)put;
		sent += (size_t)put;
	}
	if (client->ended && client->from == client->to)
		return 0;
	const uint32_t wanted = client->from < client->to ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
	struct epoll_event event = { .events = wanted, .data.ptr = client };
	must(epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event), "epoll_ctl");
	return 1;
}

int main(int argc, char **argv)
{
	const int clients = argc > 2 ? atoi(argv[2]) : 1;
	const int fd = listener(argc > 1 ? atoi(argv[1]) : 7);
	const int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
	struct epoll_event events[64], event = { .events = EPOLLIN };
	int done = 0;

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
	while (done < clients) {
		const int ready = epoll_wait(epoll, events, 64, -1);

		if (ready < 0 && errno == EINTR)
			continue;
		must(ready, "epoll_wait");
		for (int i = 0; i < ready; i++) {
			struct client *client = events[i].data.ptr;

			if (client == NULL) {
				admit(epoll, fd);
			} else if (!serve(epoll, client)) {
				must(shutdown(client->fd, SHUT_WR), "shutdown");
				must(close(client->fd), "close");
				free(client);
				done++;
			}
		}
	}
	printf("served %d clients, %llu bytes\n", done, sent);
	return 0;
}
