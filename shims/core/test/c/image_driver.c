/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the image: their index and their contents, with a tree of lists in place of the file system. Each case on
 * standard input runs in a process of its own: a config blob, an index and contents as the host has them, and commands.
 */
#include <string.h>
#include <unistd.h>
#include "../../generated/hostcall_guest.h"
#include "../../include/fs_node.h"
#include "../../include/heap.h"
#include "../../include/linux.h"
#include "../../include/memory.h"
#include "../../include/platform.h"
#include "model.h"

/* <sys/wait.h> has names of linux.h's. */
int wait(int *status);

#define FILES_MOST 64
#define CHUNK_PAGES 16

struct run {
	uint8_t *bytes;
	uint32_t length;
};

static struct run blob, on_host, contents, commands;
static struct fs_node root = { .kind = FS_DIRECTORY };
static struct fs_node *files[FILES_MOST];
static unsigned file_count;
static uint64_t heap_pages = 4096, taken, fetches, lie_at, lies;
static char lie_kind;

/* ---- in place of the shim's own ---- */

void *heap_get(size_t size)
{
	return calloc(1, size);
}

void heap_put(void *object, size_t size)
{
	memset(object, 0xdd, size);
	free(object);
}

uint64_t memory_heap_pages(void)
{
	return heap_pages;
}

uint64_t memory_take(uint64_t pages)
{
	if (taken + pages > heap_pages)
		return 0;
	taken += pages;
	CHECK(taken <= heap_pages / 4 || taken <= CHUNK_PAGES);
	return (uint64_t)aligned_alloc(PAGE_BYTES, pages << PAGE_SHIFT);
}

void memory_give(uint64_t address, uint64_t pages)
{
	memset((void *)address, 0xdd, pages << PAGE_SHIFT);
	free((void *)address);
	taken -= pages;
}

void memory_ready(uint64_t address, uint64_t length)
{
	(void)address;
	(void)length;
}

struct hostcall *platform_call(void)
{
	return NULL;
}

_Noreturn void keep_refuse(uint32_t reason)
{
	printf("refused %u\n", reason);
	fflush(stdout);
	_exit(0);
}

static uint64_t give(uint8_t *to, uint64_t count, uint64_t at, const struct run *from)
{
	if (at >= from->length)
		return 0;
	if (count > from->length - at)
		count = from->length - at;
	memcpy(to, from->bytes + at, count);
	return count;
}

long host_image_read(struct hostcall *call, void *bytes, uint64_t count, int64_t offset)
{
	uint64_t at = (uint64_t)offset, got;

	(void)call;
	if (at < on_host.length)
		return (long)give(bytes, count, at, &on_host);
	got = give(bytes, count, at - on_host.length, &contents);
	if (++fetches != lie_at)
		return (long)got;
	if (lie_kind == 'e')
		return -EIO;
	lies++;
	if (lie_kind == 's')
		return (long)got - 1;
	((uint8_t *)bytes)[(lie_at * 7919) % got] ^= 0x40;
	return (long)got;
}

struct fs_node *node_root(void)
{
	return &root;
}

struct fs_node *node_make(enum fs_kind kind, uint32_t mode)
{
	struct fs_node *node = calloc(1, sizeof(*node));

	node->kind = kind;
	node->mode = mode & 07777;
	node->holds = 1;
	if (kind == FS_IMAGE && file_count < FILES_MOST)
		files[file_count++] = node;
	return node;
}

void node_drop(struct fs_node *node)
{
	CHECK(node->holds == 1 && node->links == 1);
	node->holds = 0;
}

struct fs_entry *name_find(const struct fs_node *directory, const char *name, size_t length)
{
	struct fs_entry *entry = directory->directory.first;

	CHECK(directory->kind == FS_DIRECTORY);
	while (entry && (entry->length != length || memcmp(entry->name, name, length) != 0))
		entry = entry->next;
	return entry;
}

long name_add(struct fs_node *directory, const char *name, size_t length, struct fs_node *node)
{
	struct fs_entry *entry = calloc(1, sizeof(*entry) + length);

	CHECK(!name_find(directory, name, length) && length <= NAME_MAX);
	memcpy(entry->name, name, length);
	entry->length = (uint32_t)length;
	entry->node = node;
	entry->next = directory->directory.first;
	directory->directory.first = entry;
	node->links++;
	return 0;
}

/* ---- what is told ---- */

static void tell(const struct fs_node *directory, const char *path)
{
	for (const struct fs_entry *entry = directory->directory.first; entry; entry = entry->next) {
		const struct fs_node *node = entry->node;
		char below[8192];

		snprintf(below, sizeof(below), "%s/%.*s", path, (int)entry->length, entry->name);
		CHECK(node->fixed);
		printf("%s\t%d\t%o", below, node->kind == FS_IMAGE ? 'f' : node->kind == FS_LINK ? 'l' : 'd', node->mode);
		if (node->kind == FS_IMAGE)
			printf("\t%llu", (unsigned long long)node->image.size);
		if (node->kind == FS_LINK)
			printf("\t%.*s", (int)node->link.length, node->link.text);
		printf("\n");
		if (node->kind == FS_DIRECTORY)
			tell(node, below);
	}
}

static uint32_t checksum(const uint8_t *bytes, uint64_t count)
{
	uint32_t sum = 1;

	for (uint64_t i = 0; i < count; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static void read_file(unsigned file, uint64_t at, uint64_t count)
{
	uint8_t *to = malloc(count + 1);
	long result;

	CHECK(file < file_count && at + count <= files[file]->image.size);
	to[count] = 0x77;
	result = image_read(&files[file]->image, (uint64_t)to, count, at);
	CHECK(lies == 0); /* whatever was told, it did not come to be read */
	CHECK(to[count] == 0x77);
	printf("%ld %u\n", result, result > 0 ? checksum(to, (uint64_t)result) : 0);
	free(to);
}

static void run_commands(void)
{
	char *line = strtok((char *)commands.bytes, "\n");

	for (; line; line = strtok(NULL, "\n")) {
		unsigned long long a, b, c;

		if (sscanf(line, "read %llu %llu %llu", &a, &b, &c) == 3)
			read_file((unsigned)a, b, c);
		else if (sscanf(line, "lie %c %llu", &lie_kind, &a) == 2)
			lie_at = fetches + a;
		else
			CHECK(sscanf(line, "heap %llu", &a) == 1 && (heap_pages = a));
	}
}

static bool get(struct run *run)
{
	if (fread(&run->length, sizeof(run->length), 1, stdin) != 1)
		return false;
	run->bytes = calloc(1, run->length + 1ull);
	CHECK(run->length == 0 || fread(run->bytes, run->length, 1, stdin) == 1);
	return true;
}

int main(void)
{
	while (get(&blob)) {
		int status;

		CHECK(get(&on_host) && get(&contents) && get(&commands));
		printf("begin\n");
		fflush(stdout);
		if (fork() == 0) {
			image_start(blob.bytes);
			tell(&root, "");
			run_commands();
			fflush(stdout);
			_exit(0);
		}
		CHECK(wait(&status) > 0 && status == 0);
	}
	return 0;
}
