/* SPDX-License-Identifier: Apache-2.0 */
/* What sockets of AF_UNIX have around them in the tests: memory that is counted, a table of files, names in a tree. */
#include <string.h>
#include "../../include/files.h"
#include "../../include/fs.h"
#include "../../include/heap.h"
#include "../../include/local_socket.h"
#include "../../include/user.h"
#include "local_world.h"
#include "model.h"

struct file *slots[SLOTS];
uint64_t objects, bytes_held;

void *heap_get(size_t bytes)
{
	objects++;
	bytes_held += bytes;
	return calloc(1, bytes);
}

void heap_put(void *object, size_t bytes)
{
	memset(object, 0xa5, bytes);
	free(object);
	objects--;
	bytes_held -= bytes;
}

long user_get(void *to, uint64_t from, size_t length)
{
	memcpy(to, (const void *)from, length);
	return 0;
}

long user_put(uint64_t to, const void *from, size_t length)
{
	memcpy((void *)to, from, length);
	return 0;
}

void wait_changed(void)
{
}

long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	(void)fds, (void)count, (void)deadline;
	CHECK(false);
}

long wait_deadline(const struct timespec *timeout, struct timespec *deadline)
{
	*deadline = *timeout;
	return 0;
}

long file_told(long written)
{
	return written;
}

struct file *file_new(enum file_kind kind, uint32_t flags)
{
	struct file *file = heap_get(sizeof(*file));

	if (file)
		*file = (struct file){ .kind = kind, .references = 1, .flags = flags | O_NONBLOCK };
	return file;
}

long file_drop(struct file *file)
{
	if (--file->references != 0) {
		local_left(file);
		return 0;
	}
	local_close(file);
	heap_put(file, sizeof(*file));
	return 0;
}

struct file *files_get(uint64_t fd)
{
	return fd < SLOTS && slots[fd] ? file_hold(slots[fd]) : NULL;
}

long files_add(struct file *file, uint64_t least, bool close_on_exec)
{
	(void)close_on_exec;
	for (uint64_t fd = least; fd < SLOTS; fd++)
		if (!slots[fd]) {
			slots[fd] = file_hold(file);
			return (long)fd;
		}
	return -EMFILE;
}

struct fs_node {
	char name[LOCAL_PATH];
	bool there;
	uint32_t holds;
};

static struct fs_node nodes[64];
static unsigned nodes_made;

static struct fs_node *find_node(const char *path)
{
	for (unsigned i = 0; i < nodes_made; i++)
		if (nodes[i].there && strcmp(nodes[i].name, path) == 0)
			return &nodes[i];
	return NULL;
}

long fs_make_socket(const char *path, struct fs_node **to)
{
	if (find_node(path))
		return -EADDRINUSE;
	CHECK(nodes_made < sizeof(nodes) / sizeof(nodes[0]));
	*to = &nodes[nodes_made++];
	strcpy((*to)->name, path);
	(*to)->there = true;
	(*to)->holds = 1;
	return 0;
}

long fs_find_socket(const char *path, const struct fs_node **to)
{
	*to = find_node(path);
	return *to ? 0 : -ENOENT;
}

void fs_leave(struct fs_node *node)
{
	CHECK(node->holds-- == 1);
}

long fs_remove(const struct file *from, const char *path, bool directory)
{
	struct fs_node *node = find_node(path);

	CHECK(!from && !directory);
	if (!node)
		return -ENOENT;
	node->there = false;
	return 0;
}

void world_forget(void)
{
	for (unsigned i = 0; i < nodes_made; i++)
		CHECK(nodes[i].holds == 0);
	nodes_made = 0;
}
