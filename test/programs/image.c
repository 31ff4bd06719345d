// SPDX-License-Identifier: Apache-2.0
// Files of the Keep's image. `walk DIR` prints all of a directory, read in every way; `refused DIR OUT` what a program cannot
// do to it, OUT being a directory that it may write to; `again FILE` reads a file twice; `self /proc/self/exe` tells of the program's own file; `exec FILE ARG` starts a program.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART 10007

static uint64_t hash(uint64_t sum, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3;
	return sum;
}

// From its start to its end, in parts that are no whole chunks.
static uint64_t by_read(int fd)
{
	static uint8_t part[PART];
	uint64_t sum = 0;
	ssize_t got;

	while ((got = read(fd, part, sizeof(part))) > 0)
		sum = hash(sum, part, (size_t)got);
	return got < 0 ? (uint64_t)-errno : sum;
}

// From its end to its start.
static uint64_t by_pread(int fd, off_t size)
{
	static uint8_t part[PART];
	uint64_t sum = 0;

	for (off_t at = size - size % PART; at >= 0; at -= PART) {
		const ssize_t got = pread(fd, part, sizeof(part), at);

		sum = hash(sum ^ (uint64_t)got, part, got > 0 ? (size_t)got : 0);
	}
	return sum;
}

static uint64_t by_mapping(int fd, off_t size)
{
	uint8_t *bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	uint64_t sum;

	if (bytes == MAP_FAILED)
		return (uint64_t)errno;
	sum = hash(0, bytes, (size_t)size);
	bytes[0] ^= 1; // a private copy
	munmap(bytes, (size_t)size);
	return sum;
}

static uint64_t by_sendfile(int fd, off_t size)
{
	const int to = memfd_create("copy", 0);
	off_t at = 0;
	uint64_t sum;

	while (at < size && sendfile(to, fd, &at, (size_t)(size - at)) > 0)
		continue;
	lseek(to, 0, SEEK_SET);
	sum = by_read(to);
	close(to);
	return sum;
}

static void show_file(const char *path, const struct stat *stat)
{
	const int fd = open(path, O_RDONLY);
	uint8_t byte;

	printf(" %lld bytes%s", (long long)stat->st_size, stat->st_mode & 0111 ? ", executable" : "");
	printf(" %016llx %016llx", (unsigned long long)by_read(fd), (unsigned long long)by_pread(fd, stat->st_size));
	if (stat->st_size > 0)
		printf(" %016llx", (unsigned long long)by_mapping(fd, stat->st_size));
	printf(" %016llx end %zd %lld\n", (unsigned long long)by_sendfile(fd, stat->st_size),
	       pread(fd, &byte, 1, stat->st_size), (long long)lseek(fd, 0, SEEK_END));
	close(fd);
}

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void walk(const char *path, size_t root)
{
	struct dirent **entries;
	const int count = scandir(path, &entries, is_name, alphasort);

	for (int i = 0; i < count; i++) {
		char below[4096], text[4096];
		struct stat stat, followed;

		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		if (lstat(below, &stat) != 0)
			exit(2);
		printf("%s type %d %o", below + root, entries[i]->d_type, stat.st_mode & S_IFMT);
		if (S_ISLNK(stat.st_mode)) {
			const ssize_t length = readlink(below, text, sizeof(text));
			const int found = fstatat(AT_FDCWD, below, &followed, 0);

			printf(" -> %.*s %s\n", (int)length, text, found ? strerrorname_np(errno) : "found");
		} else if (S_ISDIR(stat.st_mode)) {
			printf(" links %lu\n", (unsigned long)stat.st_nlink);
			walk(below, root);
		} else {
			show_file(below, &stat);
		}
		free(entries[i]);
	}
	free(entries);
}

static void tell(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

// In a directory with `file`, `link` to it, and `sub/empty`.
static void refused(const char *path, const char *out)
{
	char own[256], other[256];
	const struct timespec times[2] = { { 5, 0 }, { 5, 0 } };
	struct stat stat;
	struct statx more;

	snprintf(own, sizeof(own), "%s/own", out);
	snprintf(other, sizeof(other), "%s/other", out);
	if (chdir(path) != 0)
		exit(2);
	tell("open for writing", open("file", O_WRONLY));
	tell("open for both", open("file", O_RDWR));
	tell("open and cut", open("file", O_RDONLY | O_TRUNC));
	tell("open over a link for writing", open("link", O_WRONLY));
	tell("open what is there with O_CREAT", open("file", O_RDONLY | O_CREAT, 0600));
	tell("make what is there", open("file", O_RDONLY | O_CREAT | O_EXCL, 0600));
	tell("make a file", open("new", O_WRONLY | O_CREAT, 0600));
	tell("make a file without a name", open(".", O_RDWR | O_TMPFILE, 0600));
	tell("open a directory for writing", open("sub", O_RDWR));
	tell("truncate", truncate("file", 0));
	tell("truncate a directory", truncate("sub", 0));
	tell("ftruncate", ftruncate(open("file", O_RDONLY), 0));
	tell("write", write(open("file", O_RDONLY), "x", 1));
	tell("unlink", unlink("file"));
	tell("unlink a link", unlink("link"));
	tell("unlink what is not there", unlink("none"));
	tell("rmdir", rmdir("sub/empty"));
	tell("rename", rename("file", "other"));
	tell("rename out", rename("file", other));
	tell("rename a directory out", rename("sub", other));
	close(open(own, O_WRONLY | O_CREAT, 0600));
	tell("rename in", rename(own, "own"));
	tell("rename in its place", rename(own, "file"));
	tell("rename the top", rename(path, other));
	tell("link", link("file", "other"));
	tell("link out", link("file", other));
	tell("link in", link(own, "own"));
	tell("symlink", symlink("file", "other"));
	tell("mkdir", mkdir("new", 0700));
	tell("mkdir of what is there", mkdir("sub", 0700));
	tell("mknod", mknod("new", S_IFREG | 0600, 0));
	tell("chmod", chmod("file", 0777));
	tell("fchmod", fchmod(open("file", O_RDONLY), 0777));
	tell("chown", chown("file", 1, 1));
	tell("utimensat", utimensat(AT_FDCWD, "file", times, 0));
	tell("fsync", fsync(open("file", O_RDONLY)));
	tell("access to read", access("file", R_OK));
	tell("access to write", access("file", W_OK));
	tell("access to run", access("file", X_OK));
	tell("map shared, to write", mmap(NULL, 1, PROT_WRITE, MAP_SHARED, open("file", O_RDONLY), 0) == MAP_FAILED ? -1 : 0);
	tell("map shared, to read", mmap(NULL, 1, PROT_READ, MAP_SHARED, open("file", O_RDONLY), 0) == MAP_FAILED ? -1 : 0);
	if (lstat("file", &stat) != 0 || statx(AT_FDCWD, "sub", 0, STATX_ALL, &more) != 0)
		exit(2);
	printf("mode %o, owner %u %u, links %lu, times %lld %lld %lld\n", stat.st_mode, stat.st_uid, stat.st_gid,
	       (unsigned long)stat.st_nlink, (long long)stat.st_atime, (long long)stat.st_mtime, (long long)stat.st_ctime);
	printf("directory: mode %o, owner %u %u, time %lld\n", more.stx_mode, more.stx_uid, more.stx_gid,
	       (long long)more.stx_mtime.tv_sec);
	tell("unlink what is the Keep's own", unlink(own));
}

static void again(const char *path)
{
	for (int i = 0; i < 2; i++)
		printf("%016llx\n", (unsigned long long)by_read(open(path, O_RDONLY)));
}

// Its own file.
static void self(const char *path)
{
	char text[4096];
	const ssize_t length = readlink(path, text, sizeof(text));
	struct stat file;

	printf("%s\n", length > 0 && text[0] == '/' ? "an absolute path" : "no path");
	if (stat(path, &file) != 0)
		tell("stat", -1);
	else
		show_file(path, &file);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "walk") == 0)
		walk(argv[2], strlen(argv[2]));
	else if (strcmp(argv[1], "refused") == 0 && argc > 3)
		refused(argv[2], argv[3]);
	else if (strcmp(argv[1], "again") == 0)
		again(argv[2]);
	else if (strcmp(argv[1], "self") == 0)
		self(argv[2]);
	else if (strcmp(argv[1], "exec") == 0) {
		execv(argv[2], argv + 2);
		tell("execv", -1);
	} else
		return 2;
	return 0;
}
