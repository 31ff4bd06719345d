/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the internet.
 *   net echo FAMILY PORT COUNT    a server by epoll: COUNT clients get back what they send, then it ends
 *   net udp FAMILY PORT COUNT     the same for COUNT datagrams
 *   net connect ADDRESS PORT      sends a line by a blocking socket and prints what comes back
 *   net later ADDRESS PORT        the same by a non-blocking one
 *   net bind ADDRESS PORT         prints what bind() says
 *   net errors                    what calls say that nothing has granted anything for
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SAY(call)                                                                            \
	do {                                                                                 \
		errno = 0;                                                                   \
		long said = (long)(call);                                                    \
		printf("%s: %ld %s\n", #call, said, said < 0 ? strerrorname_np(errno) : ""); \
	} while (0)

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	exit(1);
}

static socklen_t parse(const char *text, const char *port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(port));
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		exit(2);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(atoi(port));
	return sizeof(*in6);
}

static int bound(int type, const char *family, const char *port)
{
	struct sockaddr_storage to;
	socklen_t length = parse(*family == '6' ? "::" : "0.0.0.0", port, &to);
	int on = 1, fd = socket(to.ss_family, type, 0);

	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		fail("setsockopt");
	if (bind(fd, (struct sockaddr *)&to, length) != 0)
		fail("bind");
	return fd;
}

/* Edge-triggered, as event loops have it: read until there is no more, and remember what cannot be written yet. */
static void echo(const char *family, const char *port, int count)
{
	static char buffer[65536];
	struct epoll_event event = {.events = EPOLLIN, .data.fd = -1}, events[64];
	int set = epoll_create1(0), fd = bound(SOCK_STREAM | SOCK_NONBLOCK, family, port), open = 0, all = 0;
	long bytes = 0;

	if (listen(fd, 128) != 0)
		fail("listen");
	event.data.fd = fd;
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	printf("listening\n");
	fflush(stdout);
	while (all < count || open > 0) {
		int n = epoll_wait(set, events, 64, -1);

		if (n < 0)
			fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			int one = events[i].data.fd;

			if (one == fd) {
				while ((one = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
					event = (struct epoll_event){.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = one};
					epoll_ctl(set, EPOLL_CTL_ADD, one, &event);
					open++;
					all++;
				}
				if (errno != EAGAIN)
					fail("accept4");
				continue;
			}
			for (;;) {
				long got = recv(one, buffer, sizeof(buffer), 0);

				if (got < 0 && errno == EAGAIN)
					break;
				if (got <= 0) {
					close(one);
					open--;
					break;
				}
				bytes += got;
				for (long sent = 0; sent < got;) {
					struct pollfd wait = {.fd = one, .events = POLLOUT};
					long part = send(one, buffer + sent, got - sent, MSG_NOSIGNAL);

					if (part < 0 && errno != EAGAIN)
						fail("send");
					if (part < 0)
						poll(&wait, 1, -1);
					else
						sent += part;
				}
			}
		}
	}
	printf("%d clients, %ld bytes\n", all, bytes);
}

static void udp(const char *family, const char *port, int count)
{
	int fd = bound(SOCK_DGRAM, family, port);
	char buffer[70000];

	printf("listening\n");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		struct sockaddr_storage from;
		struct iovec part = {buffer, sizeof(buffer)};
		struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
		long got = recvmsg(fd, &message, 0);

		if (got < 0)
			fail("recvmsg");
		if (sendto(fd, buffer, got, 0, (struct sockaddr *)&from, message.msg_namelen) != got)
			fail("sendto");
	}
	printf("%d datagrams\n", count);
}

static void talk(int fd)
{
	char buffer[64];
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	int value = -1;

	SAY(getpeername(fd, (struct sockaddr *)&peer, &length));
	printf("peer of family %d\n", peer.ss_family);
	length = sizeof(value);
	SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length));
	printf("error %d\n", value);
	value = 1;
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)));
	value = 0;
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length));
	printf("no delay %d\n", value);
	SAY(write(fd, "hello\n", 6));
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	SAY(poll(&wait, 1, 5000));
	SAY(recv(fd, buffer, 3, MSG_PEEK));
	SAY(read(fd, buffer, sizeof(buffer)));
	printf("%.6s", buffer);
	SAY(shutdown(fd, SHUT_WR));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	fcntl(fd, F_SETFL, 0);
	SAY(read(fd, buffer, sizeof(buffer)));
	SAY(close(fd));
}

static void connect_to(const char *address, const char *port, int later)
{
	struct sockaddr_storage to;
	socklen_t length = parse(address, port, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | (later ? SOCK_NONBLOCK : 0), 0);

	if (connect(fd, (struct sockaddr *)&to, length) != 0) {
		struct pollfd wait = {.fd = fd, .events = POLLOUT};
		int error = 0;

		if (errno != EINPROGRESS)
			fail("connect");
		poll(&wait, 1, 5000);
		length = sizeof(error);
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
		errno = error;
		if (error)
			fail("connect, later");
	}
	talk(fd);
}

static void errors(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct sockaddr_storage own;
	socklen_t length = sizeof(own);
	int fd, value = 0, p[2];
	char byte;

	SAY(socket(AF_INET, 77, 0));
	SAY(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	SAY(socket(77, SOCK_STREAM, 0));
	SAY(fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
	SAY(fcntl(fd, F_GETFL));
	SAY(fcntl(fd, F_GETFD));
	SAY(getsockname(fd, (struct sockaddr *)&own, &length));
	printf("%d bytes of family %d\n", length, own.ss_family);
	SAY(getpeername(fd, (struct sockaddr *)&own, &length));
	SAY(accept(fd, NULL, NULL));
	SAY(recv(fd, &byte, 1, 0));
	SAY(send(fd, &byte, 1, MSG_NOSIGNAL));
	SAY(shutdown(fd, SHUT_RD));
	SAY(lseek(fd, 0, SEEK_SET));
	length = sizeof(value);
	SAY(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length));
	printf("%d\n", value);
	SAY(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &length));
	printf("%d\n", value);
	SAY(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length));
	printf("%d\n", value);
	SAY(getsockopt(fd, 99, 99, &value, &length));
	SAY(getsockopt(fd, SOL_SOCKET, 999, &value, &length));
	SAY(setsockopt(fd, SOL_SOCKET, 999, &value, length));
	struct timeval time = {1, 500000}, got = {0};
	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	length = sizeof(got);
	SAY(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &got, &length));
	printf("%ld %ld\n", (long)got.tv_sec, (long)got.tv_usec);
	SAY(bind(fd, (struct sockaddr *)&to, 3));
	to.sin_family = AF_INET6;
	SAY(close(fd));
	SAY(fd = socket(AF_INET, SOCK_DGRAM, 0));
	SAY(listen(fd, 1));
	SAY(send(fd, &byte, 1, 0));
	SAY(close(fd));
	SAY(pipe(p));
	SAY(bind(p[0], (struct sockaddr *)&to, sizeof(to)));
	SAY(send(p[1], &byte, 1, 0));
	SAY(listen(99, 1));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "errors") == 0)
		errors();
	else if (argc == 5 && strcmp(what, "echo") == 0)
		echo(argv[2], argv[3], atoi(argv[4]));
	else if (argc == 5 && strcmp(what, "udp") == 0)
		udp(argv[2], argv[3], atoi(argv[4]));
	else if (argc == 4 && strcmp(what, "connect") == 0)
		connect_to(argv[2], argv[3], 0);
	else if (argc == 4 && strcmp(what, "later") == 0)
		connect_to(argv[2], argv[3], 1);
	else if (argc == 4 && strcmp(what, "bind") == 0) {
		struct sockaddr_storage to;
		socklen_t length = parse(argv[2], argv[3], &to);

		SAY(bind(socket(to.ss_family, SOCK_STREAM, 0), (struct sockaddr *)&to, length));
	} else
		return 2;
	return 0;
}
