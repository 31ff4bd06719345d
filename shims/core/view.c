/* SPDX-License-Identifier: Apache-2.0 */
#include "include/view.h"
#include "include/heap.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/pages.h"

struct view {
	struct view *next;
	struct file *file; /* held */
	uint64_t device, number;
	uint64_t address, pages;
	uint64_t offset;
};

struct view *views;

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_writable(const struct view *view)
{
	return (view->file->flags & O_ACCMODE) == O_RDWR;
}

static bool is_of(const struct view *view, struct file *file)
{
	struct stat stat;

	if (view->file == file)
		return true;
	if (view->file->kind == FILE_TREE && file->kind == FILE_TREE)
		return view->file->node == file->node; /* stat() may have to ask for the time */
	return view->file->kind == file->kind && file_stat(file, &stat) == 0 && stat.ino == view->number &&
	       stat.dev == view->device;
}

/* What [from, from + count) and [other, other + its count) have in common: [*start, *end), and whether that is anything. */
static bool common(uint64_t from, uint64_t count, uint64_t other, uint64_t other_count, uint64_t *start, uint64_t *end)
{
	*start = max(from, other);
	*end = min(from + count, other + other_count);
	return *start < *end;
}

static bool is_within(const struct view *view, uint64_t address, uint64_t pages)
{
	uint64_t start, end;

	return common(view->address, view->pages << PAGE_SHIFT, address, pages << PAGE_SHIFT, &start, &end);
}

long view_add(struct file *file, uint64_t address, uint64_t pages, uint64_t offset)
{
	uint64_t start, end;
	struct view *view;
	struct stat stat;

	if (file_stat(file, &stat) || ((file->flags & O_ACCMODE) == O_RDWR && (file->flags & O_APPEND)))
		return -ENODEV; /* what is written to the latter goes to its end */
	for (view = views; view; view = view->next)
		if (is_of(view, file) && (is_writable(view) || (file->flags & O_ACCMODE) == O_RDWR) &&
		    common(view->offset, view->pages << PAGE_SHIFT, offset, pages << PAGE_SHIFT, &start, &end))
			return -ENODEV;
	view = heap_get(sizeof(*view));
	if (!view)
		return -ENOMEM;
	*view = (struct view){ views, file_hold(file), stat.dev, stat.ino, address, pages, offset };
	views = view;
	return 0;
}

void view_read(struct file *file, uint64_t to, uint64_t count, int64_t at)
{
	uint64_t from = at == FILE_POSITION ? file->position - count : (uint64_t)at, start, end;

	for (struct view *view = views; view; view = view->next)
		if (common(from, count, view->offset, view->pages << PAGE_SHIFT, &start, &end) && is_of(view, file))
			memory_transfer(to + (start - from), view->address + (start - view->offset), end - start, false);
}

void view_written(struct file *file, uint64_t from, uint64_t count, int64_t at)
{
	uint64_t to = at == FILE_POSITION ? file->position - count : (uint64_t)at, start, end;

	for (struct view *view = views; view; view = view->next)
		if (common(to, count, view->offset, view->pages << PAGE_SHIFT, &start, &end) && is_of(view, file))
			memory_transfer(from + (start - to), view->address + (start - view->offset), end - start, true);
}

/* Writes a part of a view, in pages of the program's memory, to its file, as far as the file goes. */
static long sync_part(struct view *view, uint64_t start, uint64_t end)
{
	uint64_t at = view->offset + (start - view->address);
	struct stat stat;
	long error = file_stat(view->file, &stat);

	if (error || !is_writable(view) || (uint64_t)stat.size <= at)
		return error;
	end = min(end, start + ((uint64_t)stat.size - at));
	while (start < end) {
		long done;

		if (memory_touch(start, 1, PERM_R)) /* what permits nothing now was written before it did */
			return 0;
		done = file_write(view->file, start, min(end - start, PAGE_BYTES), (int64_t)at, true);
		if (done <= 0)
			return done;
		start += (uint64_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

long view_sync(uint64_t address, uint64_t pages)
{
	uint64_t start, end;
	long error = 0;

	for (struct view *view = views; view; view = view->next)
		if (common(view->address, view->pages << PAGE_SHIFT, address, pages << PAGE_SHIFT, &start, &end)) {
			long one = sync_part(view, start, end);

			error = error ? error : one;
		}
	return error;
}

/* Takes [start, end) out of a view: what is left is the part before it, and a view of its own for what is after it. */
static void cut(struct view *view, uint64_t start, uint64_t end)
{
	uint64_t last = view->address + (view->pages << PAGE_SHIFT);

	if (end < last) {
		struct view *rest = heap_get(sizeof(*rest));

		/* Without memory for it the rest is a copy from here on: written to the file now, and then on its own. */
		if (!rest)
			(void)sync_part(view, end, last);
		else {
			*rest = *view;
			rest->file = file_hold(view->file);
			rest->address = end;
			rest->pages = (last - end) >> PAGE_SHIFT;
			rest->offset += end - view->address;
			view->next = rest;
		}
	}
	view->pages = (start - view->address) >> PAGE_SHIFT;
}

void view_remove(uint64_t address, uint64_t pages)
{
	uint64_t start, end;

	(void)view_sync(address, pages);
	for (struct view **link = &views; *link;) {
		struct view *view = *link;

		if (common(view->address, view->pages << PAGE_SHIFT, address, pages << PAGE_SHIFT, &start, &end))
			cut(view, start, end);
		if (view->pages != 0) {
			link = &view->next;
			continue;
		}
		*link = view->next;
		(void)file_drop(view->file);
		heap_put(view, sizeof(*view));
	}
}

bool view_is_there(uint64_t address, uint64_t pages)
{
	for (struct view *view = views; view; view = view->next)
		if (is_within(view, address, pages))
			return true;
	return false;
}

bool view_is_read_only(uint64_t address, uint64_t pages)
{
	for (struct view *view = views; view; view = view->next)
		if (is_within(view, address, pages) && !is_writable(view))
			return true;
	return false;
}
