/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getdents64(). A position is the cookie of the entry that comes next, or would: it stays good while names come and go.
 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/proc.h"
#include "../include/user.h"

struct record {
	uint64_t ino;
	uint64_t offset;
	uint16_t length;
	uint8_t type;
	char name[NAME_MAX + 1 + 7]; /* and the padding to 8 */
} __attribute__((packed));
#define RECORD_HEAD 19

/* One entry to the application: its length; 0 when there is no more room. */
static long put(uint64_t to, uint64_t room, const struct fs_node *node, const char *name, size_t length, uint64_t next)
{
	size_t whole = (RECORD_HEAD + length + 1 + 7) & ~(size_t)7;
	struct record record;

	if (whole > room)
		return 0;
	memset(&record, 0, sizeof(record));
	record.ino = node->number;
	record.offset = next;
	record.length = (uint16_t)whole;
	record.type = (uint8_t)(node_type(node) >> 12);
	memcpy(record.name, name, length);
	return user_put(to, &record, whole) ? -EFAULT : (long)whole;
}

/* Of a directory of numbers, which has one more. */
static long put_number(struct file *file, uint64_t to, uint64_t room)
{
	static const struct fs_node shown[] = { { .number = 1, .kind = FS_MAGIC }, { .number = 1, .kind = FS_DIRECTORY } };
	uint64_t number = file->position - 2, left;
	char name[20];
	size_t at = sizeof(name);
	long length;

	(void)proc_next(file->node, &number);
	left = number;
	do
		name[--at] = (char)('0' + left % 10);
	while (left /= 10);
	length = put(to, room, &shown[file->node->kind == FS_TASKS], name + at, sizeof(name) - at, number + 3);
	if (length > 0)
		file->position = number + 3;
	return length;
}

/* The entry at the position, or the first after it. `*next` is the position behind it. */
static long put_next(struct file *file, uint64_t to, uint64_t room, const struct fs_entry **entry)
{
	struct fs_node *node = file->node;
	long length;

	if (file->position < 2) {
		const struct fs_node *above = node->kind == FS_DIRECTORY ? node->directory.parent : node->names->directory;
		const struct fs_node *shown = file->position ? above : node;

		length = put(to, room, shown, "..", file->position + 1, file->position + 1);
		file->position += length > 0;
		return length;
	}
	if (node->kind != FS_DIRECTORY)
		return put_number(file, to, room);
	length = put(to, room, (*entry)->node, (*entry)->name, (*entry)->length, (*entry)->cookie + 1);
	if (length > 0) {
		file->position = (*entry)->cookie + 1;
		*entry = (*entry)->next;
	}
	return length;
}

long fs_list(struct file *file, uint64_t to, uint64_t room)
{
	struct fs_node *node = file->node;
	const struct fs_entry *entry;
	uint64_t done = 0;

	bool numbers = node->kind == FS_FDS || node->kind == FS_TASKS;

	if (node->kind != FS_DIRECTORY && !numbers)
		return -ENOTDIR;
	if (node->links == 0)
		return -ENOENT;
	entry = numbers ? NULL : name_from(node, file->position);
	while (file->position < 2 || entry || numbers) {
		uint64_t number = file->position - 2;
		long length;

		if (numbers && file->position >= 2 && !proc_next(node, &number))
			break;
		length = put_next(file, to + done, room - done, &entry);
		if (length <= 0)
			return done ? (long)done : length ? length : -EINVAL;
		done += (uint64_t)length;
	}
	return (long)done;
}
