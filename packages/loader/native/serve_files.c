/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls on files that were opened below a grant. Streams are none: what they stand for on the host is not the
 * Keep's to truncate. A file of a read-only grant is open for reading, which the kernel enforces; where it does not
 * look at that (fchmod, utimensat), the table of open files does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "files.h"
#include "hostcall_host.h"

#define MODE_BITS 01777u /* serve_paths.c */

long serve_pread64(struct keep_host *host, int fd, void *buf, uint64_t count, int64_t offset)
{
	const long bad = file_may_read(fd);
	(void)host;
	return bad != 0 ? bad : sys(SYS_pread64, fd, (long)buf, (long)count, offset);
}

long serve_pwrite64(struct keep_host *host, int fd, const void *buf, uint64_t count, int64_t offset)
{
	const long bad = file_may_change(fd);
	(void)host;
	return bad != 0 ? bad : sys(SYS_pwrite64, fd, (long)buf, (long)count, offset);
}

long serve_fsync(struct keep_host *host, int fd)
{
	const long bad = file_may_read(fd);
	(void)host;
	return bad != 0 ? bad : sys(SYS_fsync, fd, 0, 0, 0);
}

long serve_fdatasync(struct keep_host *host, int fd)
{
	const long bad = file_may_read(fd);
	(void)host;
	return bad != 0 ? bad : sys(SYS_fdatasync, fd, 0, 0, 0);
}

long serve_ftruncate(struct keep_host *host, int fd, int64_t size)
{
	const long bad = file_may_change(fd);
	(void)host;
	return bad != 0 ? bad : sys(SYS_ftruncate, fd, size, 0, 0);
}

long serve_fallocate(struct keep_host *host, int fd, uint32_t mode, int64_t offset, int64_t size)
{
	const long bad = file_may_change(fd);
	(void)host;
	return bad != 0 ? bad : sys(SYS_fallocate, fd, mode, offset, size);
}

long serve_fchmod(struct keep_host *host, int fd, uint32_t mode)
{
	(void)host;
	if ((mode & ~MODE_BITS) != 0)
		return -EPERM;
	files_lock();
	const long bad = file_may_change(fd);
	const long result = bad != 0 ? bad : sys(SYS_fchmod, fd, mode, 0, 0);
	files_unlock();
	return result;
}

long serve_utimensat(struct keep_host *host, int fd, const void *times)
{
	(void)host;
	files_lock();
	const long bad = file_may_change(fd);
	const long result = bad != 0 ? bad : sys(SYS_utimensat, fd, 0, (long)times, 0);
	files_unlock();
	return result;
}

/* Sizes and limits; not which file system of the host's it is. */
long serve_fstatfs(struct keep_host *host, int fd, void *statfs)
{
	struct statfs own, *out = statfs;
	long result = file_may_read(fd);
	(void)host;
	if (result == 0)
		result = sys(SYS_fstatfs, fd, (long)&own, 0, 0);
	if (result != 0)
		return result;
	memset(out, 0, sizeof *out);
	out->f_type = own.f_type;
	out->f_bsize = own.f_bsize;
	out->f_frsize = own.f_frsize != 0 ? own.f_frsize : own.f_bsize;
	out->f_blocks = own.f_blocks;
	out->f_bfree = own.f_bfree;
	out->f_bavail = own.f_bavail;
	out->f_files = own.f_files;
	out->f_ffree = own.f_ffree;
	out->f_namelen = own.f_namelen;
	return 0;
}

long serve_getdents64(struct keep_host *host, int fd, void *dirents, uint64_t count, int64_t cookie)
{
	long result = file_may_read(fd);
	(void)host;
	if (result == 0)
		result = sys(SYS_lseek, fd, cookie, SEEK_SET, 0);
	return result < 0 ? result : sys(SYS_getdents64, fd, (long)dirents, (long)count, 0);
}
