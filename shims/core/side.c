/* SPDX-License-Identifier: Apache-2.0 */
#include "include/side.h"
#include "include/memory.h"
#include "include/platform.h"
#include "include/user.h"

#define ROOM_PAGES (SIDE_ROOM >> PAGE_SHIFT)

long side_place(struct side *side, uint64_t from)
{
	side->at = FILE_POSITION;
	if (from && user_get(&side->at, from, sizeof(side->at)))
		return -EFAULT;
	return from && side->at < 0 ? -EINVAL : 0;
}

long side_tell(const struct side *side, uint64_t to, long result)
{
	return result >= 0 && to && user_put(to, &side->at, sizeof(side->at)) ? -EFAULT : result;
}

void side_advance(struct side *side, long count)
{
	if (side->at != FILE_POSITION)
		side->at += count;
}

void side_put_back(struct side *side, long count)
{
	if (count && side->at == FILE_POSITION)
		(void)file_seek(side->file, -count, SEEK_CUR);
}

bool side_can(const struct file *file, bool writing)
{
	uint32_t access = file->flags & O_ACCMODE;

	return !(file->flags & O_PATH) && access != (writing ? O_RDONLY : O_WRONLY);
}

long side_map(uint64_t *room)
{
	*room = memory_find(ROOM_PAGES);
	return *room ? memory_map(*room, ROOM_PAGES, PERM_R | PERM_W) : -ENOMEM;
}

void side_unmap(uint64_t room)
{
	(void)memory_unmap(room, ROOM_PAGES);
}
