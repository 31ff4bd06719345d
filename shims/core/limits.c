/* SPDX-License-Identifier: Apache-2.0 */
#include "include/limits.h"
#include <stddef.h>
#include "include/files.h"
#include "include/linux.h"
#include "include/platform.h"
#include "include/signal.h"
#include "include/task.h"

#define RLIMIT_FSIZE 1
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_NOFILE 7
#define RLIMITS 16
#define STACK_LIMIT (8ull << 20)

static struct rlimit limits[RLIMITS] = {
	[0 ... RLIMIT_STACK - 1] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_STACK] = { STACK_LIMIT, RLIM_INFINITY },
	[RLIMIT_CORE] = { 0, 0 },
	[RLIMIT_CORE + 1 ... RLIMIT_NOFILE - 1] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_NOFILE] = { FILES_MOST, FILES_MOST },
	[RLIMIT_NOFILE + 1 ... RLIMITS - 1] = { RLIM_INFINITY, RLIM_INFINITY },
};

const struct rlimit *limit_of(uint64_t which)
{
	return which < RLIMITS ? &limits[which] : NULL;
}

/* Nobody in a Keep may raise what its configuration gave. */
long limit_set(uint64_t which, const struct rlimit *to)
{
	if (which >= RLIMITS || to->now > to->most)
		return -EINVAL;
	if (to->most > limits[which].most)
		return -EPERM;
	limits[which] = *to;
	return 0;
}

uint64_t limit_files(void)
{
	return limits[RLIMIT_NOFILE].now;
}

uint64_t limit_file(void)
{
	return limits[RLIMIT_FSIZE].now;
}

static long too_large(void)
{
	const struct siginfo info = { .number = SIGXFSZ, .sender = { .pid = 1 } };

	(void)signal_send(task_self(), &info);
	return -EFBIG;
}

long limit_write(uint64_t at, uint64_t *count)
{
	uint64_t most = limit_file();

	if (*count == 0)
		return 0;
	if (at >= most)
		return too_large();
	if (*count > most - at)
		*count = most - at;
	return 0;
}

long limit_size(uint64_t from, uint64_t to)
{
	return to > from && to > limit_file() ? too_large() : 0;
}
