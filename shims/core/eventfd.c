/* SPDX-License-Identifier: Apache-2.0 */
#include "include/eventfd.h"
#include "include/linux.h"
#include "include/user.h"

#define COUNT_MOST (UINT64_MAX - 1)

/* The counter is the file's position, which nothing else uses, for there is no seeking in it. */
struct file *eventfd_open(uint64_t count, bool one, uint32_t flags)
{
	struct file *file = file_new(FILE_EVENTFD, flags | O_RDWR);

	if (file) {
		file->position = count;
		file->one = one;
	}
	return file;
}

long eventfd_read(struct file *file, uint64_t to, uint64_t count)
{
	uint64_t value = file->one ? 1 : file->position;

	if (count < sizeof(value))
		return -EINVAL;
	if (file->position == 0)
		return -EAGAIN;
	if (user_put(to, &value, sizeof(value)))
		return -EFAULT;
	file->position -= value;
	file->edges.out++;
	wait_changed();
	return sizeof(value);
}

long eventfd_write(struct file *file, uint64_t from, uint64_t count)
{
	uint64_t value;

	if (count < sizeof(value))
		return -EINVAL;
	if (user_get(&value, from, sizeof(value)))
		return -EFAULT;
	if (value > COUNT_MOST)
		return -EINVAL;
	if (value > COUNT_MOST - file->position)
		return -EAGAIN;
	file->position += value;
	file->edges.in++;
	wait_changed();
	return sizeof(value);
}

uint32_t eventfd_ready(const struct file *file)
{
	return (file->position ? POLLIN : 0) | (file->position < COUNT_MOST ? POLLOUT : 0);
}
