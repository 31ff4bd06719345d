/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on descriptors. The dispatcher has checked the arguments; a descriptor is one that was granted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "helper.h"
#include "hostcall_host.h"

static long result(long value)
{
	return value < 0 ? -errno : value;
}

/* Handles are 0, 1, 2 so far; what was not granted, or was closed, does not exist. */
int keep_host_descriptor(struct keep_host *host, uint64_t handle)
{
	return handle < 3 && host->granted[handle] ? (int)handle : -1;
}

long serve_read(struct keep_host *host, int fd, void *buf, uint64_t count)
{
	(void)host;
	return result(read(fd, buf, count));
}

long serve_write(struct keep_host *host, int fd, const void *buf, uint64_t count)
{
	(void)host;
	return result(write(fd, buf, count));
}

long serve_close(struct keep_host *host, int fd)
{
	host->granted[fd] = false;
	return result(close(fd));
}

/* What the Keep learns of a stream is what kind it is and, for a file, its size and times: no device, inode or owner. */
long serve_fstat(struct keep_host *host, int fd, void *statbuf)
{
	struct stat own, *out = statbuf;
	(void)host;
	if (syscall(SYS_fstat, fd, &own) != 0) /* libc asks by path, which sandbox.c forbids */
		return -errno;
	memset(out, 0, sizeof *out);
	out->st_mode = own.st_mode;
	out->st_nlink = 1;
	out->st_blksize = own.st_blksize;
	if (S_ISCHR(own.st_mode))
		out->st_rdev = own.st_rdev; /* C libraries tell a terminal by it */
	if (S_ISREG(own.st_mode)) {
		out->st_size = own.st_size;
		out->st_blocks = own.st_blocks;
		out->st_mtim = own.st_mtim;
	}
	return 0;
}

long serve_poll(struct keep_host *host, void *fds, uint64_t nfds, int32_t timeout)
{
	(void)host;
	return result(poll(fds, nfds, timeout));
}

long serve_lseek(struct keep_host *host, int fd, int64_t offset, uint32_t whence)
{
	(void)host;
	return result(lseek(fd, offset, (int)whence));
}

/* The kernel's struct termios is shorter than libc's, hence the system call itself. */
long serve_ioctl_tcgets(struct keep_host *host, int fd, void *termios)
{
	(void)host;
	return result(syscall(SYS_ioctl, fd, TCGETS, termios));
}

long serve_ioctl_tiocgwinsz(struct keep_host *host, int fd, void *winsize)
{
	(void)host;
	return result(ioctl(fd, TIOCGWINSZ, winsize));
}

long serve_ioctl_fionread(struct keep_host *host, int fd, void *available)
{
	(void)host;
	return result(ioctl(fd, FIONREAD, available));
}

long serve_fcntl_getfl(struct keep_host *host, int fd)
{
	(void)host;
	return result(fcntl(fd, F_GETFL));
}
