// SPDX-License-Identifier: Apache-2.0
/* splice, tee, vmsplice, call by call: what it prints natively it prints in a Keep. All is in a folder of its own. */
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "say.h"

#define NONBLOCK SPLICE_F_NONBLOCK

/* An address that nothing is at, which the compiler cannot know. */
static void *volatile nowhere = (void *)8;
static char text[1 << 17], got[1 << 17];

static void in_it(int reader)
{
	int count = -1;

	ioctl(reader, FIONREAD, &count);
	printf("%d in it\n", count);
}

static void contents(int reader)
{
	long length = read(reader, got, sizeof(got) - 1);

	got[length < 0 ? 0 : length > 40 ? 40 : length] = 0;
	printf("read %ld: %s\n", length, got);
}

/* The arguments that are refused, and in which order. */
static void refused(void)
{
	int a[2], b[2], file = open("file", O_RDWR | O_CREAT, 0600), more = open("more", O_RDWR | O_CREAT, 0600);
	int event = eventfd(1, 0), set = epoll_create1(0), folder = open(".", O_RDONLY), path = open("file", O_PATH);
	struct iovec part = { text, 10 }, bad = { nowhere, 10 };
	off_t at = 0, before = -1;

	puts("-- refused");
	SAY(write(file, text, 100));
	SAY(lseek(file, 0, SEEK_SET));
	SAY(pipe(a));
	SAY(pipe(b));
	SAY(splice(-1, NULL, a[1], NULL, 0, 0));
	SAY(splice(-1, NULL, a[1], NULL, 1, 99));
	SAY(splice(-1, NULL, a[1], NULL, 1, 0));
	SAY(splice(file, NULL, 99, NULL, 1, 0));
	SAY(splice(file, NULL, more, NULL, 1, 0));
	SAY(splice(a[0], NULL, a[1], NULL, 1, 0));
	SAY(splice(a[1], NULL, b[1], NULL, 1, 0));
	SAY(splice(a[0], NULL, b[0], NULL, 1, 0));
	SAY(splice(a[0], &at, b[1], NULL, 1, 0));
	SAY(splice(a[0], NULL, b[1], &at, 1, 0));
	SAY(splice(file, &at, a[1], &at, 1, 0));
	SAY(splice(file, &before, a[1], NULL, 1, 0));
	SAY(splice(file, nowhere, a[1], NULL, 1, 0));
	SAY(splice(event, NULL, a[1], NULL, 8, NONBLOCK) < 0 ? 0 : 1);
	SAY(splice(set, NULL, a[1], NULL, 8, NONBLOCK));
	SAY(splice(folder, NULL, a[1], NULL, 8, NONBLOCK));
	SAY(splice(path, NULL, a[1], NULL, 8, NONBLOCK));
	SAY(write(a[1], "abc", 3));
	SAY(splice(a[0], NULL, event, NULL, 8, NONBLOCK));
	SAY(splice(a[0], NULL, path, NULL, 8, NONBLOCK));
	SAY(fcntl(more, F_SETFL, O_APPEND));
	SAY(splice(a[0], NULL, more, NULL, 8, NONBLOCK));
	in_it(a[0]);
	contents(a[0]);
	SAY(tee(-1, a[1], 0, 0));
	SAY(tee(-1, a[1], 0, 99));
	SAY(tee(-1, a[1], 1, 0));
	SAY(tee(a[0], a[1], 1, 0));
	SAY(tee(a[1], b[1], 1, 0));
	SAY(tee(a[0], b[0], 1, 0));
	SAY(tee(file, b[1], 1, 0));
	SAY(tee(a[0], more, 1, 0));
	SAY(vmsplice(-1, &part, 1, 0));
	SAY(vmsplice(file, &part, 1, 0));
	SAY(vmsplice(a[1], &part, 1, 99));
	SAY(vmsplice(a[1], &part, 1025, 0));
	SAY(vmsplice(a[1], &part, 0, 0));
	SAY(vmsplice(a[1], nowhere, 1, 0));
	SAY(vmsplice(a[1], &bad, 1, 0));
	SAY(vmsplice(a[0], &part, 1, NONBLOCK));
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	close(file);
	close(more);
	close(event);
	close(set);
	close(folder);
	close(path);
}

static void files(void)
{
	int p[2], file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600), null = open("/dev/null", O_WRONLY);
	int zero = open("/dev/zero", O_RDONLY);
	off_t at = 4;

	puts("-- files");
	SAY(pipe(p));
	SAY(write(file, "0123456789abcdef", 16));
	SAY(splice(file, NULL, p[1], NULL, 10, 0));
	SAY(lseek(file, 3, SEEK_SET));
	SAY(splice(file, NULL, p[1], NULL, 5, 0));
	SAY(lseek(file, 0, SEEK_CUR));
	SAY(splice(file, &at, p[1], NULL, 3, SPLICE_F_MOVE | SPLICE_F_MORE));
	printf("at %ld, %ld\n", (long)at, (long)lseek(file, 0, SEEK_CUR));
	contents(p[0]);
	at = 100;
	SAY(splice(file, &at, p[1], NULL, 3, 0));
	SAY(splice(file, NULL, p[1], NULL, 1000, 0));
	SAY(lseek(file, 0, SEEK_CUR));
	at = 20;
	SAY(splice(p[0], NULL, file, &at, 3, 0));
	printf("at %ld, %ld\n", (long)at, (long)lseek(file, 0, SEEK_END));
	SAY(splice(p[0], NULL, file, NULL, 100, 0));
	SAY(lseek(file, 0, SEEK_CUR));
	SAY(splice(p[0], NULL, file, NULL, 100, NONBLOCK));
	SAY(fcntl(p[0], F_SETFL, O_NONBLOCK));
	SAY(splice(p[0], NULL, file, NULL, 100, 0));
	SAY(lseek(file, 0, SEEK_SET));
	SAY(splice(file, NULL, p[1], NULL, 100, 0));
	for (int i = 0; i < 28; i++)
		got[i] = (char)0;
	read(p[0], got, 28);
	for (int i = 0; i < 28; i++)
		putchar(got[i] ? got[i] : '.');
	putchar('\n');
	SAY(splice(zero, NULL, p[1], NULL, 4096, 0));
	SAY(splice(p[0], NULL, null, NULL, 10000, 0));
	in_it(p[0]);
	/* More than the pipe has room for: what goes goes. */
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	SAY(pwrite(file, text, sizeof(text), 0));
	at = 0;
	SAY(splice(file, &at, p[1], NULL, sizeof(text), 0));
	SAY(splice(file, &at, p[1], NULL, sizeof(text), NONBLOCK));
	SAY(fcntl(p[1], F_SETFL, O_NONBLOCK));
	SAY(splice(file, &at, p[1], NULL, sizeof(text), 0));
	printf("at %ld\n", (long)at);
	SAY(splice(p[0], NULL, null, NULL, 5000, 0));
	in_it(p[0]);
	SAY(close(p[1]));
	SAY(splice(p[0], NULL, file, &at, 1 << 20, 0));
	SAY(splice(p[0], NULL, file, &at, 1 << 20, 0));
	printf("at %ld\n", (long)at);
	SAY(close(p[0]));
	SAY(pipe(p));
	SAY(close(p[0]));
	SAY(splice(file, NULL, p[1], NULL, 10, 0));
	SAY(lseek(file, 0, SEEK_CUR));
	SAY(close(p[1]));
	close(file);
	close(null);
	close(zero);
}

static void pipes(void)
{
	int a[2], b[2];

	puts("-- pipes");
	SAY(pipe(a));
	SAY(pipe(b));
	SAY(splice(a[0], NULL, b[1], NULL, 10, NONBLOCK));
	SAY(tee(a[0], b[1], 10, NONBLOCK));
	SAY(write(a[1], "hello world", 11));
	SAY(tee(a[0], b[1], 5, 0));
	SAY(tee(a[0], b[1], 100, 0));
	in_it(a[0]);
	contents(b[0]);
	SAY(splice(a[0], NULL, b[1], NULL, 6, 0));
	in_it(a[0]);
	contents(b[0]);
	SAY(splice(a[0], NULL, b[1], NULL, 100, 0));
	contents(b[0]);
	SAY(fcntl(b[1], F_SETFL, O_NONBLOCK));
	SAY(splice(a[0], NULL, b[1], NULL, 10, 0));
	SAY(tee(a[0], b[1], 10, 0));
	SAY(write(b[1], text, sizeof(text)));
	SAY(write(a[1], "x", 1));
	SAY(splice(a[0], NULL, b[1], NULL, 10, 0));
	SAY(tee(a[0], b[1], 10, 0));
	SAY(close(b[0]));
	SAY(splice(a[0], NULL, b[1], NULL, 10, 0));
	SAY(tee(a[0], b[1], 10, 0));
	in_it(a[0]);
	SAY(close(b[1]));
	SAY(pipe(b));
	SAY(close(a[1]));
	SAY(splice(a[0], NULL, b[1], NULL, 10, 0));
	SAY(splice(a[0], NULL, b[1], NULL, 10, 0));
	SAY(tee(a[0], b[1], 10, 0));
	SAY(close(b[1]));
	contents(b[0]);
	SAY(close(a[0]));
	SAY(close(b[0]));
}

static void memory(void)
{
	struct iovec parts[3] = { { (char *)"one", 3 }, { NULL, 0 }, { (char *)"two", 3 } };
	struct iovec into[2] = { { got, 2 }, { got + 10, 30 } }, all = { text, sizeof(text) };
	int p[2];

	puts("-- memory");
	SAY(pipe(p));
	SAY(vmsplice(p[1], parts, 3, 0));
	in_it(p[0]);
	memset(got, '.', 60);
	SAY(vmsplice(p[0], into, 2, 0));
	printf("%.20s\n", got);
	SAY(vmsplice(p[0], into, 2, NONBLOCK));
	SAY(vmsplice(p[1], &all, 1, 0) > 0);
	SAY(vmsplice(p[1], &all, 1, NONBLOCK));
	SAY(close(p[1]));
	all.iov_base = got;
	SAY(vmsplice(p[0], &all, 1, 0) > 0);
	printf("%.30s\n", got);
	SAY(vmsplice(p[0], &all, 1, 0));
	SAY(close(p[0]));
	SAY(pipe(p));
	SAY(close(p[0]));
	SAY(vmsplice(p[1], parts, 3, 0));
	SAY(close(p[1]));
}

static void sockets(int type, const char *name)
{
	int p[2], s[2];
	off_t at = 0;

	printf("-- sockets: %s\n", name);
	SAY(pipe(p));
	SAY(socketpair(AF_UNIX, type, 0, s));
	SAY(send(s[0], "message", 7, 0));
	SAY(splice(s[1], &at, p[1], NULL, 100, 0));
	SAY(splice(s[1], NULL, p[1], NULL, 4, 0));
	contents(p[0]);
	if (type == SOCK_STREAM) {
		SAY(splice(s[1], NULL, p[1], NULL, 100, 0));
		SAY(splice(s[1], NULL, p[1], NULL, 100, NONBLOCK));
	}
	SAY(fcntl(s[1], F_SETFL, O_NONBLOCK));
	SAY(splice(s[1], NULL, p[1], NULL, 100, 0));
	SAY(write(p[1], "back", 4));
	SAY(splice(p[0], NULL, s[1], &at, 100, 0));
	SAY(splice(p[0], NULL, s[1], NULL, 100, NONBLOCK));
	SAY(recv(s[0], got, 100, 0));
	SAY(close(s[0]));
	SAY(write(p[1], "lost", 4));
	SAY(splice(p[0], NULL, s[1], NULL, 100, NONBLOCK));
	if (type == SOCK_STREAM)
		SAY(splice(s[1], NULL, p[1], NULL, 100, 0));
	SAY(close(s[1]));
	SAY(close(p[0]));
	SAY(close(p[1]));
}

static void on_alarm(int number)
{
	(void)number;
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct iovec part = { got, 10 };
	int a[2], b[2], file = open("file", O_RDWR);

	puts("-- signals");
	pipe(a);
	pipe(b);
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000); /* again and again: it may come before the wait */
	SAY(splice(a[0], NULL, b[1], NULL, 10, 0));
	SAY(splice(a[0], NULL, file, NULL, 10, 0));
	SAY(tee(a[0], b[1], 10, 0));
	SAY(vmsplice(a[0], &part, 1, 0));
	ualarm(0, 0);
}

int main(void)
{
	char folder[] = "/tmp/splice-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(folder) || chdir(folder) < 0) {
		perror(folder);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	refused();
	files();
	pipes();
	memory();
	sockets(SOCK_STREAM, "stream");
	sockets(SOCK_DGRAM, "dgram");
	sockets(SOCK_SEQPACKET, "seqpacket");
	signals();
	unlink("file");
	unlink("more");
	SAY(rmdir(folder));
	/* The last word is SIGPIPE's. */
	signal(SIGPIPE, SIG_DFL);
	close(0);
	int ends[2];
	if (pipe(ends) == 0) {
		struct iovec part = { text, 1 };

		close(ends[0]);
		vmsplice(ends[1], &part, 1, 0);
	}
	return 0;
}
