/* SPDX-License-Identifier: Apache-2.0 */
/* select(), by way of poll(). */
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/poll.h"
#include "../include/syscall.h"
#include "../include/timeout.h"
#include "../include/user.h"

#define SETS 3
#define WORDS (FILES_MOST / 64)

struct sets {
	uint64_t bits[SETS][WORDS];
};

/* What each set asks poll() for, and which of its answers put a descriptor into it. */
static const int16_t asks[SETS] = { POLLIN | POLLRDNORM | POLLRDBAND, POLLOUT | POLLWRNORM | POLLWRBAND, POLLPRI };
static const int16_t answers[SETS] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI
};

static bool in_set(const struct sets *sets, unsigned set, uint64_t fd)
{
	return sets->bits[set][fd / 64] >> (fd % 64) & 1;
}

/* Entries for all descriptors in the sets; -EBADF when one is not open. */
static long entries(const struct sets *sets, uint64_t count, struct pollfd *fds, uint64_t *used)
{
	*used = 0;
	for (uint64_t fd = 0; fd < count; fd++) {
		struct pollfd entry = { .fd = (int32_t)fd };
		struct file *file;

		for (unsigned set = 0; set < SETS; set++)
			entry.events |= in_set(sets, set, fd) ? asks[set] : 0;
		if (!entry.events)
			continue;
		file = files_get(fd);
		if (!file)
			return -EBADF;
		(void)file_drop(file);
		fds[(*used)++] = entry;
	}
	return 0;
}

/* Leaves in the sets what is ready: how many bits are left. */
static long results(struct sets *sets, const struct pollfd *fds, uint64_t used)
{
	struct sets ready = { 0 };
	long count = 0;

	for (uint64_t i = 0; i < used; i++) {
		uint64_t fd = (uint64_t)fds[i].fd;

		for (unsigned set = 0; set < SETS; set++) {
			if (!in_set(sets, set, fd) || !(fds[i].revents & answers[set]))
				continue;
			ready.bits[set][fd / 64] |= 1ull << (fd % 64);
			count++;
		}
	}
	*sets = ready;
	return count;
}

static long select(const struct syscall_frame *frame, const struct timespec *deadline)
{
	int32_t most = (int32_t)frame->arg[0];
	uint64_t count = most > FILES_MOST ? FILES_MOST : (uint64_t)most, used;
	uint64_t bytes = (count + 63) / 64 * 8;
	struct sets sets = { 0 };
	struct pollfd *fds;
	long result = 0;

	if (most < 0)
		return -EINVAL;
	for (unsigned set = 0; set < SETS && !result; set++)
		if (frame->arg[1 + set] != 0)
			result = user_get(sets.bits[set], frame->arg[1 + set], bytes);
	if (result)
		return result;
	fds = heap_get(count * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	result = entries(&sets, count, fds, &used);
	if (!result)
		result = poll_wait(fds, used, deadline);
	if (result >= 0)
		result = results(&sets, fds, used);
	heap_put(fds, count * sizeof(*fds));
	for (unsigned set = 0; set < SETS && result >= 0; set++)
		if (frame->arg[1 + set] != 0 && user_put(frame->arg[1 + set], sets.bits[set], bytes))
			result = -EFAULT;
	return result;
}

long sys_select(const struct syscall_frame *frame)
{
	struct timeout timeout;
	struct timespec left;
	long result = timeout_timeval(&timeout, frame->arg[4]);

	if (result)
		return result;
	result = select(frame, timeout.deadline);
	if (frame->arg[4] != 0) {
		left = timeout_left(&timeout);
		left.tv_nsec /= 1000;
		(void)user_put(frame->arg[4], &left, sizeof(left));
	}
	return result;
}

long sys_pselect6(const struct syscall_frame *frame)
{
	struct {
		uint64_t set;
		uint64_t size;
	} mask = { 0 };
	struct mask_change change;
	struct timeout timeout;
	long error = timeout_timespec(&timeout, frame->arg[4]);

	if (!error && frame->arg[5] != 0)
		error = user_get(&mask, frame->arg[5], sizeof(mask));
	if (!error)
		error = mask_begin(&change, mask.set, mask.size);
	if (error)
		return error;
	error = mask_end(&change, select(frame, timeout.deadline));
	timeout_put_left(&timeout, frame->arg[4]);
	return error;
}
