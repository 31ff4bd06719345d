/* SPDX-License-Identifier: Apache-2.0 */
#include "include/run.h"
#include "include/bytes.h"
#include "include/user.h"

/* As Linux cuts it: a result fits an int, and whole pages are moved. */
#define COUNT_MOST 0x7ffff000ull

long run_start(struct run *run, uint64_t parts, uint64_t count)
{
	uint64_t sum = 0;
	struct iovec part;

	*run = (struct run){ .next = parts, .parts = count };
	for (uint64_t i = 0; i < count; i++) {
		if (user_get(&part, parts + i * sizeof(part), sizeof(part)))
			return -EFAULT;
		if ((int64_t)part.length < 0)
			return -EINVAL;
		sum += part.length < COUNT_MOST ? part.length : COUNT_MOST;
		if (sum > COUNT_MOST)
			sum = COUNT_MOST;
	}
	return (long)sum;
}

/* The array is the application's, which may have made it shorter meanwhile. */
static long move(struct run *run, uint8_t *to, const uint8_t *from, uint64_t count)
{
	while (count != 0) {
		uint64_t length = run->now.length < count ? run->now.length : count;
		long error;

		if (length == 0) {
			if (run->parts == 0 || user_get(&run->now, run->next, sizeof(run->now)))
				return -EFAULT;
			run->next += sizeof(run->now);
			run->parts--;
			continue;
		}
		error = to ? user_get(to, run->now.base, length) : user_put(run->now.base, from, length);
		if (error)
			return error;
		to += to ? length : 0;
		from += from ? length : 0;
		run->now.base += length;
		run->now.length -= length;
		count -= length;
	}
	return 0;
}

long run_get(struct run *run, void *to, uint64_t count)
{
	return move(run, to, NULL, count);
}

long run_put(struct run *run, const void *from, uint64_t count)
{
	return move(run, NULL, from, count);
}
