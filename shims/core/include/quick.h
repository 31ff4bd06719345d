/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that programs make most, where there is least to do: a read of a file in the Keep within a page, a futex wake
 * that nobody waits for. Each is a way through many files; here it is one without calls, whose loads wait together
 * (docs/adr/0005). Whatever is unusual is QUICK_NONE, and nothing has happened: the call goes its whole way then, which
 * decides what is right.
 *
 * What each needs to know is loaded before anything is decided, `busy` included: whether the lock is somebody else's, or
 * something must be done first. The lock is held where it is not.
 */
#ifndef MOTTE_QUICK_H
#define MOTTE_QUICK_H

#include "files.h"
#include "fs.h"
#include "fs_node.h"
#include "futex.h"
#include "linux.h"
#include "memory.h"
#include "memory_state.h"
#include "view.h"

/* No call's result. */
#define QUICK_NONE INT64_MIN

/* Loads here, and not where the compiler would like it: behind a branch it would need a fence of its own. */
#define EARLY(x) (*(const volatile __typeof__(x) *)&(x))

static inline long quick_wake(uint64_t address, uint64_t operation, bool busy)
{
	const struct task *waiting = EARLY(futex_oldest);

	if (((uint32_t)operation & ~(uint32_t)FUTEX_PRIVATE) != FUTEX_WAKE || address % sizeof(uint32_t) != 0)
		return QUICK_NONE;
	return busy || waiting ? QUICK_NONE : 0;
}

/* A string instruction takes as long to start as this takes for so many bytes. */
#define QUICK_WORDS 128

/* What is only stored needs no fence. */
static inline void quick_copy(uint64_t to, uint64_t from, uint64_t count)
{
	if (count <= QUICK_WORDS) {
		uint64_t word;

		for (; count >= sizeof(word); count -= sizeof(word), to += sizeof(word), from += sizeof(word))
			__asm__ volatile("movq (%1), %0; movq %0, (%2)" : "=&r"(word) : "r"(from), "r"(to) : "memory");
	}
	if (count != 0)
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

/* From `at`, or, as `moves` says, from the file's position. */
static inline __attribute__((always_inline)) long quick_read(uint64_t fd, uint64_t to, uint64_t count, uint64_t at, bool moves,
							     bool busy)
{
	const struct descriptor *descriptor = &files_table[fd % FILES_MOST];
	struct file *file = EARLY(descriptor->file);
	const uint64_t *root = EARLY(memory.ledger.root);
	const uint64_t page = (to - EARLY(memory.ledger.base)) >> PAGE_SHIFT;
	const uint8_t need = PAGE_MAPPED | PAGE_ACCEPTED | PERM_R | PERM_W;

	/* One decision: what it is made of need not be kept. */
	busy |= (fd >= FILES_MOST) | (file == NULL) | (EARLY(views) != NULL) | (page >= EARLY(memory.ledger.pages)) |
		(count > USER_END - to);
	if (busy)
		return QUICK_NONE;

	const uint64_t word = EARLY(root[page / LEDGER_BLOCK_PAGES]);
	const enum file_kind kind = EARLY(file->kind);
	const uint32_t flags = EARLY(file->flags);
	const uint64_t position = EARLY(file->position), from = moves ? position : at;
	const struct fs_node *node = EARLY(file->node);

	if (kind != FILE_TREE || (flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
		return QUICK_NONE;

	const uint8_t state = ledger_state_in(word, page);
	const enum fs_kind contents = EARLY(node->kind);
	const struct fs_data data = {
		.size = EARLY(node->data.size),
		.table = EARLY(node->data.table),
		.levels = EARLY(node->data.levels),
	};

	if ((state & need) != need || contents != FS_FILE || from >= data.size)
		return QUICK_NONE;
	if (count > data.size - from)
		count = data.size - from;
	if (count == 0 || count > PAGE_BYTES - to % PAGE_BYTES || count > PAGE_BYTES - from % PAGE_BYTES)
		return QUICK_NONE;

	const uint64_t there = data_page(&data, from >> PAGE_SHIFT);

	if (there == 0)
		return QUICK_NONE;
	quick_copy(to, there + from % PAGE_BYTES, count);
	if (moves)
		file->position = from + count;
	return (long)count;
}

#endif
