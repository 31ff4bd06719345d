// SPDX-License-Identifier: Apache-2.0
// Every call on names with every kind of path, each on a fresh tree: its result, and what became of the tree.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first PAIRED of them are also tried with each other. */
static const char *const paths[] = {
	"f", "f/", "d", "d/", "d/x", "d/y", "d/e", "d/e/new", "d/new", "l", "ld", "ld/", "dangling", "none", "none/", ".",
	"f/x", "d/.", "d/..", "l/", "ld/x", "dangling/", "loop", "loop/x", "none/x", "..", "./", "d//x", "d/../f", "slash",
};
#define COUNT (sizeof paths / sizeof *paths)
#define PAIRED 16
/* Where a system call takes milliseconds: one path in so many. */
static size_t every = 1;

static unsigned sum;

static void add(const char *text)
{
	for (; *text; text++)
		sum = sum * 31 + (unsigned char)*text;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Names, kinds, links and targets of all that is there; or its removal. */
static void visit(const char *directory, int removing)
{
	struct dirent **names;
	int count = scandir(directory, &names, NULL, by_name);

	for (int i = 0; i < count; i++) {
		char path[600], text[900], target[200] = "";
		struct stat st;

		snprintf(path, sizeof path, "%s/%s", directory, names[i]->d_name);
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0 && lstat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				visit(path, removing);
			if (removing)
				remove(path);
			else if (S_ISLNK(st.st_mode))
				readlink(path, target, sizeof target - 1);
			/* Not every file system counts a directory's links in the same way. */
			snprintf(text, sizeof text, "%s %o %ld %ld %s\n", path, st.st_mode,
				 S_ISDIR(st.st_mode) ? 0 : (long)st.st_nlink, S_ISREG(st.st_mode) ? (long)st.st_size : 0, target);
			add(text);
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void fresh(void)
{
	int fd;

	visit(".", 1);
	fd = open("f", O_CREAT | O_WRONLY, 0640);
	if (fd < 0 || write(fd, "contents", 8) != 8)
		perror("f");
	close(fd);
	mkdir("d", 0755);
	mkdir("d/e", 0700);
	close(open("d/x", O_CREAT | O_WRONLY, 0600));
	link("d/x", "d/y");
	symlink("f", "l");
	symlink("d", "ld");
	symlink("nowhere", "dangling");
	symlink("loop", "loop");
	symlink("d/", "slash");
}

static void say(const char *call, const char *one, const char *two, long flags, long result)
{
	int error = errno;

	sum = 1;
	visit(".", 0);
	printf("%s %s %s %lo: %s %08x\n", call, one, two, flags, result < 0 ? strerrorname_np(error) : "ok", sum);
}

static void alone(void)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR | O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_WRONLY | O_TRUNC, O_RDONLY | O_DIRECTORY,
		O_RDONLY | O_NOFOLLOW, O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_NOFOLLOW | O_DIRECTORY, O_RDWR | O_CREAT | O_NOFOLLOW,
		O_RDONLY | O_TRUNC, O_TMPFILE, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC,
	};
	struct stat st;
	char text[100];

#define ALONE(call, value) do { fresh(); say(#call, p, "", 0, (value)); } while (0)
	for (size_t i = 0; i < COUNT; i += every) {
		const char *p = paths[i];

		ALONE(mkdir, mkdir(p, 0750));
		ALONE(rmdir, rmdir(p));
		ALONE(unlink, unlink(p));
		ALONE(stat, stat(p, &st));
		ALONE(lstat, lstat(p, &st));
		ALONE(readlink, readlink(p, text, sizeof text));
		ALONE(truncate, truncate(p, 3));
		ALONE(chmod, chmod(p, 0711));
		ALONE(mknod, mknod(p, S_IFREG | 0604, 0));
		ALONE(chdir, chdir(p));
		if (fchdir(3) < 0)
			perror("fchdir");
		ALONE(access, access(p, X_OK));
		ALONE(lchown, lchown(p, 7, -1));
		ALONE(utimensat, utimensat(AT_FDCWD, p, NULL, AT_SYMLINK_NOFOLLOW));
		for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
			int fd;

			fresh();
			fd = open(p, flags[j], 0666);
			say("open", p, "", flags[j], fd);
			if (fd >= 0)
				close(fd);
		}
	}
}

static void pairs(void)
{
	for (size_t i = 0; i < PAIRED; i += every) {
		for (size_t j = 0; j < PAIRED; j += every) {
			const char *a = paths[i], *b = paths[j];

			for (int flags = 0; flags < 3; flags++) {
				fresh();
				say("rename", a, b, flags, syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags));
			}
			fresh();
			say("link", a, b, 0, link(a, b));
			fresh();
			say("linkat", a, b, AT_SYMLINK_FOLLOW, linkat(AT_FDCWD, a, AT_FDCWD, b, AT_SYMLINK_FOLLOW));
		}
	}
	for (size_t i = 0; i < COUNT; i += every) {
		fresh();
		say("symlink", "text", paths[i], 0, symlink("text", paths[i]));
	}
}

int main(int argc, char **argv)
{
	char base[] = "/tmp/motte-names-XXXXXX";

	if (argc > 1)
		every = strtoul(argv[1], NULL, 10);
	if (!mkdtemp(base) || chdir(base) < 0 || mkdir("w", 0755) < 0 || chdir("w") < 0)
		return 1;
	umask(027);
	if (open(".", O_RDONLY) != 3)
		return 1;
	alone();
	pairs();
	visit("..", 1);
	return chdir("/") < 0 || rmdir(base) < 0;
}
