/* SPDX-License-Identifier: Apache-2.0 */
#include "include/user.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/platform.h"

long user_get(void *to, uint64_t from, size_t length)
{
	long error = memory_touch(from, length, PERM_R);

	if (!error)
		memcpy(to, (const void *)from, length);
	return error;
}

long user_put(uint64_t to, const void *from, size_t length)
{
	long error = memory_touch(to, length, PERM_R | PERM_W);

	if (!error)
		memcpy((void *)to, from, length);
	return error;
}

long user_path(char *to, uint64_t path)
{
	for (uint64_t i = 0; i < PATH_MAX; i++) {
		/* Each page once; the string may end before the next one, which need not be there. */
		if ((i == 0 || (path + i) % PAGE_BYTES == 0) && memory_touch(path + i, 1, PERM_R))
			return -EFAULT;
		to[i] = *(const char *)(path + i);
		if (to[i] == 0)
			return i == 0 ? -ENOENT : 0;
	}
	return -ENAMETOOLONG;
}
