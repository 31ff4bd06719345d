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

long user_path(uint64_t path)
{
	for (uint64_t at = path; at - path < PATH_MAX; at++) {
		/* Each page once; the string may end before the next one, which need not be there. */
		if ((at == path || at % PAGE_BYTES == 0) && memory_touch(at, 1, PERM_R))
			return -EFAULT;
		if (*(const char *)at == 0)
			return at == path ? -ENOENT : 0;
	}
	return -ENAMETOOLONG;
}
