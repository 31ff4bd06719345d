/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of free objects for each power of two from 32 bytes to half a page; what is larger has pages of its own. A
 * page that was divided once stays with its list: what programs open and close, they open again.
 */
#include "include/heap.h"
#include "include/bytes.h"
#include "include/memory.h"
#include "include/platform.h"

#define LEAST_SHIFT 5
#define LEAST (1ull << LEAST_SHIFT)
#define MOST (PAGE_BYTES / 2)
#define CLASSES (PAGE_SHIFT - LEAST_SHIFT)

struct free_object {
	struct free_object *next;
};

static struct free_object *lists[CLASSES];

static unsigned class_of(size_t size)
{
	return size <= LEAST ? 0 : (unsigned)(64 - __builtin_clzll(size - 1) - LEAST_SHIFT);
}

static uint64_t take_pages(uint64_t pages)
{
	uint64_t address = memory_take(pages);

	if (address != 0)
		memory_ready(address, pages << PAGE_SHIFT);
	return address;
}

static bool divide_page(unsigned class)
{
	uint64_t page = take_pages(1);

	if (page == 0)
		return false;
	for (uint64_t at = 0; at < PAGE_BYTES; at += LEAST << class) {
		struct free_object *object = (struct free_object *)(page + at);

		object->next = lists[class];
		lists[class] = object;
	}
	return true;
}

void *heap_get(size_t size)
{
	struct free_object *object;
	unsigned class;

	if (size > MOST)
		return (void *)take_pages((size + PAGE_BYTES - 1) >> PAGE_SHIFT);
	class = class_of(size);
	if (!lists[class] && !divide_page(class))
		return NULL;
	object = lists[class];
	lists[class] = object->next;
	return memset(object, 0, LEAST << class);
}

void heap_put(void *object, size_t size)
{
	struct free_object *freed = object;
	unsigned class;

	if (size > MOST) {
		memory_give((uint64_t)object, (size + PAGE_BYTES - 1) >> PAGE_SHIFT);
		return;
	}
	class = class_of(size);
	freed->next = lists[class];
	lists[class] = freed;
}
