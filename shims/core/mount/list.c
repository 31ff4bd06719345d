/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getdents64() of a host directory. What comes is parsed in the shim's own memory, entry by entry; one that is malformed
 * ends the Keep, as any answer does that no honest host gives. The application gets entries of our own making.
 */
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/mount_file.h"
#include "../include/platform.h"
#include "../include/user.h"

/* Asked for at once. */
#define LIST_BYTES 0x4000
/* A listing does not go on for ever, whatever the host says. */
#define LISTED_MOST (1ull << 24)

struct dirent64 {
	uint64_t inode;
	int64_t next; /* the position behind it, which only the host understands */
	uint16_t length;
	uint8_t type;
	char name[];
} __attribute__((packed));
#define NAME_AT 19
_Static_assert(__builtin_offsetof(struct dirent64, name) == NAME_AT, "dirent64");

/* DT_UNKNOWN, FIFO, CHR, DIR, BLK, REG, LNK, SOCK. */
#define TYPES (1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 6 | 1u << 8 | 1u << 10 | 1u << 12)

/* The length of the name of the entry in `bytes` bytes at `entry`; the Keep ends when it is no entry. */
static size_t check(const struct dirent64 *entry, uint64_t bytes)
{
	size_t length = 0;

	if (bytes < NAME_AT + 2 || entry->length < NAME_AT + 2 || entry->length > bytes || entry->length % 8 != 0 ||
	    entry->next < 0 || entry->type > 12 || !(TYPES >> entry->type & 1))
		keep_refuse(REASON_HOST_RESULT);
	while (NAME_AT + length < entry->length && entry->name[length] != 0 && entry->name[length] != '/')
		length++;
	if (length == 0 || length > NAME_MAX || NAME_AT + length == entry->length || entry->name[length] != 0)
		keep_refuse(REASON_HOST_RESULT);
	return length;
}

/* Entries to the application; how many bytes. */
static long deliver(struct file *file, uint8_t *list, uint64_t bytes, uint64_t to)
{
	uint64_t done = 0;

	for (uint64_t at = 0; at < bytes;) {
		struct dirent64 *entry = (struct dirent64 *)(list + at);
		size_t length = check(entry, bytes - at);
		uint16_t theirs = entry->length;

		/* As long as its name needs, which is not more than it was: what fitted still fits. */
		entry->length = (uint16_t)((NAME_AT + length + 1 + 7) & ~7ull);
		memset(entry->name + length, 0, entry->length - NAME_AT - length);
		if (user_put(to + done, entry, entry->length))
			return done ? (long)done : -EFAULT;
		done += entry->length;
		file->position = (uint64_t)entry->next;
		file->mount->listed++;
		at += theirs;
	}
	return (long)done;
}

long mount_list(struct file *file, uint64_t to, uint64_t room)
{
	/* The core lock is held throughout. */
	static uint8_t list[LIST_BYTES] __attribute__((aligned(8)));
	long result;

	if (file->flags & O_PATH)
		return -EBADF;
	if (!file->mount->directory)
		return -ENOTDIR;
	if (file->mount->listed >= LISTED_MOST)
		return -EIO;
	result = host_getdents64(platform_call(), file->handle, list, room < LIST_BYTES ? room : LIST_BYTES,
				 (int64_t)file->position);
	if (result > 0)
		result = deliver(file, list, (uint64_t)result, to);
	return result;
}
