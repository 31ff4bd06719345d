/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: the file system within the Keep, where one is compiled in; else nothing is there. The program itself
 * is what /proc/self/exe says.
 */
#include "../include/paths.h"
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define CWD ((uint64_t)AT_FDCWD)

/* What the one link says that there is without a file system. */
static const char program[] = "/exec";
static const char self[] = "/proc/self/exe";

long path_get(struct path *path, uint64_t directory, uint64_t text, uint64_t flags)
{
	long error = user_path(path->text, text);

	path->from = NULL;
	if (error == -ENOENT && (flags & AT_EMPTY_PATH)) {
		error = 0;
		if ((int32_t)directory == AT_FDCWD)
			memcpy(path->text, ".", 2);
	}
	if (error || path->text[0] == '/' || (int32_t)directory == AT_FDCWD)
		return error;
	path->from = files_get((uint64_t)(uint32_t)directory);
	if (!path->from)
		return -EBADF;
	(void)file_drop(path->from);
	return path_is_file(path) || path->from->node ? 0 : -ENOTDIR;
}

static long open_path(uint64_t directory, uint64_t text, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct path path;
	struct file *file;
	long error = path_get(&path, directory, text, 0);

	if (error)
		return error;
	if (!SHIM_FILES)
		return flags & O_CREAT ? -EROFS : -ENOENT;
	error = fs_open(path.from, path.text, (uint32_t)flags, (uint32_t)mode, (uint32_t)resolve, &file);
	return error ? error : files_open(file, (flags & O_CLOEXEC) != 0);
}

long sys_open(const struct syscall_frame *frame)
{
	return open_path(CWD, frame->arg[0], frame->arg[1], frame->arg[2], 0);
}

long sys_openat(const struct syscall_frame *frame)
{
	return open_path(frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3], 0);
}

long sys_creat(const struct syscall_frame *frame)
{
	return open_path(CWD, frame->arg[0], O_CREAT | O_WRONLY | O_TRUNC, frame->arg[1], 0);
}

struct open_how {
	uint64_t flags, mode, resolve;
};

#define OPEN_FLAGS 037777703ull /* all that there are */
#define RESOLVE_FLAGS 0x3full

/* A larger structure is one of a later kernel; what is beyond this one must be zero. */
static long get_how(struct open_how *how, uint64_t from, uint64_t size)
{
	uint8_t more;

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > 4096)
		return -E2BIG;
	for (uint64_t i = sizeof(*how); i < size; i++) {
		if (user_get(&more, from + i, 1))
			return -EFAULT;
		if (more)
			return -E2BIG;
	}
	return user_get(how, from, sizeof(*how));
}

long sys_openat2(const struct syscall_frame *frame)
{
	struct open_how how;
	long error = get_how(&how, frame->arg[2], frame->arg[3]);

	if (error)
		return error;
	if ((how.flags & ~OPEN_FLAGS) || (how.resolve & ~RESOLVE_FLAGS))
		return -EINVAL;
	if ((how.resolve & RESOLVE_BENEATH) && (how.resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if ((how.flags & O_CREAT) || (how.flags & O_TMPFILE & ~O_DIRECTORY) ? (how.mode & ~07777ull) : how.mode)
		return -EINVAL;
	if ((how.flags & O_PATH) && (how.flags & ~(uint64_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
		return -EINVAL;
	return open_path(frame->arg[0], frame->arg[1], how.flags, how.mode, how.resolve);
}

static long read_link(uint64_t directory, uint64_t text, uint64_t to, int64_t room)
{
	char link[PATH_MAX];
	struct path path;
	long length = path_get(&path, directory, text, AT_EMPTY_PATH);

	if (room <= 0)
		return -EINVAL;
	if (length)
		return length;
	if (!SHIM_FILES && memcmp(path.text, self, sizeof(self)) == 0)
		memcpy(link, program, length = sizeof(program) - 1);
	else if (!SHIM_FILES)
		return -ENOENT;
	else if (path_is_file(&path))
		length = path.from ? fs_read_link_file(path.from, link) : -ENOENT;
	else
		length = fs_read_link(path.from, path.text, link);
	if (length < 0)
		return length == -EINVAL && path_is_file(&path) ? -ENOENT : length;
	if (length > room)
		length = room;
	return user_put(to, link, (size_t)length) ? -EFAULT : length;
}

long sys_readlink(const struct syscall_frame *frame)
{
	return read_link(CWD, frame->arg[0], frame->arg[1], (int32_t)frame->arg[2]);
}

long sys_readlinkat(const struct syscall_frame *frame)
{
	return read_link(frame->arg[0], frame->arg[1], frame->arg[2], (int32_t)frame->arg[3]);
}

long sys_getcwd(const struct syscall_frame *frame)
{
	char path[PATH_MAX] = "/";
	long length = SHIM_FILES ? fs_directory_path(path) : 2;

	if (length < 0)
		return length;
	if (frame->arg[1] < (uint64_t)length)
		return -ERANGE;
	return user_put(frame->arg[0], path, (size_t)length) ? -EFAULT : length;
}
