/* SPDX-License-Identifier: Apache-2.0 */
/* execve() and execveat(): which file is meant, and through interpreters to the program that runs. */
#include "../include/bytes.h"
#include "../include/debug.h"
#include "../include/exec.h"
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/heap.h"
#include "../include/lock.h"
#include "../include/paths.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/task.h"

#define CWD ((uint64_t)AT_FDCWD)
#define S_IFLNK 0120000

/* Scripts whose interpreter is a script: Linux follows so many. */
#define SCRIPTS_MOST 5

/* What it takes to find out what is to run. Too much for the stack. */
struct exec_work {
	struct exec_texts texts;
	struct exec_image image;
	struct exec_script script;
	struct path path;
	bool hidden; /* no interpreter could open the script: its descriptor will be closed */
};

/* Looked at first: to open what is no file may wait, or do something. */
static long open_path(const struct path *path, bool follow, struct file **to)
{
	struct stat stat;
	long error = fs_stat_path(path->from, path->text, follow, &stat);

	if (error)
		return error;
	if ((stat.mode & S_IFMT) == S_IFLNK)
		return -ELOOP;
	if ((stat.mode & S_IFMT) != S_IFREG)
		return -EACCES;
	return fs_open(path->from, path->text, O_RDONLY, 0, 0, to);
}

static size_t put_number(char *to, uint32_t number)
{
	size_t length = number < 10 ? 0 : put_number(to, number / 10);

	to[length] = (char)('0' + number % 10);
	return length + 1;
}

/* What starts at a descriptor is called as Linux calls it. */
static void put_name(struct exec_work *work, uint64_t directory)
{
	static const char prefix[] = "/dev/fd/";
	char *name = work->texts.name;

	if (work->path.from) {
		memcpy(name, prefix, sizeof(prefix) - 1);
		name += sizeof(prefix) - 1;
		name += put_number(name, (uint32_t)directory);
		work->hidden = files_close_on_exec((uint32_t)directory);
		if (!path_is_file(&work->path))
			*name++ = '/';
	}
	memcpy(name, work->path.text, strlen(work->path.text) + 1);
}

static long open_program(struct exec_work *work, uint64_t directory, uint64_t text, uint64_t flags, struct file **to)
{
	struct path *path = &work->path;
	long error = path_get(path, directory, text, flags);

	if (error)
		return error;
	put_name(work, directory);
	if (!path_is_file(path))
		return open_path(path, !(flags & AT_SYMLINK_NOFOLLOW), to);
	if (path->from->kind != FILE_MOUNT)
		return fs_open_again(path->from, to);
	if ((path->from->flags & O_PATH) || (path->from->flags & O_ACCMODE) == O_WRONLY)
		return -EACCES; /* the host was asked for no more than this */
	*to = file_hold(path->from);
	return 0;
}

/* From a script to its interpreter, until there is a program. */
static long find_image(struct exec_work *work, struct file **file)
{
	const char *script = work->texts.name;

	for (unsigned depth = 0; depth <= SCRIPTS_MOST; depth++) {
		long is_script, error = exec_check(*file);

		if (error)
			return error;
		is_script = exec_read_script(*file, &work->script);
		if (is_script <= 0)
			return is_script ? is_script : exec_read(*file, &work->image);
		if (work->hidden)
			return -ENOENT;
		error = exec_texts_interpret(&work->texts, script, work->script.interpreter, work->script.argument);
		if (error)
			return error;
		/* Which is the next script's name, if it is one. */
		work->path.from = NULL;
		memcpy(work->path.text, work->script.interpreter, strlen(work->script.interpreter) + 1);
		script = work->path.text;
		(void)file_drop(*file);
		*file = NULL;
		error = open_path(&work->path, true, file);
		if (error)
			return error;
	}
	return -ELOOP;
}

static long run(const struct syscall_frame *frame, struct exec_work *work, struct file *file)
{
	struct exec exec = { 0 };
	uint64_t stack;
	long error = exec_replace(file, &work->texts, &work->image, &exec, &stack);

	if (error)
		return error;
	task_name(work->texts.name); /* of a script the script's, as in Linux */
	exec_texts_put(&work->texts);
	heap_put(work, sizeof(*work));
	fs_set_program(file);
	fs_program(stack, task_most());
	core_unlock();
	debug_result(frame, 0);
	platform_start(exec.entry, stack);
}

static long exec_file(const struct syscall_frame *frame, uint64_t directory, const uint64_t *arg, uint64_t flags)
{
	struct exec_work *work = heap_get(sizeof(*work));
	struct file *file = NULL;
	long error;

	if (!work)
		return -ENOMEM;
	error = open_program(work, directory, arg[0], flags, &file);
	if (!error)
		error = exec_check(file);
	if (!error)
		error = exec_texts_get(&work->texts, arg[1], arg[2]);
	if (!error)
		error = find_image(work, &file);
	if (!error)
		error = run(frame, work, file);
	if (file)
		(void)file_drop(file);
	exec_texts_put(&work->texts);
	heap_put(work, sizeof(*work));
	return error;
}

long sys_execve(const struct syscall_frame *frame)
{
	return exec_file(frame, CWD, frame->arg, 0);
}

long sys_execveat(const struct syscall_frame *frame)
{
	uint64_t flags = frame->arg[4];

	if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return exec_file(frame, frame->arg[0], &frame->arg[1], flags);
}
