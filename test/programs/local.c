// SPDX-License-Identifier: Apache-2.0
/* Sockets of AF_UNIX, call by call: what it prints natively it prints in a Keep. Its paths are below a folder of its own. */
#include "local-rights.h"

static void pairs(int type)
{
	char buffer[64];
	struct iovec parts[] = { { (char *)"vec", 3 }, { (char *)"tored", 5 } };
	int fds[2], count = -1;

	printf("-- a pair: %s\n", types[type]);
	SAY(socketpair(AF_UNIX, type, 0, fds));
	show_options(fds[0]);
	show_name(fds[0], 0);
	show_name(fds[0], 1);
	show_ready(fds[0]);
	SAY(recv(fds[0], buffer, sizeof(buffer), MSG_DONTWAIT));
	SAY(send(fds[1], "hello", 5, 0));
	SAY(send(fds[1], "", 0, 0));
	SAY(write(fds[1], "world", 5));
	SAY(writev(fds[1], parts, 2));
	SAY(ioctl(fds[0], FIONREAD, &count));
	printf("count %d\n", count);
	show_ready(fds[0]);
	SAY(recv(fds[0], buffer, 3, MSG_PEEK));
	SAY(recv(fds[0], buffer, 3, MSG_PEEK | MSG_TRUNC));
	SAY(recv(fds[0], buffer, 4, MSG_TRUNC));
	for (int i = 0; i < 4; i++)
		SAY(recv(fds[0], buffer, sizeof(buffer), MSG_DONTWAIT));
	SAY(shutdown(fds[1], 7));
	SAY(shutdown(fds[1], SHUT_WR));
	SAY(send(fds[1], "x", 1, MSG_NOSIGNAL));
	show_ready(fds[0]);
	show_ready(fds[1]);
	SAY(recv(fds[0], buffer, sizeof(buffer), MSG_DONTWAIT));
	SAY(send(fds[0], "back", 4, 0));
	SAY(close(fds[1]));
	show_ready(fds[0]);
	show_name(fds[0], 1);
	SAY(send(fds[0], "x", 1, MSG_NOSIGNAL));
	SAY(send(fds[0], "x", 1, MSG_NOSIGNAL));
	SAY(recv(fds[0], buffer, sizeof(buffer), MSG_DONTWAIT));
	SAY(recv(fds[0], buffer, sizeof(buffer), MSG_DONTWAIT));
	show_options(fds[0]);
	SAY(lseek(fds[0], 0, SEEK_CUR));
	SAY(pread(fds[0], buffer, 1, 0));
	SAY(close(fds[0]));
}

/* SO_PEEK_OFF: looks that go on where the last one ended, and reads that come before them. */
static void peeks(int type)
{
	char buffer[32];
	int fds[2], value = -2;
	socklen_t size = sizeof(value);

	printf("-- looks: %s\n", types[type]);
	socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds);
	getsockopt(fds[0], SOL_SOCKET, SO_PEEK_OFF, &value, &size);
	printf("at %d\n", value);
	send(fds[1], "one", 3, 0);
	send(fds[1], "second", 6, 0);
	send(fds[1], "third", 5, 0);
	value = 1;
	SAY(setsockopt(fds[0], SOL_SOCKET, SO_PEEK_OFF, &value, sizeof(value)));
	for (int i = 0; i < 12; i++) {
		static const int lengths[] = { 2, 1, 4, 30, 30, 30 };
		int flags = i % 3 == 2 ? 0 : i % 2 ? MSG_PEEK : MSG_PEEK | (type == SOCK_STREAM ? 0 : MSG_TRUNC);
		long length;

		memset(buffer, 0, sizeof(buffer));
		length = recv(fds[0], buffer, (size_t)lengths[i % 6], flags);
		getsockopt(fds[0], SOL_SOCKET, SO_PEEK_OFF, &value, &size);
		printf("%s %ld %s, then at %d\n", flags ? "look" : "read", length, buffer, value);
	}
	value = -1;
	SAY(setsockopt(fds[0], SOL_SOCKET, SO_PEEK_OFF, &value, sizeof(value)));
	SAY(recv(fds[0], buffer, 1, MSG_PEEK));
	close(fds[0]);
	close(fds[1]);
}

/* Names in the tree and beside it. */
static void names(int type, const char *path)
{
	struct sockaddr_un peer = { 0 };
	socklen_t length = sizeof(peer);
	int server = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, type, 0), other, accepted;
	char buffer[16];
	struct stat stat;

	printf("-- a name: %s %s\n", types[type], path[0] == '@' ? path : "path");
	SAY(listen(server, 1));
	SAY(do_connect(client, path));
	SAY(do_bind(server, path));
	SAY(do_bind(server, path));
	other = socket(AF_UNIX, type, 0);
	SAY(do_bind(other, path));
	SAY(close(other));
	show_name(server, 0);
	SAY(do_connect(client, path));
	if (path[0] != '@') {
		SAY(lstat(path, &stat));
		printf("mode %o\n", stat.st_mode);
		SAY(open(path, O_RDWR));
	}
	other = socket(AF_UNIX, type == SOCK_DGRAM ? SOCK_STREAM : SOCK_DGRAM, 0);
	SAY(do_connect(other, path));
	SAY(close(other));
	SAY(accept(server, NULL, NULL));
	SAY(listen(server, 1));
	if (type == SOCK_DGRAM) {
		SAY(do_bind(client, "@client"));
		SAY(send(client, "one", 3, 0));
		SAY(recvfrom(server, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer, &length));
		printf("from %d bytes, @%s\n", (int)length, peer.sun_path + 1);
		SAY(sendto(server, "two", 3, 0, (struct sockaddr *)&peer, length));
		SAY(recv(client, buffer, sizeof(buffer), 0));
		other = socket(AF_UNIX, type, 0);
		SAY(sendto(other, "no", 2, 0, (struct sockaddr *)&peer, length));
		SAY(send(other, "no", 2, 0));
		SAY(close(other));
		peer.sun_family = AF_UNSPEC;
		SAY(connect(client, (struct sockaddr *)&peer, sizeof(peer.sun_family)));
		SAY(send(client, "no", 2, 0));
	} else {
		show_options(server);
		show_ready(server);
		SAY(do_connect(client, path));
		SAY(do_connect(client, path));
		show_ready(server);
		show_ready(client);
		SAY(send(client, "early", 5, 0));
		accepted = accept4(server, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK);
		printf("accepted, peer of %d bytes, flags %o\n", (int)length, fcntl(accepted, F_GETFL));
		show_name(accepted, 0);
		show_name(accepted, 1);
		show_name(client, 1);
		show_options(accepted);
		show_options(client);
		SAY(recv(accepted, buffer, sizeof(buffer), 0));
		SAY(recv(accepted, buffer, sizeof(buffer), 0));
		/* One more than the backlog waits, then nobody. */
		for (int i = 0; i < 4; i++) {
			other = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
			SAY(do_connect(other, path));
			if (i)
				close(other);
		}
		SAY(send(client, "unread", 6, 0));
		SAY(close(accepted));
		show_ready(client);
		SAY(recv(client, buffer, sizeof(buffer), 0));
		SAY(recv(client, buffer, sizeof(buffer), 0));
	}
	SAY(close(server));
	SAY(do_connect(client, path));
	if (path[0] != '@')
		SAY(unlink(path));
	SAY(do_connect(client, path));
	SAY(close(client));
}

static void edges(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP }, got;
	int fds[2], set = epoll_create1(0);
	char buffer[8];

	puts("-- edges");
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
	SAY(epoll_wait(set, &got, 1, 0));
	printf("%#x\n", got.events);
	SAY(epoll_wait(set, &got, 1, 0));
	write(fds[1], "abc", 3);
	SAY(epoll_wait(set, &got, 1, 0));
	printf("%#x\n", got.events);
	SAY(epoll_wait(set, &got, 1, 0));
	SAY(read(fds[0], buffer, 1));
	write(fds[1], "d", 1);
	SAY(epoll_wait(set, &got, 1, 0));
	close(fds[1]);
	SAY(epoll_wait(set, &got, 1, 0));
	printf("%#x\n", got.events);
	close(fds[0]);
	close(set);
}

/* More than there is room for, in both directions, between two threads. */
#define BULK (3u << 20)

/* The reader's, which says nothing itself: who of two threads prints first is chance. */
static unsigned long read_total, read_sum;

static void *reader(void *argument)
{
	static unsigned char bytes[50000];
	int fd = *(int *)argument;
	unsigned long total = 0, sum = 0;

	for (;;) {
		long count = recv(fd, bytes, sizeof(bytes), total % 3 ? MSG_WAITALL : 0);

		if (count <= 0)
			break;
		for (long i = 0; i < count; i++)
			sum = sum * 31 + bytes[i];
		total += (unsigned long)count;
	}
	read_total = total;
	read_sum = sum;
	return NULL;
}

static void bulk(void)
{
	static unsigned char bytes[BULK];
	struct timeval time = { 0, 20000 };
	pthread_t thread;
	int fds[2];

	puts("-- more than there is room for");
	for (unsigned i = 0; i < BULK; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 255);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	pthread_create(&thread, NULL, reader, &fds[1]);
	SAY(send(fds[0], bytes, BULK, 0));
	SAY(shutdown(fds[0], SHUT_WR));
	pthread_join(thread, NULL);
	printf("%lu bytes, sum %lx\n", read_total, read_sum);
	SAY(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	SAY(recv(fds[0], bytes, 1, 0));
	SAY(fcntl(fds[1], F_SETFL, O_NONBLOCK));
	printf("full in the end: %d\n", send(fds[1], bytes, BULK, 0) < (long)BULK && send(fds[1], bytes, 1, 0) < 0);
	SAY(send(fds[1], bytes, 1, 0));
	close(fds[0]);
	close(fds[1]);
}

static void *client(void *argument)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buffer[8] = "";

	do_connect(fd, argument);
	write(fd, "ping", 4);
	read(fd, buffer, sizeof(buffer));
	printf("client got %s\n", buffer);
	close(fd);
	return NULL;
}

static void threads(char *path)
{
	int server = socket(AF_UNIX, SOCK_STREAM, 0);

	puts("-- a server and its clients");
	do_bind(server, path);
	listen(server, 0);
	for (int i = 0; i < 20; i++) {
		pthread_t thread;
		char buffer[8] = "";
		int fd;

		pthread_create(&thread, NULL, client, path);
		fd = accept(server, NULL, NULL);
		read(fd, buffer, sizeof(buffer));
		write(fd, buffer, 4);
		pthread_join(thread, NULL);
		close(fd);
	}
	close(server);
	unlink(path);
}

static void errors(const char *folder)
{
	int fds[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(name);
	char byte;

	puts("-- errors");
	SAY(socket(AF_UNIX, SOCK_RDM, 0));
	SAY(socket(AF_UNIX, SOCK_STREAM, 7));
	SAY(socketpair(AF_INET, SOCK_STREAM, 0, fds));
	SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
	SAY(bind(fd, (struct sockaddr *)&name, 1));
	SAY(bind(fd, (struct sockaddr *)&name, sizeof(name) + 1));
	name.sun_family = AF_INET;
	SAY(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	SAY(do_bind(fd, "/nowhere/at all"));
	SAY(do_connect(fd, "/nowhere/at all"));
	SAY(do_connect(fd, folder));
	SAY(do_connect(fd, "@nobody"));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	SAY(recv(fd, &byte, 1, 0));
	SAY(shutdown(fd, SHUT_RDWR));
	show_ready(fd);
	show_name(fd, 1);
	name.sun_family = AF_UNIX;
	SAY(bind(fd, (struct sockaddr *)&name, sizeof(name.sun_family)));
	SAY(getsockname(fd, (struct sockaddr *)&name, &length));
	printf("%d bytes\n", (int)length);
	SAY(getsockopt(fd, SOL_SOCKET, 999, &byte, &length));
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	SAY(sendto(fds[0], "x", 1, 0, (struct sockaddr *)&name, sizeof(name)));
	SAY(write(fds[0], (char *)8, 1));
	SAY(send(fds[0], "ok", 2, 0));
	SAY(read(fds[1], (char *)8, 1));
	SAY(read(fds[1], &byte, 1));
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
	fflush(stdout);
	SAY(write(fds[0], "x", 1));
}

int main(void)
{
	char folder[] = "/tmp/local-XXXXXX", path[] = "s";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
		if (!types[type < 6 ? type : 0])
			continue;
		pairs(type);
		peeks(type);
		names(type, path);
		names(type, "@abstract");
		rights(type);
	}
	edges();
	bulk();
	threads(path);
	rmdir(folder);
	errors("/tmp");
	return 0;
}
