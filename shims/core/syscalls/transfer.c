/* SPDX-License-Identifier: Apache-2.0 */
/* From one open file to another: sendfile, copy_file_range. And files that are memory. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/side.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define COUNT_MOST 0x7ffff000ull

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NAME_MOST 249

static long copy(struct side *from, struct side *to, uint64_t count, uint64_t room)
{
	uint64_t done = 0;

	while (done < count) {
		uint64_t part = count - done < SIDE_ROOM ? count - done : SIDE_ROOM;
		long got = file_read(from->file, room, part, from->at, true), put;

		if (got <= 0)
			return done ? (long)done : got;
		put = file_write(to->file, room, (uint64_t)got, to->at, done == 0);
		side_put_back(from, got - (put > 0 ? put : 0));
		if (put <= 0)
			return done ? (long)done : put;
		side_advance(from, put);
		side_advance(to, put);
		done += (uint64_t)put;
		if (put < got)
			break;
	}
	return (long)done;
}

static long copy_through(struct side *from, struct side *to, uint64_t count)
{
	uint64_t room;
	long result = side_map(&room);

	if (result)
		return result;
	result = copy(from, to, count < COUNT_MOST ? count : COUNT_MOST, room);
	side_unmap(room);
	return result;
}

static bool is_regular(struct file *file)
{
	struct stat stat;

	return file_stat(file, &stat) == 0 && (stat.mode & S_IFMT) == S_IFREG;
}

static long send(struct side *from, struct side *to, const struct syscall_frame *frame)
{
	long result = side_place(from, frame->arg[2]);

	if (result)
		return result;
	/* Of a stream the host knows. */
	if (to->file->kind != FILE_STREAM && !side_can(to->file, true))
		return -EBADF;
	if (!is_regular(from->file) || (to->file->kind == FILE_TREE && (to->file->flags & O_APPEND)))
		return -EINVAL;
	if (!side_can(from->file, false))
		return -EBADF;
	result = copy_through(from, to, frame->arg[3]);
	return side_tell(from, frame->arg[2], result);
}

static long copy_range(struct side *from, struct side *to, const struct syscall_frame *frame)
{
	struct stat one, two;
	long result;

	if (frame->arg[5])
		return -EINVAL;
	result = side_place(from, frame->arg[1]);
	if (!result)
		result = side_place(to, frame->arg[3]);
	if (!result)
		result = file_stat(from->file, &one);
	if (!result)
		result = file_stat(to->file, &two);
	if (result)
		return result;
	if ((one.mode & S_IFMT) == S_IFDIR || (two.mode & S_IFMT) == S_IFDIR)
		return -EISDIR;
	if ((one.mode & S_IFMT) != S_IFREG || (two.mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	if (!side_can(from->file, false) || !side_can(to->file, true) || (to->file->flags & O_APPEND))
		return -EBADF;
	if (one.dev == two.dev && one.ino == two.ino) {
		uint64_t start = (uint64_t)(from->at == FILE_POSITION ? (int64_t)from->file->position : from->at);
		uint64_t place = (uint64_t)(to->at == FILE_POSITION ? (int64_t)to->file->position : to->at);

		if (start < place + frame->arg[4] && place < start + frame->arg[4])
			return -EINVAL;
	}
	result = copy_through(from, to, frame->arg[4]);
	result = side_tell(from, frame->arg[1], result);
	return side_tell(to, frame->arg[3], result);
}

/* Both files, held, to one of the two above. */
static long between(uint64_t from_fd, uint64_t to_fd, const struct syscall_frame *frame, bool sending)
{
	struct side from = { .file = files_get(from_fd) }, to = { .file = files_get(to_fd), .at = FILE_POSITION };
	long result = -EBADF;

	if (from.file && to.file)
		result = sending ? send(&from, &to, frame) : copy_range(&from, &to, frame);
	if (from.file)
		(void)file_drop(from.file);
	if (to.file)
		(void)file_drop(to.file);
	return result;
}

long sys_sendfile(const struct syscall_frame *frame)
{
	return between(frame->arg[1], frame->arg[0], frame, true);
}

long sys_copy_file_range(const struct syscall_frame *frame)
{
	return between(frame->arg[0], frame->arg[2], frame, false);
}

/* Its name is for /proc of other processes; here it is only to be readable and short. */
long sys_memfd_create(const struct syscall_frame *frame)
{
	char name[PATH_MAX];
	struct file *file;
	size_t length = 0;
	long error;

	if (frame->arg[1] & ~(uint64_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	error = user_path(name, frame->arg[0]);
	if (error && error != -ENOENT)
		return error == -ENAMETOOLONG ? -EINVAL : error;
	while (name[length])
		length++;
	if (length > MFD_NAME_MOST)
		return -EINVAL;
	error = fs_open_memory(&file);
	return error ? error : files_open(file, (frame->arg[1] & MFD_CLOEXEC) != 0);
}
