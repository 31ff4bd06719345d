/* SPDX-License-Identifier: Apache-2.0 */
/* What pipes have around them in the tests: memory that is counted, files, and a program whose addresses are this one's. */
#include <string.h>
#include "../../include/heap.h"
#include "../../include/memory.h"
#include "../../include/pipe.h"
#include "../../include/user.h"
#include "model.h"
#include "pipe_world.h"

uint64_t objects, changes;

void *heap_get(size_t bytes)
{
	objects++;
	return calloc(1, bytes);
}

void heap_put(void *object, size_t bytes)
{
	memset(object, 0xa5, bytes);
	free(object);
	objects--;
}

struct file *file_new(enum file_kind kind, uint32_t flags)
{
	struct file *file = heap_get(sizeof(*file));

	*file = (struct file){ .kind = kind, .references = 1, .flags = flags };
	return file;
}

void wait_changed(void)
{
	changes++;
}

void fs_written(struct fs_node *node)
{
	(void)node;
	CHECK(false); /* a node's times are fs/'s */
}

/* Nobody waits, but in fifo_model.c, which has its own. */
__attribute__((weak)) long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	(void)fds, (void)count, (void)deadline;
	CHECK(false);
}

long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	(void)need;
	return address == 0 && length ? -EFAULT : 0;
}

long user_put(uint64_t to, const void *from, size_t length)
{
	memcpy((void *)to, from, length);
	return 0;
}
