// SPDX-License-Identifier: Apache-2.0
// What programs read of /proc, /sys and /dev: each line is a question with the same answer natively and inside.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[1 << 16];

static void say(const char *what, long answer)
{
	printf("%-48s %ld\n", what, answer);
}

static long get(const char *path)
{
	int fd = open(path, O_RDONLY);
	long length = 0, part;

	if (fd < 0)
		return -errno;
	while ((part = read(fd, text + length, sizeof text - 1 - (size_t)length)) > 0)
		length += part;
	text[length] = 0;
	close(fd);
	return part < 0 ? -errno : length;
}

/* The permissions of the mapping that an address is in, as text; NULL when there is none. */
static const char *mapped(void *address)
{
	static char permissions[8];

	if (get("/proc/self/maps") <= 0)
		return NULL;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) == 3 && start <= (unsigned long)address &&
		    (unsigned long)address < end)
			return permissions;
	}
	return NULL;
}

static long entries(const char *path)
{
	DIR *dir = opendir(path);
	long count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static void process(char **argv)
{
	unsigned long pair[2] = { 0, 0 };
	pthread_attr_t attributes;
	size_t size;
	char *last, *stack;
	long length;

	say("cmdline", get("/proc/self/cmdline") > 0 && strcmp(text, argv[0]) == 0);
	length = get("/proc/self/environ");
	say("environ", memmem(text, (size_t)length, "K=value", 8) != NULL);
	say("auxv", get("/proc/self/auxv") > 16);
	for (size_t i = 0; (i == 0 || pair[0]) && pair[0] != AT_PAGESZ; i++)
		memcpy(pair, text + 16 * i, sizeof pair);
	say("auxv: AT_PAGESZ", (long)pair[1]);
	last = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	say("comm", get("/proc/self/comm") > 0 && strncmp(text, last, strlen(text) - 1) == 0);
	printf("maps: code %s\n", mapped((void *)(unsigned long)&process));
	printf("maps: data %s\n", mapped(&text));
	printf("maps: stack %s\n", mapped(&length));
	say("stack of the first thread", pthread_getattr_np(pthread_self(), &attributes));
	pthread_attr_getstack(&attributes, (void **)&stack, &size);
	say("it is there", stack < (char *)&length && (char *)&length < stack + size);
	say("status", get("/proc/self/status") > 0 && strstr(text, "\nThreads:\t1\n") && strstr(text, "\nTracerPid:\t0\n"));
	say("stat", get("/proc/self/stat") > 0);
	length = 0;
	for (char *word = strtok(strrchr(text, ')') + 1, " \n"); word; word = strtok(NULL, " \n"))
		length++;
	say("fields after the name", length);
	say("statm", get("/proc/self/statm") > 0 && atol(text) > 0);
	say("tasks", entries("/proc/self/task"));
	say("limits", get("/proc/self/limits") > 0 && strstr(text, "Max open files"));
	say("mounts", get("/proc/mounts") > 0);
}

static void descriptors(void)
{
	char path[64], there[256], name[] = "/tmp/motte-proc-XXXXXX";
	int fd = mkstemp(name), again, unnamed;
	struct stat one, two;
	ssize_t length;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	length = readlink(path, there, sizeof there - 1);
	there[length > 0 ? length : 0] = 0;
	say("a descriptor's link", strcmp(there, name) == 0);
	say("lstat", lstat(path, &one) == 0 && S_ISLNK(one.st_mode));
	say("stat", stat(path, &one) == 0 && fstat(fd, &two) == 0 && one.st_ino == two.st_ino);
	say("written", write(fd, "abc", 3));
	again = open(path, O_RDONLY);
	say("opened anew, at its start", read(again, there, sizeof there));
	length = entries("/proc/self/fd");
	unnamed = dup(fd);
	say("one descriptor more", entries("/proc/self/fd") - length);
	close(unnamed);
	snprintf(path, sizeof path, "/dev/fd/%d", again);
	say("/dev/fd", access(path, R_OK));
	close(again);
	say("closed", access(path, R_OK) < 0 ? errno : 0);
	unlink(name);
	unnamed = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	snprintf(path, sizeof path, "/proc/self/fd/%d", unnamed);
	say("O_TMPFILE is given a name", unnamed < 0 ? -1 : linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW));
	say("which it has", stat(name, &one) == 0 && fstat(unnamed, &two) == 0 && one.st_ino == two.st_ino && one.st_nlink == 1);
	unlink(name);
	/* Opening it natively fails where the output is a socket, as Node gives one. */
	say("/dev/stdout", access("/dev/stdout", F_OK));
}

static void machine(void)
{
	say("meminfo", get("/proc/meminfo") > 0 && strncmp(text, "MemTotal:", 9) == 0);
	say("cpuinfo", get("/proc/cpuinfo") > 0 && strncmp(text, "processor\t: 0\n", 14) == 0);
	say("stat", get("/proc/stat") > 0 && strncmp(text, "cpu  ", 5) == 0);
	say("processors from 0", get("/sys/devices/system/cpu/online") > 0 && text[0] == '0');
	say("some", sysconf(_SC_NPROCESSORS_ONLN) > 0 && sysconf(_SC_NPROCESSORS_CONF) > 0);
	say("pid_max", get("/proc/sys/kernel/pid_max") > 0 && atol(text) >= 32768);
	say("uuid", get("/proc/sys/kernel/random/uuid"));
	say("overcommit", get("/proc/sys/vm/overcommit_memory") == 2);
	say("ptmx of nobody", access("/proc/self/none", F_OK) < 0 ? errno : 0);
}

static void devices(void)
{
	int fd = open("/dev/full", O_RDWR);
	char byte = 1;

	say("full", write(fd, "x", 1) < 0 ? errno : 0);
	say("full reads", read(fd, &byte, 1) + byte);
	close(fd);
	say("tty", open("/dev/tty", O_RDWR) < 0 ? errno : 0);
	fd = open("/dev/shm/motte-proc", O_CREAT | O_RDWR | O_EXCL, 0600);
	say("shm", fd >= 0 && ftruncate(fd, 100) == 0 && unlink("/dev/shm/motte-proc") == 0);
	close(fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	process(argv);
	descriptors();
	machine();
	devices();
	return 0;
}
