// SPDX-License-Identifier: Apache-2.0
// System calls whose lines are the same in any process: strace's and ours are compared. Without a C library, so that nothing
// else is called.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#define FOLDER "/tmp/motte-traced"
#define FILE_IN FOLDER "/a \"file\"\n"
#define OTHER FOLDER "/other"

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define C(n, a, b, c, d, e, f) call(SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static char buffer[4096];
/* As the kernel has it: the C library's begins otherwise. */
static struct {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
} action = { SIG_IGN, SA_RESTART, NULL, 1ul << (SIGTERM - 1) | 1ul << (SIGINT - 1) };

static void files(void)
{
	struct iovec both[2] = { { "abc", 3 }, { "0123456789012345678901234567890123456789", 40 } };
	struct stat status;
	long fd;

	C(mkdir, FOLDER, 0700, 0, 0, 0, 0);
	fd = C(openat, AT_FDCWD, FILE_IN, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640, 0, 0);
	C(write, fd, "hi\n\1\0002\377", 6, 0, 0, 0);
	C(pwrite64, fd, "tail", 4, 100, 0, 0);
	C(fstat, fd, &status, 0, 0, 0, 0);
	C(lseek, fd, 1, SEEK_SET, 0, 0, 0);
	C(read, fd, buffer, 5, 0, 0, 0);
	C(writev, fd, both, 2, 0, 0, 0);
	C(pread64, fd, buffer, sizeof(buffer), 3, 0, 0);
	C(ftruncate, fd, 12, 0, 0, 0, 0);
	C(fsync, fd, 0, 0, 0, 0, 0);
	C(fcntl, fd, F_GETFD, 0, 0, 0, 0);
	C(fcntl, fd, F_GETFL, 0, 0, 0, 0);
	C(fcntl, fd, F_SETFD, 0, 0, 0, 0);
	C(dup2, fd, 9, 0, 0, 0, 0);
	C(close, fd, 0, 0, 0, 0, 0);
	C(close, 9, 0, 0, 0, 0, 0);
	C(newfstatat, AT_FDCWD, FILE_IN, &status, AT_SYMLINK_NOFOLLOW, 0, 0);
	C(access, FILE_IN, R_OK | W_OK, 0, 0, 0, 0);
	C(rename, FILE_IN, OTHER, 0, 0, 0, 0);
	C(open, FILE_IN, O_RDONLY, 0, 0, 0, 0);
	C(open, FOLDER, O_RDONLY | O_DIRECTORY, 0, 0, 0, 0);
	C(getdents64, 3, buffer, sizeof(buffer), 0, 0, 0);
	C(close, 3, 0, 0, 0, 0, 0);
	C(unlink, OTHER, 0, 0, 0, 0, 0);
	C(unlinkat, AT_FDCWD, FOLDER, AT_REMOVEDIR, 0, 0, 0);
	C(openat, AT_FDCWD, (void *)8, O_WRONLY | O_APPEND, 0, 0, 0);
	C(openat, -7, "", O_RDWR, 0, 0, 0);
	C(write, 77, "x", 1, 0, 0, 0);
}

static void memory(void)
{
	long at = C(mmap, 0, 0x3000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	C(mprotect, at, 0x1000, PROT_NONE, 0, 0, 0);
	C(madvise, at + 0x1000, 0x1000, MADV_DONTNEED, 0, 0, 0);
	C(munmap, at, 0x3000, 0, 0, 0, 0);
}

static void signals(void)
{
	uint64_t set = 1ull << (SIGUSR1 - 1);
	const stack_t none = { NULL, SS_DISABLE, 0 };

	C(rt_sigaction, SIGUSR2, &action, NULL, 8, 0, 0);
	C(rt_sigaction, SIGUSR2, NULL, &action, 8, 0, 0);
	C(rt_sigprocmask, SIG_BLOCK, &set, &set, 8, 0, 0);
	C(rt_sigprocmask, SIG_SETMASK, NULL, &set, 8, 0, 0);
	C(sigaltstack, &none, NULL, 0, 0, 0, 0);
	C(rt_sigaction, 99, NULL, NULL, 8, 0, 0);
}

void _start(void)
{
	struct timespec moment = { 0, 1000 };
	struct pollfd nobody = { -1, POLLIN | POLLOUT, 0 };

	files();
	memory();
	signals();
	C(nanosleep, &moment, NULL, 0, 0, 0, 0);
	C(clock_nanosleep, CLOCK_MONOTONIC, 0, &moment, NULL, 0, 0);
	C(poll, &nobody, 1, 0, 0, 0, 0);
	C(getuid, 0, 0, 0, 0, 0, 0);
	C(exit_group, 7, 0, 0, 0, 0, 0);
}
