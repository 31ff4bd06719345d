// SPDX-License-Identifier: Apache-2.0
// Contents of files: holes, room, locks between open files, copies, vectors, times. Natively on the host's /dev/shm, which is a tmpfs too.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static char buffer[70000];

static void say(const char *what, long result)
{
	int error = errno;

	printf("%-60s %ld %s\n", what, result, result < 0 ? strerrorname_np(error) : "");
}
#define TRY(call) say(#call, (long)(call))

static long blocks(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : (long)st.st_blocks;
}

static void holes(int fd)
{
	TRY(pwrite(fd, "x", 1, 1l << 40));
	TRY(pwrite(fd, "yy", 2, 8191));
	TRY(lseek(fd, 0, SEEK_DATA));
	TRY(lseek(fd, 4096, SEEK_HOLE));
	TRY(lseek(fd, 12288, SEEK_DATA));
	TRY(lseek(fd, 1l << 41, SEEK_DATA));
	TRY(lseek(fd, (1l << 40) + 5, SEEK_HOLE));
	TRY(lseek(fd, -1, SEEK_HOLE));
	TRY(lseek(fd, 0, 5));
	TRY(blocks(fd));
	TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4000, 5000));
	TRY(pread(fd, buffer, 10, 8190));
	TRY(buffer[1]);
	TRY(blocks(fd));
	TRY(ftruncate(fd, 8192));
	TRY(ftruncate(fd, 20000));
	TRY(blocks(fd));
	TRY(fallocate(fd, 0, 0, 30000));
	TRY(lseek(fd, 0, SEEK_END));
	TRY(blocks(fd));
	TRY(fallocate(fd, FALLOC_FL_KEEP_SIZE, 30000, 30000));
	TRY(lseek(fd, 0, SEEK_END));
	TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
	TRY(fallocate(fd, 0, -1, 1));
	TRY(fallocate(fd, 0, 0, 0));
	TRY(ftruncate(fd, -1));
	TRY(pwrite(fd, "z", 1, INT64_MAX));
	TRY(ftruncate(fd, 0));
	TRY(blocks(fd));
}

static struct flock record(short type, long start, long length)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
}

static void ask(int fd, int command, short type, long start, long length)
{
	struct flock lock = record(type, start, length);
	long result = fcntl(fd, command, &lock);

	printf("fcntl %d %d %ld %ld: %ld %s", command, type, start, length, result, result < 0 ? strerrorname_np(errno) : "");
	printf(" type %d start %ld length %ld by %d\n", lock.l_type, (long)lock.l_start, (long)lock.l_len, lock.l_pid == getpid() ? 1 : lock.l_pid);
}

static void locks(const char *path, int one)
{
	int two = open(path, O_RDWR), reader = open(path, O_RDONLY);

	ask(one, F_SETLK, F_WRLCK, 0, 100);
	ask(two, F_SETLK, F_WRLCK, 50, 100);
	ask(two, F_GETLK, F_WRLCK, 0, 0);
	ask(two, F_OFD_GETLK, F_RDLCK, 120, 5);
	ask(two, F_OFD_SETLK, F_RDLCK, 120, 5);
	ask(one, F_SETLK, F_UNLCK, 100, 20);
	ask(two, F_OFD_SETLK, F_WRLCK, 105, 5);
	ask(one, F_OFD_GETLK, F_WRLCK, 105, 1);
	ask(one, F_OFD_SETLK, F_RDLCK, 109, 1);
	ask(one, F_OFD_SETLK, F_WRLCK, 110, 5);
	ask(two, F_OFD_SETLK, F_UNLCK, 107, 1);
	ask(one, F_OFD_SETLK, F_WRLCK, 107, 1);
	ask(one, F_OFD_GETLK, F_WRLCK, 108, 1);
	ask(reader, F_OFD_SETLK, F_WRLCK, 500, 1);
	ask(reader, F_SETLK, 7, 500, 1);
	ask(reader, F_SETLK, F_RDLCK, -1, 1);
	ask(reader, F_SETLK, F_RDLCK, 5, -5);
	ask(reader, F_SETLK, F_RDLCK, 5, -6);
	close(reader); /* and with it go all records of the process */
	ask(two, F_OFD_SETLK, F_WRLCK, 0, 50);
	TRY(flock(one, LOCK_EX | LOCK_NB));
	TRY(flock(two, LOCK_SH | LOCK_NB));
	TRY(flock(one, LOCK_SH));
	TRY(flock(two, LOCK_SH | LOCK_NB));
	TRY(flock(two, LOCK_EX | LOCK_NB));
	TRY(flock(one, LOCK_UN));
	TRY(flock(two, LOCK_EX | LOCK_NB));
	close(two);
	TRY(flock(one, LOCK_EX | LOCK_NB));
	TRY(flock(one, 0));
	ask(one, F_OFD_SETLK, F_WRLCK, 0, 50);
}

static void copies(int fd)
{
	struct iovec parts[2] = { { buffer, 3 }, { buffer + 10, 65000 } };
	off_t from = 5, to = 100000;
	int memory = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);

	memset(buffer, 'a', sizeof buffer);
	TRY(pwritev(fd, parts, 2, 10));
	TRY(preadv(fd, parts, 2, 65000));
	TRY(preadv2(fd, parts, 1, -1, 0));
	TRY(preadv2(fd, parts, 1, 0, 0x1000));
	TRY(preadv(fd, parts, 2, -1));
	TRY(copy_file_range(fd, &from, memory, NULL, 70000, 0));
	printf("%ld %ld\n", (long)from, (long)lseek(memory, 0, SEEK_CUR));
	TRY(copy_file_range(fd, NULL, fd, NULL, 10, 0));
	from = 0;
	TRY(copy_file_range(fd, &from, fd, &to, 1000, 0));
	TRY(lseek(fd, 0, SEEK_END));
	TRY(copy_file_range(fd, &from, 0, NULL, 10, 1));
	from = 64990;
	TRY(sendfile(memory, fd, &from, 100000));
	printf("%ld\n", (long)from);
	fflush(stdout);
	TRY(lseek(fd, 10, SEEK_SET));
	TRY(sendfile(memory, fd, NULL, 7));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(sendfile(memory, memory, (off_t[]){ -1 }, 7));
	TRY(ftruncate(memory, 3));
	TRY(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	TRY(posix_fadvise(fd, 0, 0, 17));
	TRY(sync_file_range(fd, 0, 0, 0));
	TRY(readahead(fd, 0, 10));
	TRY(syncfs(fd));
	close(memory);
	TRY(memfd_create("name", 0x100));
	memory = memfd_create("name", MFD_CLOEXEC);
	TRY(write(memory, buffer, 5));
	TRY(fcntl(memory, F_GETFD));
	TRY(fcntl(memory, F_GETFL));
	close(memory);
}

static void times(const char *path, int fd)
{
	struct timespec set[2] = { { 1000, 5 }, { 2000, 6 } }, before, after;
	struct stat st, other;
	struct statfs fs;

	TRY(futimens(fd, set));
	fstat(fd, &st);
	printf("%ld.%ld %ld.%ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	set[0].tv_nsec = UTIME_OMIT;
	set[1].tv_nsec = 1000000000;
	TRY(utimensat(AT_FDCWD, path, set, 0));
	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	TRY(write(fd, "x", 1));
	TRY(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
	fstat(fd, &st);
	clock_gettime(CLOCK_REALTIME, &after);
	TRY(st.st_mtim.tv_sec >= before.tv_sec && st.st_mtim.tv_sec <= after.tv_sec && st.st_atim.tv_sec == 1000);
	TRY(fchmod(fd, 06755));
	TRY(fchown(fd, 5, 6));
	fstat(fd, &other);
	printf("%o %d %d\n", other.st_mode, other.st_uid, other.st_gid);
	TRY(other.st_mtim.tv_sec == st.st_mtim.tv_sec && other.st_mtim.tv_nsec == st.st_mtim.tv_nsec);
	TRY(fstatfs(fd, &fs));
	printf("%lx %ld\n", (long)fs.f_type, (long)fs.f_namelen);
}

int main(void)
{
	char path[] = "/dev/shm/motte-stored-XXXXXX";
	int fd = mkstemp(path);

	holes(fd);
	locks(path, fd);
	copies(fd);
	times(path, fd);
	unlink(path);
	return 0;
}
