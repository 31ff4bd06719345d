/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on names below a grant. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "files.h"
#include "hostcall_host.h"

/* An executable that runs as its owner would be a way out of the Keep for whoever starts it. */
#define MODE_BITS 01777u

static bool is_plain(const struct stat *stat)
{
	return S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode);
}

/*
 * 0 if there is a file or directory at the path: a device, a pipe or a socket is not even opened, for that alone does
 * something. O_NOFOLLOW finds a link itself.
 */
static long probe(int grant, const char *path, uint32_t flags)
{
	struct stat stat;
	const long fd = beneath_open(grant, path, O_PATH | (flags & (O_NOFOLLOW | O_DIRECTORY)), 0);
	if (fd < 0)
		return fd;
	const long failed = sys(SYS_fstat, fd, (long)&stat, 0, 0);
	descriptor_close((int)fd);
	if (failed != 0)
		return failed;
	return S_ISLNK(stat.st_mode) ? -ELOOP : is_plain(&stat) ? 0 : -ENXIO;
}

static long open_below(int grant, const char *path, uint32_t flags, uint32_t mode)
{
	/* What O_EXCL makes is a file, and nothing was there before. */
	if ((flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL)) {
		const long failed = probe(grant, path, flags);
		if (failed != 0 && !(failed == -ENOENT && (flags & O_CREAT) != 0))
			return failed;
	}
	return beneath_open(grant, path, flags | O_NONBLOCK | O_NOCTTY, mode & MODE_BITS);
}

/* A grant that is a file is opened already; positions are the Keep's, so that one open file serves all. */
static long open_itself(int grant, const char *path, uint32_t flags)
{
	if (path[0] != 0 || (flags & O_DIRECTORY) != 0)
		return -ENOTDIR;
	if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0)
		return -EEXIST;
	const long fd = sys(SYS_dup, grant, 0, 0, 0);
	const long failed = fd >= 0 && (flags & O_TRUNC) != 0 ? sys(SYS_ftruncate, fd, 0, 0, 0) : 0;
	if (failed == 0)
		return fd;
	descriptor_close((int)fd);
	return failed;
}

long serve_openat2(struct keep_host *host, int grant, const void *path, uint64_t path_length, uint32_t flags, uint32_t mode,
		   void *statbuf)
{
	struct text text;
	struct stat own;
	long result = text_take(&text, path, path_length);
	if (result != 0)
		return result;
	if (grant_is_read_only(host, grant) && ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0))
		return -EROFS;
	const long fd = grant_is_file(host, grant) ? open_itself(grant, text.bytes, flags)
						   : open_below(grant, text.bytes, flags, mode);
	if (fd < 0)
		return fd;
	result = sys(SYS_fstat, fd, (long)&own, 0, 0);
	if (result == 0 && !is_plain(&own))
		result = -ENXIO; /* it took the place of what was looked at */
	if (result != 0) {
		descriptor_close((int)fd);
		return result;
	}
	stat_show(&own, statbuf);
	return file_opened(host, grant, (int)fd);
}

long serve_newfstatat(struct keep_host *host, int grant, const void *path, uint64_t path_length, uint32_t flags, void *statbuf)
{
	struct text text;
	struct stat own;
	const long bad = text_take(&text, path, path_length);
	if (bad != 0)
		return bad;
	const bool itself = grant_is_file(host, grant) && path_length == 0;
	const long fd = itself ? grant : beneath_open(grant, text.bytes, O_PATH | ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0), 0);
	if (fd < 0)
		return fd;
	const long failed = sys(SYS_fstat, fd, (long)&own, 0, 0);
	if (!itself)
		descriptor_close((int)fd);
	if (failed == 0)
		stat_show(&own, statbuf);
	return failed;
}

long serve_readlinkat(struct keep_host *host, int grant, const void *path, uint64_t path_length, void *buf, uint64_t size)
{
	struct text text;
	const long bad = text_take(&text, path, path_length);
	(void)host;
	if (bad != 0)
		return bad;
	const long fd = beneath_open(grant, text.bytes, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	const long result = sys(SYS_readlinkat, fd, (long)"", (long)buf, (long)size);
	descriptor_close((int)fd);
	return result == -ENOENT ? -EINVAL : result; /* there is something, but no link */
}

/* Where a change is to be made; -EROFS below a grant that is read-only. */
static long change_at(struct place *place, const struct keep_host *host, int grant, struct text *text, const void *path,
		      uint64_t length, long otherwise)
{
	const long bad = text_take(text, path, length);
	if (bad != 0)
		return bad;
	return grant_is_read_only(host, grant) ? -EROFS : place_find(place, grant, text, otherwise);
}

long serve_mkdirat(struct keep_host *host, int grant, const void *path, uint64_t path_length, uint32_t mode)
{
	struct text text;
	struct place at;
	long result = change_at(&at, host, grant, &text, path, path_length, -EEXIST);
	if (result != 0)
		return result;
	result = sys(SYS_mkdirat, at.parent, (long)at.name, mode & MODE_BITS, 0);
	descriptor_close(at.parent);
	return result;
}

long serve_unlinkat(struct keep_host *host, int grant, const void *path, uint64_t path_length, uint32_t flags)
{
	struct text text;
	struct place at;
	long result = change_at(&at, host, grant, &text, path, path_length, (flags & AT_REMOVEDIR) != 0 ? -EINVAL : -EISDIR);
	if (result != 0)
		return result;
	result = sys(SYS_unlinkat, at.parent, (long)at.name, flags, 0);
	descriptor_close(at.parent);
	return result;
}

/* The second of two texts. */
static long second(const void *texts, uint64_t length, uint64_t first, const void **bytes, uint64_t *count)
{
	if (first > length)
		return -EINVAL;
	*bytes = (const uint8_t *)texts + first;
	*count = length - first;
	return 0;
}

long serve_symlinkat(struct keep_host *host, int grant, const void *texts, uint64_t texts_length, uint32_t first)
{
	struct text target, text;
	struct place at;
	const void *path;
	uint64_t length;
	long result = second(texts, texts_length, first, &path, &length);
	if (result == 0)
		result = text_take(&target, texts, first);
	if (result == 0)
		result = change_at(&at, host, grant, &text, path, length, -EEXIST);
	if (result != 0)
		return result;
	result = sys(SYS_symlinkat, (long)target.bytes, at.parent, (long)at.name, 0);
	descriptor_close(at.parent);
	return result;
}

/* Both places of linkat and renameat2. */
static long two_places(struct place at[2], struct text text[2], const struct keep_host *host, int grant, const void *texts,
		       uint64_t texts_length, uint32_t first, long otherwise)
{
	const void *path;
	uint64_t length;
	long result = second(texts, texts_length, first, &path, &length);
	if (result == 0)
		result = change_at(&at[0], host, grant, &text[0], texts, first, otherwise);
	if (result != 0)
		return result;
	result = change_at(&at[1], host, grant, &text[1], path, length, otherwise);
	if (result != 0)
		descriptor_close(at[0].parent);
	return result;
}

long serve_linkat(struct keep_host *host, int grant, const void *texts, uint64_t texts_length, uint32_t first)
{
	struct text text[2];
	struct place at[2];
	long result = two_places(at, text, host, grant, texts, texts_length, first, -EEXIST);
	if (result != 0)
		return result;
	/* With a slash at its end the kernel would follow a link, which may lead anywhere. */
	result = at[0].slash ? -ENOTDIR
			     : sys5(SYS_linkat, at[0].parent, (long)at[0].name, at[1].parent, (long)at[1].name, 0);
	descriptor_close(at[0].parent);
	descriptor_close(at[1].parent);
	return result;
}

long serve_renameat2(struct keep_host *host, int grant, const void *texts, uint64_t texts_length, uint32_t first,
		     uint32_t flags)
{
	struct text text[2];
	struct place at[2];
	long result = two_places(at, text, host, grant, texts, texts_length, first, -EBUSY);
	if (result != 0)
		return result;
	result = sys5(SYS_renameat2, at[0].parent, (long)at[0].name, at[1].parent, (long)at[1].name, flags);
	descriptor_close(at[0].parent);
	descriptor_close(at[1].parent);
	return result;
}
