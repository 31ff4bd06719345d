/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts a program of scripts/tcg so that it dies with its parent: launch PROGRAM ARGUMENTS.
 * launch --serve SOCKET [--out DIR]... -- PROGRAM ARGUMENTS: its descriptor 3 listens on SOCKET, and it sees a file system
 * in which nothing but each DIR can be written. It serves a machine whose root is the host's root: whatever runs
 * there must not be able to change the host. As another user than root that takes a user namespace.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* <sys/mount.h> cannot be included beside <linux/mount.h> with every libc. */
extern int mount(const char *, const char *, const char *, unsigned long, const void *);

#define LISTEN_FD 3

/* Exit status where this machine does not let us have what --serve needs. */
#define NOT_HERE 77

static int failure = 125;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	const int why = errno;
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(why));
	exit(failure);
}

static void write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("%s", path);
	close(fd);
}

static void own_mounts(void)
{
	const uid_t user = geteuid();
	const gid_t group = getegid();
	if (unshare(CLONE_NEWNS) == 0)
		return;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		fail("a mount namespace needs root, or user namespaces that this machine lets one make");
	char map[64];
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", user);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof map, "0 %u 1", group);
	write_file("/proc/self/gid_map", map);
}

static void set_read_only(const char *path, int recursive, struct mount_attr attributes)
{
	if (syscall(SYS_mount_setattr, AT_FDCWD, path, recursive, &attributes, sizeof attributes) != 0)
		fail("mount_setattr of %s", path);
}

static void listen_on(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		fail("%s", path);
	}
	strcpy(address.sun_path, path);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)
		fail("%s", path);
	if (fd != LISTEN_FD && (dup2(fd, LISTEN_FD) < 0 || close(fd) != 0))
		fail("descriptor %d", LISTEN_FD);
}

/* Reads the options of --serve and does as they say; where the program stands among the arguments. */
static int serve(int argc, char **argv)
{
	int at = 3;
	failure = NOT_HERE;
	own_mounts();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		fail("private mounts");
	failure = 125;
	listen_on(argv[2]);
	const int first = at;
	for (; at + 1 < argc && strcmp(argv[at], "--out") == 0; at += 2)
		if (mount(argv[at + 1], argv[at + 1], NULL, MS_BIND | MS_REC, NULL) != 0)
			fail("%s", argv[at + 1]);
	set_read_only("/", AT_RECURSIVE, (struct mount_attr){.attr_set = MOUNT_ATTR_RDONLY});
	for (int out = first; out < at; out += 2)
		set_read_only(argv[out + 1], 0, (struct mount_attr){.attr_clr = MOUNT_ATTR_RDONLY});
	return at + 1;
}

int main(int argc, char **argv)
{
	const pid_t parent = getppid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	const int at = argc > 3 && strcmp(argv[1], "--serve") == 0 ? serve(argc, argv) : 1;
	if (at >= argc) {
		fputs("launch [--serve SOCKET [--out DIR]... --] PROGRAM ARGUMENTS\n", stderr);
		return 64;
	}
	/* A change of credentials forgets it; a parent that died meanwhile sends nothing. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 125;
	execv(argv[at], argv + at);
	fail("%s", argv[at]);
}
