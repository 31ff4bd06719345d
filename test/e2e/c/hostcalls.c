// SPDX-License-Identifier: Apache-2.0
// One host call, by the name of its row: hostcalls ROW. Exits with 0, with the errno of the system call that needed it,
// or with BROKEN when bytes were touched that were not the call's.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BROKEN 200
#define UNKNOWN 201
#define CANARY 0xc5
#define AROUND 256
#define ROOM 256
#define PAGE 4096

static uint8_t memory[AROUND + ROOM + AROUND];
static uint8_t *const buffer = memory + AROUND;

// Ends when anything but the first `length` bytes of the buffer was written.
static void check(size_t length)
{
	for (size_t i = 0; i < sizeof(memory); i++)
		if ((i < AROUND || i >= AROUND + length) && memory[i] != CANARY)
			_exit(BROKEN);
}

// The result of a system call that may write `room` bytes of the buffer when it succeeds.
static long called(long result, size_t room)
{
	check(result < 0 ? 0 : room);
	return result;
}

static uint8_t *page(void)
{
	uint8_t *made = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (made == MAP_FAILED)
		_exit(UNKNOWN);
	made[0] = 0xc3;
	return made;
}

// The shim keeps a page that it can hand out again as it is, and gives this one back.
/* So many that the shim gives them back and does not keep them for the next mapping. */
#define MANY 64

static uint8_t *used_pages(void)
{
	uint8_t *made = mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (made == MAP_FAILED)
		_exit(UNKNOWN);
	memset(made, CANARY, MANY * PAGE);
	return made;
}

static long poll_input(void)
{
	struct pollfd asked = { .fd = 0, .events = POLLIN };
	long result;

	memcpy(buffer, &asked, sizeof(asked));
	result = syscall(SYS_poll, buffer, 1, 10000);
	check(sizeof(asked));
	if (result >= 0 && (memcmp(buffer, &asked, 6) != 0 || result > 1))
		_exit(BROKEN);
	return result;
}

static long read_input(void)
{
	const long result = syscall(SYS_read, 0, buffer, 64);

	if (result > 64)
		_exit(BROKEN);
	return called(result, result > 0 ? (size_t)result : 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

// A socket that is bound to a granted port, of whatever number.
static long bound(int type)
{
	const struct sockaddr_in to = loopback(0);
	const long fd = syscall(SYS_socket, AF_INET, type | SOCK_NONBLOCK, 0);

	if (syscall(SYS_bind, fd, &to, sizeof(to)) != 0)
		_exit(UNKNOWN);
	return fd;
}

// A socket that is connected to the granted destination; ends with the errno when it cannot be.
static long reached(void)
{
	const struct sockaddr_in to = loopback(9);
	const long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	if (syscall(SYS_connect, fd, &to, sizeof(to)) != 0)
		_exit(errno);
	return fd;
}

// A datagram to itself.
static long receive(void)
{
	const long fd = bound(SOCK_DGRAM);
	struct sockaddr_in own;
	socklen_t length = sizeof(own);
	long result;

	if (syscall(SYS_getsockname, fd, &own, &length) != 0 || syscall(SYS_sendto, fd, "hello", 5, 0, &own, length) != 5)
		_exit(UNKNOWN);
	result = syscall(SYS_recvfrom, fd, buffer, 64, MSG_DONTWAIT, NULL, NULL);
	if (result > 64)
		_exit(BROKEN);
	return called(result, result > 0 ? (size_t)result : 0);
}

static long name_of(void)
{
	socklen_t length = 28;
	const long result = syscall(SYS_getsockname, bound(SOCK_STREAM), buffer, &length);

	if (length > 28)
		_exit(BROKEN);
	return called(result, length);
}

static long option(void)
{
	socklen_t length = 4;

	return called(syscall(SYS_getsockopt, bound(SOCK_STREAM), SOL_SOCKET, SO_RCVBUF, buffer, &length), 4);
}

static long accept_none(void)
{
	const long fd = bound(SOCK_STREAM);

	if (syscall(SYS_listen, fd, 1) != 0)
		_exit(UNKNOWN);
	return called(syscall(SYS_accept4, fd, NULL, NULL, 0), 0);
}

static long run_socket(const char *name)
{
	static const int size = 65536;

#define ROW(row) (strcmp(name, row) == 0)
	if (ROW("net_socket") || ROW("net_connect"))
		return called(reached(), 0);
	if (ROW("net_listen"))
		return called(syscall(SYS_listen, bound(SOCK_STREAM), 1), 0);
	if (ROW("net_accept"))
		return accept_none();
	if (ROW("net_send"))
		return called(syscall(SYS_sendto, reached(), "hello\n", 6, MSG_DONTWAIT, NULL, 0), 0);
	if (ROW("net_receive"))
		return receive();
	if (ROW("net_shutdown"))
		return called(syscall(SYS_shutdown, reached(), SHUT_WR), 0);
	if (ROW("net_name"))
		return name_of();
	if (ROW("net_option"))
		return option();
	if (ROW("net_set_option"))
		return called(syscall(SYS_setsockopt, bound(SOCK_STREAM), SOL_SOCKET, SO_RCVBUF, &size, 4), 0);
	_exit(UNKNOWN);
}

// A file of the granted directory, which the host made with the six bytes `inside`.
static int granted(const char *path, int flags)
{
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);

	if (fd < 0)
		_exit(UNKNOWN);
	return fd;
}

static long run_granted(const char *name)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	long result;

	if (ROW("openat2"))
		return called(syscall(SYS_openat, AT_FDCWD, "/data/file", O_RDONLY, 0), 0);
	if (ROW("newfstatat"))
		return called(syscall(SYS_newfstatat, AT_FDCWD, "/data/file", buffer, 0), 144);
	if (ROW("readlinkat")) {
		result = syscall(SYS_readlinkat, AT_FDCWD, "/data/link", buffer, ROOM);
		return called(result, result > 0 ? (size_t)result : 0);
	}
	if (ROW("image_read")) {
		result = syscall(SYS_pread64, granted("/image/file", O_RDONLY), buffer, 64, 0);
		return called(result, result > 0 ? (size_t)result : 0);
	}
	if (ROW("pread64")) {
		result = syscall(SYS_pread64, granted("/data/file", O_RDONLY), buffer, 64, 0);
		return called(result, result > 0 ? (size_t)result : 0);
	}
	if (ROW("pwrite64"))
		return called(syscall(SYS_pwrite64, granted("/data/file", O_RDWR), "hello\n", 6, 0), 0);
	if (ROW("getdents64")) {
		result = syscall(SYS_getdents64, granted("/data", O_RDONLY | O_DIRECTORY), buffer, ROOM);
		return called(result, result > 0 ? (size_t)result : 0);
	}
	if (ROW("fsync"))
		return called(syscall(SYS_fsync, granted("/data/file", O_RDWR)), 0);
	if (ROW("fdatasync"))
		return called(syscall(SYS_fdatasync, granted("/data/file", O_RDWR)), 0);
	if (ROW("ftruncate"))
		return called(syscall(SYS_ftruncate, granted("/data/file", O_RDWR), 3), 0);
	if (ROW("fallocate"))
		return called(syscall(SYS_fallocate, granted("/data/file", O_RDWR), 0, 0, 9), 0);
	if (ROW("fchmod"))
		return called(syscall(SYS_fchmod, granted("/data/file", O_RDWR), 0600), 0);
	if (ROW("utimensat"))
		return called(syscall(SYS_utimensat, granted("/data/file", O_RDWR), NULL, times, 0), 0);
	if (ROW("fstatfs"))
		return called(syscall(SYS_fstatfs, granted("/data/file", O_RDONLY), buffer), 120);
	if (ROW("mkdirat"))
		return called(syscall(SYS_mkdirat, AT_FDCWD, "/data/made", 0700), 0);
	if (ROW("unlinkat"))
		return called(syscall(SYS_unlinkat, AT_FDCWD, "/data/file", 0), 0);
	if (ROW("linkat"))
		return called(syscall(SYS_linkat, AT_FDCWD, "/data/file", AT_FDCWD, "/data/made", 0), 0);
	if (ROW("symlinkat"))
		return called(syscall(SYS_symlinkat, "file", AT_FDCWD, "/data/made"), 0);
	if (ROW("renameat2"))
		return called(syscall(SYS_renameat2, AT_FDCWD, "/data/file", AT_FDCWD, "/data/made", 0), 0);
	_exit(UNKNOWN);
}

static void *sleep_while_zero(void *word)
{
	while (__atomic_load_n((uint32_t *)word, __ATOMIC_ACQUIRE) == 0)
		(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL);
	return NULL;
}

static long wake(uint32_t *word)
{
	return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

/* A thread that a host has just disturbed in its sleep needs none to wake it: of so many one will be asleep. */
#define SLEEPERS 16

static long run_thread(bool sleeps)
{
	static uint32_t word;
	pthread_t other;

	word = !sleeps;
	errno = pthread_create(&other, NULL, sleep_while_zero, &word);
	if (errno != 0)
		return -1;
	/* It was asleep when it was woken; with the word as it was, it sleeps again. */
	while (sleeps && wake(&word) == 0)
		sched_yield();
	__atomic_store_n(&word, 1, __ATOMIC_RELEASE);
	(void)wake(&word);
	return called(pthread_join(other, NULL), 0);
}

/* More than a VM-based Keep has at the start. */
#define LARGE (96u << 20)

static long touch_much(bool free)
{
	uint8_t *made = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (made == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < LARGE; i += PAGE)
		made[i] = 1;
	return free ? munmap(made, LARGE) : 0;
}

static volatile bool spinning, enough;

static void *spin(void *unused)
{
	(void)unused;
	spinning = true;
	while (!enough)
		;
	return NULL;
}

/* Takes a page away while another thread runs that may know of it. */
static long unmap_beside(void)
{
	pthread_t other;
	uint8_t *made = page();

	if (pthread_create(&other, NULL, spin, NULL))
		return -1;
	while (!spinning)
		sched_yield();
	munmap(made, PAGE);
	enough = true;
	return called(pthread_join(other, NULL), 0);
}

static long run(const char *name)
{
	if (strncmp(name, "net_", 4) == 0)
		return run_socket(name);
	if (ROW("read"))
		return read_input();
	if (ROW("write"))
		return called(syscall(SYS_write, 1, "hello\n", 6), 0);
	if (ROW("close"))
		return called(syscall(SYS_close, 0), 0);
	if (ROW("fstat"))
		return called(syscall(SYS_fstat, 0, buffer), 144);
	if (ROW("wait"))
		return poll_input();
	if (ROW("thread_start") || ROW("mem_tcs"))
		return run_thread(false);
	if (ROW("thread_wake")) {
		for (int i = 0; i < SLEEPERS - 1; i++)
			if (run_thread(true) != 0)
				return -1;
		return run_thread(true);
	}
	if (ROW("lseek"))
		return called(syscall(SYS_lseek, 0, 0, SEEK_CUR), 0);
	if (ROW("ioctl_tcgets"))
		return called(syscall(SYS_ioctl, 0, TCGETS, buffer), 36);
	if (ROW("ioctl_tiocgwinsz"))
		return called(syscall(SYS_ioctl, 0, TIOCGWINSZ, buffer), 8);
	if (ROW("ioctl_fionread"))
		return called(syscall(SYS_ioctl, 0, FIONREAD, buffer), 4);
	if (ROW("fcntl_getfl"))
		return called(syscall(SYS_fcntl, 0, F_GETFL), 0);
	if (ROW("clock_gettime"))
		return called(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, buffer), 16);
	if (ROW("clock_getres"))
		return called(syscall(SYS_clock_getres, CLOCK_MONOTONIC, buffer), 16);
	if (ROW("sched_yield"))
		return called(syscall(SYS_sched_yield), 0);
	if (ROW("trace"))
		return called(syscall(SYS_getpid), 0);
	if (ROW("mem_restrict"))
		return called(mprotect(page(), PAGE, PROT_READ), 0);
	if (ROW("mem_protect"))
		return called(mprotect(page(), PAGE, PROT_READ | PROT_EXEC), 0);
	if (ROW("mem_trim") || ROW("mem_remove"))
		return called(munmap(used_pages(), MANY * PAGE), 0);
	if (ROW("balloon_add"))
		return touch_much(false);
	if (ROW("balloon_remove"))
		return touch_much(true);
	if (ROW("vcpu_kick"))
		return unmap_beside();
	return run_granted(name);
}

int main(int argc, char **argv)
{
	memset(memory, CANARY, sizeof(memory));
	_exit(argc == 2 && run(argv[1]) >= 0 ? 0 : errno);
}
