// SPDX-License-Identifier: Apache-2.0
/* What the test of AF_UNIX prints, and how it names sockets. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include "say.h"

static const char *const types[] = { [SOCK_STREAM] = "stream", [SOCK_DGRAM] = "dgram", [SOCK_SEQPACKET] = "seqpacket" };

static void show_ready(int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI };
	static const struct {
		int bit;
		const char *name;
	} bits[] = { { POLLIN, "IN" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLRDHUP, "RDHUP" } };

	poll(&ask, 1, 0);
	printf("ready:");
	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (ask.revents & bits[i].bit)
			printf(" %s", bits[i].name);
	puts("");
}

static socklen_t address(struct sockaddr_un *to, const char *path)
{
	size_t length = path[0] == '@' ? strlen(path) : strlen(path) + 1;

	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, length);
	if (path[0] == '@')
		to->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int do_bind(int fd, const char *path)
{
	struct sockaddr_un name;
	socklen_t length = address(&name, path);

	return bind(fd, (struct sockaddr *)&name, length);
}

static int do_connect(int fd, const char *path)
{
	struct sockaddr_un name;
	socklen_t length = address(&name, path);

	return connect(fd, (struct sockaddr *)&name, length);
}

static void show_name(int fd, int peer)
{
	struct sockaddr_un name = { 0 };
	socklen_t length = sizeof(name);
	int result = peer ? getpeername(fd, (struct sockaddr *)&name, &length) :
			    getsockname(fd, (struct sockaddr *)&name, &length);

	if (result)
		printf("%s: %s\n", peer ? "peer" : "name", strerrorname_np(errno));
	else
		printf("%s: family %d, %d bytes, %s%s\n", peer ? "peer" : "name", name.sun_family, (int)length,
		       name.sun_path[0] ? "" : "@", name.sun_path + !name.sun_path[0]);
}

static void show_options(int fd)
{
	static const struct {
		int option;
		const char *name;
	} rows[] = { { SO_TYPE, "type" }, { SO_ERROR, "error" }, { SO_DOMAIN, "domain" }, { SO_PROTOCOL, "protocol" },
		     { SO_ACCEPTCONN, "accepts" }, { SO_PASSCRED, "passcred" } };
	struct ucred peer;
	socklen_t length = sizeof(peer);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int value = -1;
		socklen_t size = sizeof(value);

		getsockopt(fd, SOL_SOCKET, rows[i].option, &value, &size);
		printf("%s %d%s", rows[i].name, value, i + 1 < sizeof(rows) / sizeof(rows[0]) ? ", " : "\n");
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	printf("peer: %s, uid %d\n", peer.pid == getpid() ? "me" : peer.pid ? "another" : "nobody", (int)peer.uid);
}
