// SPDX-License-Identifier: Apache-2.0
// What programs do with files, in the directory that is the first argument: hostdir DIR. It prints the same wherever DIR
// is: a directory of the machine, or one that a Keep is granted.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define BIG (3 << 20)

static void say(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
}
#define DO(call) say(#call, (long)(call))

// A descriptor's number says nothing; that there is one does.
#define OPEN(fd, ...)                          \
	do {                                   \
		(fd) = open(__VA_ARGS__);      \
		say("open " #__VA_ARGS__, (fd) < 0 ? -1 : 0); \
	} while (0)

static void show(const char *path)
{
	struct stat stat;

	if (lstat(path, &stat) != 0)
		say(path, -1);
	else
		printf("%s: mode %o size %lld links %lu owner %u:%u mtime %lld.%09ld\n", path, stat.st_mode,
		       S_ISREG(stat.st_mode) ? (long long)stat.st_size : 0LL, S_ISREG(stat.st_mode) ? stat.st_nlink : 0ul,
		       stat.st_uid, stat.st_gid, stat.st_mtim.tv_sec < 100 ? (long long)stat.st_mtim.tv_sec : -1LL,
		       stat.st_mtim.tv_sec < 100 ? stat.st_mtim.tv_nsec : 0L);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
	char *names[1024];
	size_t count = 0;
	DIR *directory = opendir(path);

	if (!directory) {
		say(path, -1);
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < 1024;) {
		struct stat stat;

		if (fstatat(dirfd(directory), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
		    (stat.st_ino != entry->d_ino && strcmp(entry->d_name, "..") != 0))
			printf("%s: not the inode of the listing\n", entry->d_name);
		names[count++] = strdup(entry->d_name);
	}
	closedir(directory);
	qsort(names, count, sizeof(names[0]), by_name);
	printf("%s:", path);
	for (size_t i = 0; i < count; i++)
		printf(" %s", names[i]);
	putchar('\n');
}

static void contents(void)
{
	char text[64] = "";
	int fd, other;
	struct iovec parts[2] = { { "alpha ", 6 }, { "beta", 4 } };

	OPEN(fd, "file", O_RDWR | O_CREAT | O_EXCL, 0640);
	DO(write(fd, "one two three", 13));
	DO(lseek(fd, 4, SEEK_SET));
	DO(read(fd, text, 3));
	puts(text);
	DO(lseek(fd, 0, SEEK_CUR));
	DO(lseek(fd, -5, SEEK_END));
	DO(lseek(fd, -50, SEEK_END));
	DO(lseek(fd, -1, SEEK_SET));
	DO(pwrite(fd, "TWO", 3, 4));
	DO(pread(fd, text, sizeof(text), 0));
	DO(pread(fd, text, 1, -1));
	puts(text);
	DO(writev(fd, parts, 2));
	DO(ftruncate(fd, 100));
	DO(ftruncate(fd, -1));
	DO(pread(fd, text, 10, 95));
	DO(pread(fd, text, 10, 1000));
	DO(posix_fallocate(fd, 0, 200));
	DO(fsync(fd));
	DO(fdatasync(fd));
	DO(fchmod(fd, 0600));
	DO(fcntl(fd, F_GETFL));
	other = dup(fd);
	DO(lseek(other, 7, SEEK_SET));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(close(other));
	DO(close(fd));
	DO(close(fd));
	OPEN(fd, "file", O_RDWR | O_CREAT | O_EXCL, 0640);
	OPEN(fd, "file", O_WRONLY | O_APPEND);
	DO(write(fd, "appended", 8));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(read(fd, text, 1));
	DO(close(fd));
	OPEN(fd, "file", O_RDONLY);
	DO(write(fd, "x", 1));
	DO(ftruncate(fd, 0));
	DO(close(fd));
	OPEN(fd, "file", O_RDWR | O_TRUNC);
	DO(lseek(fd, 0, SEEK_END));
	DO(close(fd));
	show("file");
}

static void large(void)
{
	unsigned char *bytes = malloc(BIG), *back = malloc(BIG);
	int fd;

	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 13);
	OPEN(fd, "large", O_RDWR | O_CREAT, 0644);
	DO(write(fd, bytes, BIG));
	DO(lseek(fd, 0, SEEK_SET));
	DO(read(fd, back, BIG));
	DO(memcmp(bytes, back, BIG) == 0);
	DO(pread(fd, back, BIG, 1) == BIG - 1 && memcmp(bytes + 1, back, BIG - 1) == 0);
	DO(ftruncate(fd, 1 << 30));
	DO(lseek(fd, BIG + 4096, SEEK_HOLE));
	DO(lseek(fd, BIG + 8192, SEEK_DATA));
	DO(close(fd));
	DO(unlink("large"));
	free(bytes);
	free(back);
}

static void names(void)
{
	char text[256] = "", long_name[300];
	const struct timespec times[2] = { { 11, 500 }, { 22, 900 } };
	struct statfs statfs_of;
	int fd, directory;

	DO(mkdir("dir", 0755));
	DO(mkdir("dir", 0755));
	DO(mkdir("dir/sub/", 0700));
	DO(mkdir("none/sub", 0700));
	DO(rmdir("dir"));
	OPEN(fd, "dir/sub/file", O_WRONLY | O_CREAT, 0644);
	DO(write(fd, "deep", 4));
	DO(close(fd));
	DO(link("dir/sub/file", "linked"));
	DO(link("dir", "linked-dir"));
	DO(link("linked", "dir"));
	show("linked");
	DO(symlink("dir/sub", "short"));
	DO(symlink("no such place", "dangling"));
	DO(symlink("loop", "loop"));
	DO(readlink("short", text, sizeof(text)));
	puts(text);
	DO(readlink("linked", text, sizeof(text)));
	show("short/file");
	show("dangling");
	OPEN(fd, "dangling", O_RDONLY);
	OPEN(fd, "loop", O_RDONLY);
	OPEN(fd, "short", O_RDONLY | O_NOFOLLOW);
	OPEN(fd, "linked", O_RDONLY | O_DIRECTORY);
	OPEN(fd, "linked/", O_RDONLY);
	OPEN(fd, "dir", O_WRONLY);
	OPEN(fd, "new/", O_WRONLY | O_CREAT, 0644);
	OPEN(directory, "dir", O_RDONLY | O_DIRECTORY);
	DO(read(directory, text, 1));
	fd = openat(directory, "sub/file", O_RDWR);
	DO(fd < 0 ? -1 : 0);
	DO(close(fd));
	fd = openat(directory, "../linked", O_RDONLY);
	DO(fd < 0 ? -1 : 0);
	DO(close(fd));
	DO(mkdirat(directory, "at", 0755));
	DO(unlinkat(directory, "at", 0) == -1);
	DO(unlinkat(directory, "at", AT_REMOVEDIR));
	DO(renameat(directory, "sub", directory, "renamed"));
	DO(faccessat(directory, "renamed/file", R_OK | W_OK, 0));
	DO(close(directory));
	DO(access("none", F_OK));
	DO(rename("dir/renamed/file", "moved"));
	DO(rename("moved", "dir"));
	DO(rename("dir", "dir/renamed/x"));
	DO(renameat2(AT_FDCWD, "moved", AT_FDCWD, "linked", RENAME_NOREPLACE));
	OPEN(fd, "other", O_WRONLY | O_CREAT, 0644);
	DO(close(fd));
	DO(renameat2(AT_FDCWD, "moved", AT_FDCWD, "other", RENAME_EXCHANGE));
	show("moved");
	show("other");
	DO(chmod("other", 0604));
	DO(utimensat(AT_FDCWD, "other", times, 0));
	show("other");
	DO(truncate("other", 2));
	DO(truncate("none", 2));
	DO(truncate("dir", 2));
	DO(statfs(".", &statfs_of));
	DO(statfs_of.f_bsize > 0 && statfs_of.f_namelen >= 255);
	memset(long_name, 'n', sizeof(long_name));
	long_name[255] = 0;
	OPEN(fd, long_name, O_WRONLY | O_CREAT, 0644);
	DO(close(fd));
	DO(unlink(long_name));
	long_name[255] = 'n';
	long_name[256] = 0;
	OPEN(fd, long_name, O_WRONLY | O_CREAT, 0644);
	DO(unlink("dir"));
	DO(rmdir("moved"));
	DO(unlink("moved/"));
	DO(unlink("none"));
	DO(rmdir("dir/."));
	DO(mkdir(".", 0700));
	list(".");
	list("dir");
}

static void unlinked(void)
{
	char text[8] = "";
	int fd;

	OPEN(fd, "gone", O_RDWR | O_CREAT, 0644);
	DO(unlink("gone"));
	DO(write(fd, "still", 5));
	DO(pread(fd, text, 5, 0));
	puts(text);
	OPEN(fd, "gone", O_RDWR);
}

static long lock(int fd, short type, long start, long length)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };

	return fcntl(fd, F_OFD_SETLK, &range);
}

// Between open files of one program; two names of a file are one file.
static void locks(void)
{
	struct flock last = { .l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -1, .l_len = 1 };
	int one, two, other;

	OPEN(one, "locked", O_RDWR | O_CREAT, 0644);
	DO(write(one, "0123456789", 10));
	DO(link("locked", "locked-too"));
	OPEN(two, "locked-too", O_RDWR);
	OPEN(other, "other", O_RDWR);
	DO(flock(one, LOCK_EX | LOCK_NB));
	DO(flock(two, LOCK_SH | LOCK_NB));
	DO(flock(other, LOCK_EX | LOCK_NB));
	DO(flock(one, LOCK_UN));
	DO(flock(two, LOCK_SH | LOCK_NB));
	DO(lock(one, F_WRLCK, 2, 3));
	DO(lock(two, F_RDLCK, 0, 2));
	DO(lock(two, F_RDLCK, 4, 1));
	DO(lock(other, F_WRLCK, 0, 0));
	DO(lock(one, F_UNLCK, 0, 0));
	DO(lock(two, F_RDLCK, 4, 1));
	DO(close(two));
	DO(flock(one, LOCK_EX | LOCK_NB));
	DO(fcntl(one, F_SETLK, &last));
	DO(fcntl(one, F_GETLK, &last));
	DO(last.l_type == F_UNLCK);
	DO(close(one));
	DO(close(other));
	DO(unlink("locked"));
	DO(unlink("locked-too"));
}

static void many(void)
{
	char name[32];
	int failed = 0, seen = 0;
	DIR *directory;
	long place = 0;

	DO(mkdir("many", 0755));
	for (int i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "many/%d-of-a-long-list", i);
		failed += close(open(name, O_WRONLY | O_CREAT, 0644)) != 0;
	}
	DO(failed);
	directory = opendir("many");
	while (readdir(directory)) {
		if (++seen == 300)
			place = telldir(directory);
	}
	DO(seen);
	seekdir(directory, place);
	for (seen = 0; readdir(directory);)
		seen++;
	DO(seen);
	rewinddir(directory);
	for (seen = 0; readdir(directory);)
		seen++;
	DO(seen);
	closedir(directory);
	for (int i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "many/%d-of-a-long-list", i);
		failed += unlink(name) != 0;
	}
	DO(failed);
	DO(rmdir("many"));
}

static void buffered(void)
{
	char line[64];
	FILE *file = fopen("stdio", "w+");

	for (int i = 0; i < 5000; i++)
		fprintf(file, "line %d\n", i);
	DO(ftell(file));
	DO(fseek(file, -10, SEEK_END));
	puts(fgets(line, sizeof(line), file));
	DO(fclose(file));
	file = fopen("stdio", "a+");
	fputs("the last\n", file);
	DO(ftell(file));
	rewind(file);
	puts(fgets(line, sizeof(line), file));
	DO(fclose(file));
	DO(remove("stdio"));
}

int main(int argc, char **argv)
{
	char where[256];

	if (argc != 2 || chdir(argv[1]) != 0)
		return 2;
	umask(022);
	DO(strcmp(getcwd(where, sizeof(where)), argv[1]) == 0);
	contents();
	large();
	names();
	unlinked();
	locks();
	many();
	buffered();
	DO(chdir("dir"));
	DO(chdir("../dir/renamed"));
	DO(access("../../other", R_OK));
	DO(chdir("../../none"));
	DO(chdir("../../other"));
	DO(chdir(argv[1]));
	list(".");
	return 0;
}
