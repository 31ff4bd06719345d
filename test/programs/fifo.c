// SPDX-License-Identifier: Apache-2.0
/* FIFOs by name, call by call: what it prints natively it prints in a Keep. All is in a folder of its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "say.h"

static char big[1 << 18];

static void show_ready(int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&ask, 1, 0);
	printf("ready:%s%s%s%s\n", ask.revents & POLLIN ? " IN" : "", ask.revents & POLLOUT ? " OUT" : "",
	       ask.revents & POLLERR ? " ERR" : "", ask.revents & POLLHUP ? " HUP" : "");
}

static void show(const char *path)
{
	struct statx sx;
	struct stat st;

	if (lstat(path, &st) < 0) {
		printf("%s: %s\n", path, strerrorname_np(errno));
		return;
	}
	printf("%s: %o, %ld links, %ld bytes, device %d\n", path, st.st_mode, (long)st.st_nlink, (long)st.st_size, st.st_rdev != 0);
	SAY(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx));
	printf("%o %u\n", sx.stx_mode, sx.stx_nlink);
}

static void list(void)
{
	DIR *directory = opendir(".");
	const struct dirent *entry;
	int fifos = 0, others = 0;

	while ((entry = readdir(directory)) != NULL) {
		fifos += entry->d_type == DT_FIFO;
		others += entry->d_type != DT_FIFO && entry->d_type != DT_DIR;
	}
	closedir(directory);
	printf("%d FIFOs, %d others\n", fifos, others);
}

static void names(void)
{
	char text[64] = "";
	int fd;

	puts("-- names");
	umask(022);
	SAY(mkfifo("one", 0666));
	SAY(mkfifo("one", 0666));
	SAY(mknod("two", S_IFIFO | 0640, makedev(3, 4)));
	SAY(mknodat(AT_FDCWD, "none/x", S_IFIFO | 0640, 0));
	SAY(mkfifoat(AT_FDCWD, "three/", 0600));
	SAY(mknod("", S_IFIFO | 0640, 0));
	show("one");
	show("two");
	list();
	SAY(link("one", "other"));
	SAY(symlink("one", "sym"));
	show("other");
	SAY(rename("two", "moved"));
	show("two");
	SAY(renameat2(AT_FDCWD, "moved", AT_FDCWD, "one", 1));
	SAY(rename("moved", "other"));
	show("one");
	show("other");
	SAY(chmod("one", 0600));
	SAY(truncate("one", 0));
	SAY(open("one", O_RDONLY | O_DIRECTORY));
	SAY(open("one", O_CREAT | O_EXCL | O_RDWR, 0600));
	SAY(open("one/", O_RDONLY));
	SAY(open("one/x", O_RDONLY));
	SAY(rmdir("one"));
	SAY(mkdir("one", 0700));
	SAY(execl("one", "one", NULL));
	SAY(readlink("one", text, sizeof(text)));
	SAY(fd = open("one", O_PATH));
	SAY(read(fd, text, 1));
	SAY(close(fd));
	SAY(unlink("one"));
	SAY(unlink("other"));
	SAY(unlink("sym"));
	list();
}

/* Nobody waits: O_NONBLOCK, O_RDWR, and what read, write and poll say of who is there. */
static void alone(void)
{
	int reader, writer, both, again, n = -1;
	struct stat st;

	puts("-- alone");
	SAY(mkfifo("f", 0600));
	SAY(open("f", O_WRONLY | O_NONBLOCK));
	SAY(reader = open("f", O_RDONLY | O_NONBLOCK));
	SAY(fcntl(reader, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	SAY(read(reader, big, 1));
	show_ready(reader);
	SAY(writer = open("f", O_WRONLY | O_NONBLOCK));
	SAY(read(reader, big, 1));
	show_ready(reader);
	show_ready(writer);
	SAY(write(writer, "hello", 5));
	SAY(write(reader, "hello", 5));
	SAY(read(writer, big, 5));
	show_ready(reader);
	SAY(ioctl(reader, FIONREAD, &n));
	printf("%d bytes\n", n);
	SAY(close(writer));
	show_ready(reader);
	SAY(read(reader, big, 3));
	SAY(read(reader, big, 3));
	SAY(read(reader, big, 3));
	show_ready(reader);
	SAY(again = open("f", O_RDONLY | O_NONBLOCK));
	show_ready(again);
	SAY(writer = open("f", O_WRONLY));
	show_ready(reader);
	SAY(fcntl(writer, F_SETFL, O_NONBLOCK));
	SAY(write(writer, big, sizeof(big)));
	SAY(close(reader));
	SAY(fcntl(again, F_GETPIPE_SZ));
	SAY(fstat(again, &st));
	printf("%o %ld %ld\n", st.st_mode, (long)st.st_nlink, (long)st.st_size);
	SAY(unlink("f"));
	SAY(fstat(again, &st));
	printf("%ld links\n", (long)st.st_nlink);
	SAY(read(again, big, 10));
	SAY(lseek(again, 0, SEEK_SET));
	SAY(pread(again, big, 1, 0));
	SAY(ftruncate(writer, 0));
	SAY(fchmod(writer, 0640));
	SAY(fsync(writer));
	SAY(fstat(writer, &st));
	printf("%o\n", st.st_mode);
	SAY(close(again));
	show_ready(writer);
	SAY(write(writer, "x", 1));
	SAY(close(writer));
	SAY(mkfifo("f", 0600));
	SAY(both = open("f", O_RDWR));
	show_ready(both);
	SAY(write(both, "round", 5));
	show_ready(both);
	SAY(read(both, big, 10));
	SAY(write(both, "lost", 4));
	SAY(close(both));
	SAY(reader = open("f", O_RDONLY | O_NONBLOCK));
	SAY(read(reader, big, 10));
	SAY(close(reader));
}

/* By way of /proc, each opening is one of its own. */
static void again_by_descriptor(void)
{
	char path[64], text[300] = "";
	int both, reader;

	puts("-- opened anew");
	SAY(both = open("f", O_RDWR | O_NONBLOCK));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", both);
	SAY(reader = open(path, O_RDONLY | O_NONBLOCK));
	SAY(readlink(path, text, sizeof(text) - 1) > 0);
	printf("%s\n", strrchr(text, '/'));
	SAY(write(both, "abc", 3));
	SAY(write(reader, "abc", 3));
	SAY(read(reader, big, 10));
	SAY(close(both));
	SAY(close(reader));
}

static void *open_late(void *flags)
{
	long fd;

	usleep(30000);
	fd = open("f", (int)(long)flags);
	return (void *)fd;
}

static void *copy(void *unused)
{
	int fd = open("f", O_WRONLY);
	long left = 500000;

	(void)unused;
	while (left > 0) {
		long done = write(fd, big, left < 70000 ? left : 70000);

		if (done < 0)
			return (void *)-1;
		left -= done;
	}
	close(fd);
	return NULL;
}

/* Each side waits for the other, and then bytes go through. */
static void together(void)
{
	static const int sides[2] = { O_RDONLY, O_WRONLY };
	pthread_t thread;
	void *other;

	puts("-- together");
	for (int i = 0; i < 2; i++) {
		int fd;

		pthread_create(&thread, NULL, open_late, (void *)(long)sides[!i]);
		fd = open("f", sides[i]);
		pthread_join(thread, &other);
		printf("both open: %d\n", fd >= 0 && (long)other >= 0);
		close(fd);
		close((int)(long)other);
	}
	for (int i = 0; i < 2; i++) {
		long sum = 0, got;
		int fd;

		pthread_create(&thread, NULL, copy, NULL);
		fd = open("f", O_RDONLY);
		while ((got = read(fd, big, 30000)) > 0)
			sum += got;
		pthread_join(thread, &other);
		printf("%ld bytes, then %ld\n", sum, got);
		close(fd);
	}
}

static pthread_barrier_t barrier;

static void *write_late(void *unused)
{
	int fd;

	(void)unused;
	usleep(30000);
	fd = open("f", O_WRONLY);
	if (write(fd, "late", 4) != 4)
		perror("write");
	pthread_barrier_wait(&barrier);
	close(fd);
	return NULL;
}

static void waits(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = 7 };
	int reader = open("f", O_RDONLY | O_NONBLOCK), set = epoll_create1(0);
	pthread_t thread;

	puts("-- epoll");
	SAY(epoll_ctl(set, EPOLL_CTL_ADD, reader, &event));
	SAY(epoll_wait(set, &event, 1, 0));
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, write_late, NULL);
	SAY(epoll_wait(set, &event, 1, 5000));
	printf("%x %d\n", event.events, (int)event.data.u64);
	SAY(read(reader, big, 10));
	pthread_barrier_wait(&barrier);
	SAY(epoll_wait(set, &event, 1, 5000));
	printf("%x\n", event.events);
	pthread_join(thread, NULL);
	SAY(epoll_wait(set, &event, 1, 0));
	close(set);
	close(reader);
}

static void on_alarm(int number)
{
	(void)number;
}

/* The first signal interrupts; with SA_RESTART it does not, and the other side comes. */
static void signals(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	pthread_t thread;
	sigset_t set;
	void *other;
	int fd;

	puts("-- signals");
	sigaction(SIGALRM, &action, NULL);
	ualarm(30000, 30000); /* again and again: it may come before the wait */
	SAY(open("f", O_RDONLY));
	SAY(open("f", O_WRONLY));
	ualarm(0, 0);
	SAY(open("f", O_WRONLY | O_NONBLOCK)); /* nobody was left behind */
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&thread, NULL, open_late, (void *)(long)O_WRONLY);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	ualarm(10000, 0);
	fd = open("f", O_RDONLY);
	pthread_join(thread, &other);
	printf("both open: %d\n", fd >= 0 && (long)other >= 0);
	close(fd);
	close((int)(long)other);
}

int main(void)
{
	char folder[] = "/tmp/fifo-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(folder) || chdir(folder) < 0) {
		perror(folder);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	names();
	alone();
	again_by_descriptor();
	together();
	waits();
	signals();
	SAY(unlink("f"));
	SAY(rmdir(folder));
	return 0;
}
