/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls on descriptors. The dispatcher has checked the arguments; a descriptor is one that was granted. No libc:
 * the FS base may be the Keep's (cpu_outside()), and its functions have errno and cancellation behind it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "files.h"
#include "hostcall_host.h"
#include "sockets.h"

long serve_read(struct keep_host *host, int fd, void *buf, uint64_t count)
{
	(void)host;
	return sys(SYS_read, fd, (long)buf, (long)count, 0);
}

long serve_write(struct keep_host *host, int fd, const void *buf, uint64_t count)
{
	(void)host;
	return sys(SYS_write, fd, (long)buf, (long)count, 0);
}

long serve_close(struct keep_host *host, int fd)
{
	if (fd > 2)
		return file_may_read(fd) == 0 || is_grant(host, fd) ? file_close(fd) : socket_close(fd);
	host->granted[fd] = false;
	return sys(SYS_close, fd, 0, 0, 0);
}

/* What the Keep learns of a stream is what kind it is and, for a file, its size and times: no inode or owner. */
long serve_fstat(struct keep_host *host, int fd, void *statbuf)
{
	struct stat own, *out = statbuf;
	(void)host;
	const long failed = sys(SYS_fstat, fd, (long)&own, 0, 0);
	if (failed != 0)
		return failed;
	if (fd > 2) {
		stat_show(&own, out);
		return 0;
	}
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

long serve_lseek(struct keep_host *host, int fd, int64_t offset, uint32_t whence)
{
	(void)host;
	return sys(SYS_lseek, fd, offset, whence, 0);
}

long serve_ioctl_tcgets(struct keep_host *host, int fd, void *termios)
{
	(void)host;
	return sys(SYS_ioctl, fd, TCGETS, (long)termios, 0);
}

long serve_ioctl_tiocgwinsz(struct keep_host *host, int fd, void *winsize)
{
	(void)host;
	return sys(SYS_ioctl, fd, TIOCGWINSZ, (long)winsize, 0);
}

long serve_ioctl_fionread(struct keep_host *host, int fd, void *available)
{
	(void)host;
	return sys(SYS_ioctl, fd, FIONREAD, (long)available, 0);
}

long serve_fcntl_getfl(struct keep_host *host, int fd)
{
	(void)host;
	return sys(SYS_fcntl, fd, F_GETFL, 0, 0);
}
