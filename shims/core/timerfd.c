/* SPDX-License-Identifier: Apache-2.0 */
#include "include/timerfd.h"
#include "include/heap.h"
#include "include/user.h"

struct file *timerfd_open(int32_t clock, uint32_t flags)
{
	struct file *file = file_new(FILE_TIMERFD, flags | O_RDWR);

	if (!file)
		return NULL;
	file->timer = heap_get(sizeof(*file->timer));
	if (!file->timer) {
		(void)file_drop(file);
		return NULL;
	}
	file->timer->clock = clock;
	return file;
}

long timerfd_read(struct file *file, uint64_t to, uint64_t count)
{
	struct timer *timer = file->timer;

	if (count < sizeof(timer->expirations))
		return -EINVAL;
	timer_look(timer);
	if (timer->expirations == 0)
		return -EAGAIN;
	if (user_put(to, &timer->expirations, sizeof(timer->expirations)))
		return -EFAULT;
	timer->expirations = 0;
	return sizeof(timer->expirations);
}

uint32_t timerfd_ready(struct file *file)
{
	timer_look(file->timer);
	return file->timer->expirations ? POLLIN : 0;
}

void timerfd_close(struct file *file)
{
	if (!file->timer)
		return;
	timer_disarm(file->timer);
	heap_put(file->timer, sizeof(*file->timer));
}

struct edges timerfd_edges(struct file *file)
{
	timer_look(file->timer);
	return (struct edges){ .in = file->timer->edges };
}
