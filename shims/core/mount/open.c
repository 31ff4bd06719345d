/* SPDX-License-Identifier: Apache-2.0 */
/* open() below a mount, and what an open file is. */
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/mount_file.h"
#include "../include/platform.h"

/* What the host is told; the rest is served here, or not at all. */
#define FLAGS_OF_HOST (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_DIRECTORY | O_NOFOLLOW | O_SYNC)
/* What F_GETFL does not tell. */
#define FLAGS_SPENT (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)
#define TMPFILE (O_TMPFILE & ~O_DIRECTORY)

/* Open directories, whose paths a rename changes. */
static struct mount_file *directories;

const char *mount_below(const struct file *directory)
{
	return directory->mount->below;
}

/* Opens at the host; `stat` is what it is. Nothing but files and directories. */
static long host_open(uint32_t grant, const char *below, uint32_t flags, uint32_t mode, struct stat *stat)
{
	long handle = host_openat2(platform_call(), mount_handle(grant), below, strlen(below), flags & FLAGS_OF_HOST,
				   flags & O_CREAT ? mode & 01777 : 0, stat);

	if (handle < 0)
		return handle;
	mount_settle(grant, stat);
	if ((stat->mode & S_IFMT) == S_IFREG || (stat->mode & S_IFMT) == S_IFDIR)
		return handle;
	(void)host_close(platform_call(), (int32_t)handle);
	return -ENXIO;
}

/* Of a read-only grant: what Linux says of a file system that is. */
static long refuse_change(uint32_t grant, const char *below, uint32_t flags)
{
	struct stat stat;
	long error = mount_stat(grant, below, !(flags & O_NOFOLLOW), &stat);

	if (error)
		return error == -ENOENT && (flags & O_CREAT) ? -EROFS : error;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((stat.mode & S_IFMT) == S_IFDIR)
		return (flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY ? -EISDIR : 0;
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) ? -EROFS : 0;
}

static void mount_file_end(struct mount_file *file)
{
	struct mount_file **link = &directories;

	if (file->below) {
		while (*link != file)
			link = &(*link)->next;
		*link = file->next;
		heap_put(file->below, file->room);
	}
	if (file->inode)
		mount_inode_put(file->inode);
	heap_put(file, sizeof(*file));
}

static bool note_path(struct mount_file *file, const char *below)
{
	file->room = strlen(below) + 1;
	file->below = heap_get(file->room);
	if (!file->below)
		return false;
	memcpy(file->below, below, file->room);
	file->next = directories;
	directories = file;
	return true;
}

static struct mount_file *mount_file_new(uint32_t grant, const char *below, const struct stat *stat)
{
	struct mount_file *made = heap_get(sizeof(*made));

	if (!made)
		return NULL;
	made->grant = grant;
	made->directory = (stat->mode & S_IFMT) == S_IFDIR;
	made->inode = mount_inode_get(grant, stat->ino);
	if (made->inode && (!made->directory || note_path(made, below)))
		return made;
	mount_file_end(made);
	return NULL;
}

/* The open file of a handle, which is closed when there is no memory. */
static long wrap(struct fs_node *node, const char *below, uint32_t flags, int32_t handle, const struct stat *stat,
		 struct file **to)
{
	struct file *file = file_new(FILE_MOUNT, (flags & ~(uint32_t)FLAGS_SPENT) | O_LARGEFILE);
	struct mount_file *mount = file ? mount_file_new(node->grant, below, stat) : NULL;

	if (!mount) {
		(void)host_close(platform_call(), handle);
		if (file)
			heap_put(file, sizeof(*file));
		return -ENOMEM;
	}
	file->handle = handle;
	file->node = node_hold(node);
	file->mount = mount;
	*to = file;
	return 0;
}

long mount_open(struct fs_node *node, const char *below, uint32_t flags, uint32_t mode, uint32_t resolve, struct file **to)
{
	uint32_t asked = flags;
	struct stat stat;
	long result = 0;

	/* The host resolves links beneath the grant and nothing tighter; files without a name it does not make. */
	if ((resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS)) || (flags & TMPFILE))
		return -EOPNOTSUPP;
	if (flags & O_PATH)
		asked &= O_DIRECTORY | O_NOFOLLOW;
	else if (mount_is_read_only(node->grant) &&
		 ((flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY))
		result = refuse_change(node->grant, below, flags);
	if (result)
		return result;
	if (mount_is_read_only(node->grant))
		asked &= ~(uint32_t)(O_CREAT | O_EXCL);
	result = host_open(node->grant, below, asked, mode, &stat);
	return result < 0 ? result : wrap(node, below, flags, (int32_t)result, &stat, to);
}

long mount_close(struct file *file)
{
	long result;

	fs_unlock_all(file, file);
	result = host_close(platform_call(), file->handle);
	mount_file_end(file->mount);
	node_drop(file->node);
	return result;
}

long mount_borrow(uint32_t grant, const char *below, bool follow, uint32_t flags)
{
	struct stat stat;
	long handle = host_open(grant, below, flags | (follow ? 0 : O_NOFOLLOW), 0, &stat);

	/* What may be written but not read can be changed all the same. */
	if (handle == -EACCES && (flags & O_ACCMODE) == O_RDONLY)
		handle = host_open(grant, below, (flags & ~(uint32_t)O_ACCMODE) | O_WRONLY | (follow ? 0 : O_NOFOLLOW), 0, &stat);
	return handle;
}

static size_t length_of(const char *below)
{
	size_t length = strlen(below);

	while (length > 0 && below[length - 1] == '/')
		length--;
	return length;
}

/* Names are compared as they were given: a directory that was opened over a link or `..` is not found. */
void mount_moved(uint32_t grant, const char *from, const char *to)
{
	size_t old = length_of(from), new = length_of(to);

	for (struct mount_file *one = directories; one; one = one->next) {
		size_t length = strlen(one->below);
		char *moved;

		if (one->grant != grant || length < old || memcmp(one->below, from, old) != 0 ||
		    (one->below[old] != 0 && one->below[old] != '/'))
			continue;
		moved = heap_get(length - old + new + 1);
		if (!moved)
			continue;
		memcpy(moved, to, new);
		memcpy(moved + new, one->below + old, length - old + 1);
		heap_put(one->below, one->room);
		one->below = moved;
		one->room = length - old + new + 1;
	}
}
