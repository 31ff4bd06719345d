/* SPDX-License-Identifier: Apache-2.0 */
#include "include/socket.h"
#include "include/user.h"

const struct timespec *socket_deadline(const struct timespec *time, struct timespec *deadline)
{
	if ((time->tv_sec == 0 && time->tv_nsec == 0) || wait_deadline(time, deadline))
		return NULL;
	return deadline;
}

long socket_waited(long result)
{
	return result == -ETIMEDOUT ? -EAGAIN : result;
}

long socket_give(uint64_t to, uint64_t length, const void *value, uint32_t size)
{
	uint32_t room;

	if (user_get(&room, length, sizeof(room)))
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	size = size < room ? size : room;
	return user_put(to, value, size) || user_put(length, &size, sizeof(size)) ? -EFAULT : 0;
}

long socket_give_time(uint64_t to, uint64_t length, const struct timespec *time)
{
	struct timeval value = { time->tv_sec, time->tv_nsec / 1000 };

	return socket_give(to, length, &value, sizeof(value));
}

long socket_set_time(struct timespec *time, uint64_t from, uint32_t length)
{
	struct timeval value;

	if (length < sizeof(value))
		return -EINVAL;
	if (user_get(&value, from, sizeof(value)))
		return -EFAULT;
	if (value.tv_usec < 0 || value.tv_usec >= 1000000)
		return -EDOM;
	*time = (struct timespec){ value.tv_sec < 0 ? 0 : value.tv_sec, value.tv_usec * 1000 };
	return 0;
}
