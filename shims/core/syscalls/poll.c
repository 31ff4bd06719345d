/* SPDX-License-Identifier: Apache-2.0 */
/* poll(): look at all, wait, look again. */
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define MILLISECONDS 1000
#define MILLISECOND 1000000

/* What holds of one entry now; `ask` is what the host is to be asked about it. */
static int16_t look(const struct pollfd *entry, struct pollfd *ask)
{
	struct file *file;
	uint32_t ready;

	*ask = (struct pollfd){ .fd = -1, .events = entry->events };
	if (entry->fd < 0)
		return 0;
	file = files_get((uint64_t)entry->fd);
	if (!file)
		return POLLNVAL;
	ready = file_ready(file, &ask->fd) & ((uint16_t)entry->events | POLLERR | POLLHUP);
	(void)file_drop(file);
	return (int16_t)ready;
}

/* Entries with an event; the host is asked only for handles, and sleeps only when there is none. */
static long scan(struct pollfd *fds, struct pollfd *asked, uint64_t count, const struct timespec *deadline)
{
	static const struct timespec past;
	long ready = 0, error = 0;
	bool hosted = false;

	for (uint64_t i = 0; i < count; i++) {
		fds[i].revents = look(&fds[i], &asked[i]);
		ready += fds[i].revents != 0;
		hosted |= asked[i].fd >= 0;
	}
	if (ready == 0 || hosted)
		error = wait_event(asked, count, ready ? &past : deadline);
	if (error && !(error == -ETIMEDOUT && ready))
		return error;
	for (uint64_t i = 0; i < count; i++) {
		if (!asked[i].revents)
			continue;
		ready += fds[i].revents == 0;
		fds[i].revents |= asked[i].revents;
	}
	return ready;
}

static long poll(uint64_t list, uint64_t count, const struct timespec *deadline)
{
	struct pollfd *fds = heap_get(2 * count * sizeof(*fds));
	long result;

	if (!fds)
		return -ENOMEM;
	if (user_get(fds, list, count * sizeof(*fds))) {
		result = -EFAULT;
	} else {
		do
			result = scan(fds, fds + count, count, deadline);
		while (result == 0);
		if (result == -ETIMEDOUT)
			result = 0;
		if (result >= 0 && user_put(list, fds, count * sizeof(*fds)))
			result = -EFAULT;
	}
	heap_put(fds, 2 * count * sizeof(*fds));
	return result;
}

long sys_poll(const struct syscall_frame *frame)
{
	int32_t timeout = (int32_t)frame->arg[2];
	struct timespec deadline = { timeout / MILLISECONDS, timeout % MILLISECONDS * MILLISECOND };
	long error = 0;

	if (frame->arg[1] > WAIT_MOST)
		return -EINVAL;
	if (timeout > 0)
		error = wait_deadline(&deadline, &deadline);
	return error ? error : poll(frame->arg[0], frame->arg[1], timeout < 0 ? NULL : &deadline);
}
