/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to open files that are stored somewhere, besides reading and writing. */
#include "include/file.h"
#include "include/fs.h"
#include "include/linux.h"
#include "include/mount_file.h"

static bool is_path(const struct file *file)
{
	return file->kind == FILE_TREE && (file->flags & O_PATH);
}

static bool is_mount(const struct file *file)
{
	return SHIM_MOUNTS && file->kind == FILE_MOUNT;
}

long file_change(struct file *file, const struct fs_change *change)
{
	if (is_path(file))
		return -EBADF;
	if (is_mount(file))
		return mount_change_file(file, change);
	return FS_OPENS && fs_has_node(file) ? fs_change(file, change) : -EINVAL;
}

long file_allocate(struct file *file, uint32_t mode, int64_t at, int64_t count)
{
	if (is_mount(file))
		return mount_allocate(file, mode, at, count);
	return FS_OPENS && file->kind == FILE_TREE ? fs_allocate(file, mode, at, count) : -ESPIPE;
}

long file_list(struct file *file, uint64_t to, uint64_t room)
{
	if (is_path(file))
		return -EBADF;
	if (is_mount(file))
		return mount_list(file, to, room);
	return FS_OPENS && file->kind == FILE_TREE ? fs_list(file, to, room) : -ENOTDIR;
}

long file_statfs(struct file *file, struct statfs *to)
{
	if (is_mount(file))
		return mount_statfs_file(file, to);
	if (!FS_OPENS || !fs_has_node(file))
		return -ENOSYS;
	fs_statfs(to);
	return 0;
}

/* Memory is as safe as it will ever be. */
long file_sync(struct file *file, bool data)
{
	if (is_path(file))
		return -EBADF;
	if (is_mount(file))
		return mount_sync(file, data);
	return FS_OPENS && file->kind == FILE_TREE && fs_can_sync(file) ? 0 : -EINVAL;
}
