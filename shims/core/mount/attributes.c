/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of an open file of the host's, and changed besides its contents. */
#include "../generated/hostcall_guest.h"
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/mount_file.h"
#include "../include/platform.h"

long mount_stat_file(struct file *file, struct stat *to)
{
	long error = host_fstat(platform_call(), file->handle, to);

	if (!error)
		mount_settle(file->mount->grant, to);
	return error;
}

long mount_statfs_file(struct file *file, struct statfs *to)
{
	return host_fstatfs(platform_call(), file->handle, to);
}

static struct timespec stamp(uint32_t what, uint32_t given, uint32_t now, const struct timespec *time)
{
	return what & now ? (struct timespec){ .tv_nsec = UTIME_NOW } :
	       what & given ? *time : (struct timespec){ .tv_nsec = UTIME_OMIT };
}

/* All files are root's here, and the host keeps no other owners for the Keep. */
static long change_owner(const struct fs_change *change)
{
	bool same = (!(change->what & CHANGE_USER) || change->user == 0) && (!(change->what & CHANGE_GROUP) || change->group == 0);

	return same ? 0 : -EPERM;
}

/* Only where a limit is in the way does it matter what size the file has. */
long mount_may_grow(int32_t handle, uint64_t size)
{
	long now;

	if (size <= limit_file())
		return 0;
	now = host_lseek(platform_call(), handle, 0, SEEK_END);
	return now < 0 ? now : limit_size((uint64_t)now, size);
}

long mount_apply(uint32_t grant, int32_t handle, const struct fs_change *change)
{
	const struct timespec times[2] = {
		stamp(change->what, CHANGE_ACCESSED, CHANGE_ACCESSED_NOW, &change->accessed),
		stamp(change->what, CHANGE_WRITTEN, CHANGE_WRITTEN_NOW, &change->written),
	};
	long error = change_owner(change);

	if (mount_is_read_only(grant))
		return -EROFS;
	if (!error && (change->what & CHANGE_SIZE))
		error = mount_may_grow(handle, change->size);
	if (!error && (change->what & CHANGE_SIZE))
		error = host_ftruncate(platform_call(), handle, (int64_t)change->size);
	/* A program that runs as its owner would be the host's user's: that bit stays here. */
	if (!error && (change->what & CHANGE_MODE))
		error = host_fchmod(platform_call(), handle, change->mode & 01777);
	if (!error && (change->what & CHANGE_TIMES))
		error = host_utimensat(platform_call(), handle, times);
	return error;
}

long mount_change_file(struct file *file, const struct fs_change *change)
{
	if (file->flags & O_PATH)
		return -EBADF;
	if ((change->what & CHANGE_SIZE) && (file->mount->directory || (file->flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	return mount_apply(file->mount->grant, file->handle, change);
}
