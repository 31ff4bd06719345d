// SPDX-License-Identifier: Apache-2.0
// What programs do with temporary files, each call with its result: natively on the host's /tmp, inside on the Keep's own.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[100000], base[] = "/tmp/motte-files-XXXXXX", one[200], two[200];

static void say(const char *what, long result)
{
	printf("%-52s %ld %s\n", what, result, result < 0 ? strerrorname_np(errno) : "");
}

#define TRY(call) say(#call, (long)(call))
#define DONE(call) say(#call, (call) < 0 ? -1 : 0)

static const char *at(const char *name)
{
	snprintf(one, sizeof one, "%s/%s", base, name);
	return one;
}

static const char *to(const char *name)
{
	snprintf(two, sizeof two, "%s/%s", base, name);
	return two;
}

static void contents(void)
{
	struct stat st;
	int fd = open(at("a"), O_RDWR | O_CREAT | O_EXCL, 0640);

	DONE(open(at("a"), O_RDWR | O_CREAT | O_EXCL, 0640));
	memset(buffer, 'x', sizeof buffer);
	TRY(write(fd, buffer, sizeof buffer));
	TRY(pwrite(fd, "hello", 5, 200000));
	TRY(lseek(fd, 0, SEEK_END));
	TRY(lseek(fd, -1, SEEK_SET));
	TRY(pread(fd, buffer, 10, 100005));
	printf("hole %d %d\n", buffer[0], buffer[9]);
	TRY(pread(fd, buffer, 100, 199999));
	printf("%.5s\n", buffer + 1);
	TRY(ftruncate(fd, 50000));
	TRY(ftruncate(fd, 60000));
	TRY(pread(fd, buffer, 3, 50000));
	printf("cut and grown: %d\n", buffer[0]);
	TRY(truncate(at("a"), 10));
	TRY(fstat(fd, &st));
	printf("%ld %o %ld\n", (long)st.st_size, st.st_mode, (long)st.st_nlink);
	TRY(write(fd, (void *)8, 4));
	TRY(close(fd));
	TRY(read(fd, buffer, 1));
}

static void tree(void)
{
	struct stat st;
	int fd = open(at("a"), O_RDWR);

	TRY(mkdir(at("d"), 0755));
	TRY(mkdir(at("d"), 0755));
	TRY(rename(at("a"), to("d/b")));
	TRY(access(at("a"), F_OK));
	TRY(stat(at("d/b"), &st));
	TRY(stat(at("d/b/"), &st));
	TRY(stat(at("d/../d/./b"), &st));
	TRY(rmdir(at("d")));
	TRY(unlink(at("d")));
	TRY(rename(at("d"), to("d/x")));
	TRY(unlink(at("d/b")));
	TRY(write(fd, "still open", 10));
	TRY(fstat(fd, &st));
	printf("links %ld\n", (long)st.st_nlink);
	TRY(close(fd));
	TRY(rmdir(at("d")));
	DONE(open(at("nope/x"), O_CREAT | O_RDWR, 0600));
	DONE(open(at("q/"), O_CREAT | O_RDWR, 0600));
}

static void descriptors(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open(at("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	int reader = open(at("log"), O_RDONLY), other = dup(reader), count = 0;
	DIR *directory;

	TRY(write(fd, "one", 3));
	TRY(lseek(fd, 0, SEEK_SET));
	TRY(write(fd, "two", 3));
	TRY(read(fd, buffer, 1));
	TRY(read(reader, buffer, 100));
	printf("%.6s\n", buffer);
	TRY(write(reader, "z", 1));
	TRY(close(reader));
	TRY(lseek(other, 1, SEEK_SET));
	TRY(read(other, buffer, 2));
	printf("%.2s\n", buffer);
	TRY(fcntl(fd, F_SETLK, &lock));
	TRY(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
	TRY(fsync(fd));
	directory = opendir(base);
	while (readdir(directory))
		count++;
	printf("entries %d\n", count);
	closedir(directory);
	TRY(unlink(at("log")));
	TRY(rmdir(base));
}

static void odds(void)
{
	int number = 0, zero = open("/dev/zero", O_RDONLY), random = open("/dev/urandom", O_RDONLY);
	FILE *file = tmpfile();
	char name[400];

	TRY(read(zero, buffer, 10));
	TRY(read(random, buffer, 10));
	TRY(write(open("/dev/null", O_WRONLY), buffer, 7));
	fprintf(file, "x%dy", 5);
	rewind(file);
	TRY(fscanf(file, "x%d", &number));
	printf("%d\n", number);
	memset(name, 'n', 300);
	name[300] = 0;
	DONE(open(name, O_RDONLY));
	DONE(open("", O_RDONLY));
	DONE(open("/tmp", O_RDWR));
	DONE(open("/dev/null", O_RDONLY | O_DIRECTORY));
}

int main(void)
{
	if (!mkdtemp(base))
		return 1;
	contents();
	tree();
	descriptors();
	odds();
	return 0;
}
