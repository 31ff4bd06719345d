/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to names below a mount. The host finds them; what is read-only is refused here, without asking it. */
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/mount_file.h"
#include "../include/platform.h"

long mount_stat(uint32_t grant, const char *below, bool follow, struct stat *to)
{
	long error = host_newfstatat(platform_call(), mount_handle(grant), below, strlen(below),
				     follow ? 0 : AT_SYMLINK_NOFOLLOW, to);

	if (!error)
		mount_settle(grant, to);
	return error;
}

long mount_enter(uint32_t grant, const char *below)
{
	struct stat stat;
	long error = mount_stat(grant, below, true, &stat);

	return error ? error : (stat.mode & S_IFMT) == S_IFDIR ? 0 : -ENOTDIR;
}

/* A symbolic link itself, which is not opened. */
static long change_link(uint32_t grant, const char *below, const struct fs_change *change)
{
	struct stat stat;
	long error = mount_stat(grant, below, false, &stat);

	if (error || (stat.mode & S_IFMT) != S_IFLNK)
		return error ? error : -ELOOP;
	return change->what & (CHANGE_MODE | CHANGE_SIZE | CHANGE_TIMES) ? -EOPNOTSUPP : mount_apply(grant, -1, change);
}

long mount_change(uint32_t grant, const char *below, bool follow, const struct fs_change *change)
{
	long handle, error;

	if (mount_is_read_only(grant)) {
		struct stat stat;

		error = mount_stat(grant, below, follow, &stat);
		return error ? error : -EROFS;
	}
	handle = mount_borrow(grant, below, follow, change->what & CHANGE_SIZE ? O_WRONLY : O_RDONLY);
	if (handle == -ELOOP && !follow)
		return change_link(grant, below, change);
	if (handle < 0)
		return handle;
	error = mount_apply(grant, (int32_t)handle, change);
	(void)host_close(platform_call(), (int32_t)handle);
	return error;
}

long mount_statfs(uint32_t grant, const char *below, struct statfs *to)
{
	long error, handle = mount_borrow(grant, below, true, O_RDONLY);

	if (handle < 0)
		return handle;
	error = host_fstatfs(platform_call(), (int32_t)handle, to);
	(void)host_close(platform_call(), (int32_t)handle);
	return error;
}

/* A directory, or an empty file; devices and pipes are not for the host to keep. */
long mount_make(uint32_t grant, const char *below, uint32_t mode)
{
	uint32_t type = mode & S_IFMT;
	struct stat stat;
	long handle;

	if (type != S_IFDIR && type != S_IFREG && type != 0)
		return -EPERM;
	if (mount_is_read_only(grant))
		return mount_stat(grant, below, false, &stat) == 0 ? -EEXIST : -EROFS;
	if (type == S_IFDIR)
		return host_mkdirat(platform_call(), mount_handle(grant), below, strlen(below), mode & 01777);
	handle = host_openat2(platform_call(), mount_handle(grant), below, strlen(below), O_WRONLY | O_CREAT | O_EXCL,
			      mode & 01777, &stat);
	return handle < 0 ? handle : host_close(platform_call(), (int32_t)handle);
}

/* Of a read-only grant: what is not there is said to be missing first. */
static long refuse(uint32_t grant, const char *below)
{
	struct stat stat;
	long error = mount_stat(grant, below, false, &stat);

	return error ? error : -EROFS;
}

long mount_remove(uint32_t grant, const char *below, bool directory)
{
	if (mount_is_read_only(grant))
		return refuse(grant, below);
	return host_unlinkat(platform_call(), mount_handle(grant), below, strlen(below), directory ? AT_REMOVEDIR : 0);
}

enum two_call { TWO_LINK, TWO_SYMLINK, TWO_RENAME };

/* A call with two texts, which cross as one. */
static long two(enum two_call call, uint32_t grant, const char *first, const char *second, uint32_t flags)
{
	uint32_t before = (uint32_t)strlen(first);
	size_t size = before + strlen(second);
	char *texts = heap_get(size + 1);
	long result;

	if (!texts)
		return -ENOMEM;
	memcpy(texts, first, before);
	memcpy(texts + before, second, size - before);
	switch (call) {
	case TWO_LINK:
		result = host_linkat(platform_call(), mount_handle(grant), texts, size, before);
		break;
	case TWO_SYMLINK:
		result = host_symlinkat(platform_call(), mount_handle(grant), texts, size, before);
		break;
	default:
		result = host_renameat2(platform_call(), mount_handle(grant), texts, size, before, flags);
		break;
	}
	heap_put(texts, size + 1);
	return result;
}

long mount_make_link(const char *text, uint32_t grant, const char *below)
{
	struct stat stat;

	if (mount_is_read_only(grant))
		return mount_stat(grant, below, false, &stat) == 0 ? -EEXIST : -EROFS;
	return two(TWO_SYMLINK, grant, text, below, 0);
}

long mount_link(uint32_t grant, const char *below, bool follow, const char *new_below)
{
	struct stat stat;
	long error = mount_stat(grant, below, false, &stat);

	if (error || mount_is_read_only(grant))
		return error ? error : -EROFS;
	if ((stat.mode & S_IFMT) == S_IFDIR)
		return -EPERM;
	if (follow && (stat.mode & S_IFMT) == S_IFLNK)
		return -EOPNOTSUPP; /* the host links names, and where this one leads only its kernel knows */
	return two(TWO_LINK, grant, below, new_below, 0);
}

long mount_rename(uint32_t grant, const char *below, const char *new_below, uint32_t flags)
{
	long error;

	if (flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (mount_is_read_only(grant))
		return refuse(grant, below);
	error = two(TWO_RENAME, grant, below, new_below, flags);
	if (!error && !(flags & RENAME_EXCHANGE))
		mount_moved(grant, below, new_below);
	return error;
}

long mount_read_link(uint32_t grant, const char *below, char *to)
{
	return host_readlinkat(platform_call(), mount_handle(grant), below, strlen(below), to, PATH_MAX);
}
