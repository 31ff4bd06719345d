/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What execve says of a file before anything is changed. Standard input has cases, each a head and the file's bytes; for
 * each one line tells what exec_check() and then exec_read() say, and of an image what would be loaded.
 */
#include <string.h>
#include "../../include/exec.h"
#include "../../include/files.h"
#include "../../include/fs_node.h"
#include "../../include/memory.h"
#include "../../include/platform.h"
#include "model.h"

#define CANARY 0x5afe5afe5afe5afeull
#define MOST 65536

/* What a read of the file does. */
enum fault { FAULT_NONE, FAULT_ERROR, FAULT_SHORT, FAULT_MEMORY };

struct head {
	uint64_t size; /* that stat() tells */
	uint32_t length, mode, granted, permitted, late, named, written;
	uint32_t fault, at; /* the read that it is in, from 1 on; 0: none */
};

static struct head head;
static uint8_t bytes[MOST];
static _Alignas(PAGE_BYTES) uint8_t window[PAGE_BYTES + sizeof(uint64_t)];
static unsigned reads, mapped;
static struct {
	struct exec_image image;
	uint64_t canary;
} work;

/* ---- in place of the shim's own ---- */

bool platform_late_code(void)
{
	return head.late;
}

bool files_are_written(const struct fs_node *node)
{
	CHECK(node->names);
	return head.written;
}

long file_stat(struct file *file, struct stat *to)
{
	(void)file;
	*to = (struct stat){ .mode = head.mode, .size = (int64_t)head.size };
	return 0;
}

static bool faults(enum fault fault)
{
	return head.fault == fault && head.at == reads;
}

/* Each read has a window of its own: the application's, one page of it. */
uint64_t memory_find(uint64_t pages)
{
	CHECK(pages == 1 && !mapped);
	reads++;
	return (uint64_t)window;
}

long memory_map(uint64_t address, uint64_t pages, unsigned perms)
{
	CHECK(address == (uint64_t)window && pages == 1 && perms == (PERM_R | PERM_W));
	mapped = !faults(FAULT_MEMORY);
	memset(window, 0xdd, PAGE_BYTES);
	return mapped ? 0 : -ENOMEM;
}

long memory_unmap(uint64_t address, uint64_t pages)
{
	CHECK(address == (uint64_t)window && pages == 1 && mapped);
	mapped = 0;
	return 0;
}

long file_read(struct file *file, uint64_t to, uint64_t count, int64_t at, bool wait)
{
	uint64_t from = (uint64_t)at;

	CHECK(file && to == (uint64_t)window && count != 0 && count <= PAGE_BYTES && at >= 0 && wait && mapped);
	if (faults(FAULT_ERROR))
		return -EIO;
	if (from >= head.length)
		return 0;
	if (count > head.length - from)
		count = head.length - from;
	if (faults(FAULT_SHORT))
		count--;
	memcpy((void *)to, bytes + from, count);
	return (long)count;
}

/* ---- cases ---- */

static bool next(void)
{
	if (fread(&head, sizeof(head), 1, stdin) != 1)
		return false;
	CHECK(head.length <= sizeof(bytes) && fread(bytes, 1, head.length, stdin) == head.length);
	return true;
}

static void run(void)
{
	struct fs_entry entry = { 0 };
	struct fs_node node = { .names = head.named ? &entry : NULL };
	struct file file = { .kind = head.granted ? FILE_MOUNT : FILE_TREE, .node = &node };
	const struct exec_image *image = &work.image;
	const uint64_t canary = CANARY;
	long error;

	reads = 0;
	memset(&work, 0xee, sizeof(work));
	work.canary = CANARY;
	memcpy(window + PAGE_BYTES, &canary, sizeof(canary));
	exec_start(head.permitted);
	printf("%ld ", exec_check(&file));
	error = exec_read(&file, &work.image);
	CHECK(work.canary == CANARY && !mapped && memcmp(window + PAGE_BYTES, &canary, sizeof(canary)) == 0);
	printf("%ld", error);
	if (!error)
		printf(" %lx %lx %lx %lx %lx %x", image->entry, image->start, image->end, image->align, image->phdr,
		       image->count);
	puts("");
}

int main(void)
{
	while (next())
		run();
	return 0;
}
