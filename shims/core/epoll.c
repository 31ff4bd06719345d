/* SPDX-License-Identifier: Apache-2.0 */
#include "include/epoll.h"
#include "include/heap.h"
#include "include/look.h"
#include "include/wait.h"

/* Sets within sets within sets: Linux has no more than this. */
#define DEPTH_MOST 4

/* Linux reports these whether they are asked for or not. */
#define ALWAYS (POLLERR | POLLHUP)
#define MARKS (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)
#define READS (POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND | POLLRDHUP)
#define WRITES (POLLOUT | POLLWRNORM | POLLWRBAND)

/* A file in a set. It holds no reference: a file that is closed leaves. */
struct epoll_item {
	struct epoll_item *next;      /* in the set */
	struct epoll_item *next_of;   /* of the same file, in other sets and for other descriptors */
	struct file *set;
	struct file *file;
	uint64_t fd;
	struct epoll_event event;
	bool disabled;                /* EPOLLONESHOT, and it has been told */
	/* Edge-triggered: what was told, and how often the file had changed by then. */
	bool told;
	uint32_t told_events;
	struct edges told_at;
};

struct file *epoll_open(void)
{
	return file_new(FILE_EPOLL, O_RDWR);
}

/* Where the link to an item is, or would be: at the end. */
static struct epoll_item **find(struct file *set, const struct file *file, uint64_t fd)
{
	struct epoll_item **link = &set->items;

	while (*link && ((*link)->file != file || (*link)->fd != fd))
		link = &(*link)->next;
	return link;
}

static void remove(struct epoll_item **link)
{
	struct epoll_item *item = *link, **of = &item->file->watched;

	*link = item->next;
	while (*of != item)
		of = &(*of)->next_of;
	*of = item->next_of;
	heap_put(item, sizeof(*item));
}

void epoll_close(struct file *set)
{
	while (set->items)
		remove(&set->items);
}

void epoll_forget(struct file *file)
{
	while (file->watched)
		remove(find(file->watched->set, file, file->watched->fd));
}

/* How many sets deep the files of a set are; more than DEPTH_MOST also when `sought` is among them. */
static unsigned depth_below(const struct file *set, const struct file *sought)
{
	unsigned deepest = 0;

	if (set == sought)
		return DEPTH_MOST + 1;
	for (const struct epoll_item *item = set->items; item; item = item->next) {
		unsigned depth = item->file->kind == FILE_EPOLL ? 1 + depth_below(item->file, sought) : 0;

		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

static unsigned depth_above(const struct file *set)
{
	unsigned highest = 0;

	for (const struct epoll_item *item = set->watched; item; item = item->next_of) {
		unsigned depth = 1 + depth_above(item->set);

		if (depth > highest)
			highest = depth;
	}
	return highest;
}

static long add(struct file *set, struct file *file, uint64_t fd, const struct epoll_event *event)
{
	struct epoll_item **link = find(set, file, fd), *item;

	if (*link)
		return -EEXIST;
	if (file->kind == FILE_EPOLL && depth_above(set) + 1 + depth_below(file, set) > DEPTH_MOST)
		return -ELOOP;
	item = heap_get(sizeof(*item));
	if (!item)
		return -ENOMEM;
	*item = (struct epoll_item){ .set = set, .file = file, .fd = fd, .event = *event, .next_of = file->watched };
	file->watched = item;
	*link = item;
	return 0;
}

static long change(struct epoll_item *item, const struct epoll_event *event)
{
	if (!item)
		return -ENOENT;
	if ((item->event.events | event->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->event = *event;
	item->disabled = item->told = false;
	return 0;
}

long epoll_control(struct file *set, uint32_t command, struct file *file, uint64_t fd, const struct epoll_event *event)
{
	const uint32_t exclusive = POLLIN | POLLOUT | ALWAYS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
	struct epoll_item **link;

	if (file == set)
		return -EINVAL;
	link = find(set, file, fd);
	switch (command) {
	case EPOLL_CTL_ADD:
		if ((event->events & EPOLLEXCLUSIVE) && ((event->events & ~exclusive) || file->kind == FILE_EPOLL))
			return -EINVAL;
		return add(set, file, fd, event);
	case EPOLL_CTL_MOD:
		return change(*link, event);
	case EPOLL_CTL_DEL:
		if (!*link)
			return -ENOENT;
		remove(link);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Everything that an item tells of, edges or not. */
static uint32_t interest(const struct epoll_item *item)
{
	return item->disabled ? 0 : (item->event.events & ~MARKS) | ALWAYS;
}

/* What was told of an item, is the same as then, and so is not told again. */
static uint32_t stale(const struct epoll_item *item, const struct edges *edges)
{
	uint32_t old = item->told_events;

	if (!(item->event.events & EPOLLET) || !item->told)
		return 0;
	if (edges->in != item->told_at.in)
		old &= ~(uint32_t)READS;
	if (edges->out != item->told_at.out)
		old &= ~(uint32_t)WRITES;
	return old;
}

/* What there is to tell of an item now: when one event is news, all that hold. */
static uint32_t news(struct look *look, const struct epoll_item *item, const struct edges *edges)
{
	uint32_t all = interest(item), old = stale(item, edges), ready;

	if (all == 0)
		return 0;
	/* The host would tell of an end again and again, asked for it or not: after an end there is no news. */
	if ((old & ALWAYS) && look_asks(item->file))
		return 0;
	ready = look_at(look, item->file, all & ~old) & all;
	return ready & ~old ? ready : 0;
}

static void tell(struct epoll_item *item, uint32_t ready, const struct edges *edges, struct epoll_event *event)
{
	*event = (struct epoll_event){ ready, item->event.data };
	item->told_events = ready | stale(item, edges);
	item->told_at = *edges;
	item->told = true;
	item->disabled = (item->event.events & EPOLLONESHOT) != 0;
}

/* What was told goes to the end, so that a caller with little room hears of all in turn. */
uint64_t epoll_gather(struct look *look, struct file *set, struct epoll_event *events, uint64_t room)
{
	struct epoll_item **link = &set->items, *told = NULL, **last = &told;
	uint64_t count = 0;

	while (*link) {
		struct epoll_item *item = *link;
		struct edges edges = file_edges(item->file);
		uint32_t ready = news(look, item, &edges);

		if (ready == 0 || !events || count == room) {
			count += ready != 0 && !events;
			link = &item->next;
			continue;
		}
		tell(item, ready, &edges, &events[count++]);
		*link = item->next;
		item->next = NULL;
		*last = item;
		last = &item->next;
	}
	*link = told;
	return count;
}

uint32_t epoll_look(struct look *look, struct file *set)
{
	return epoll_gather(look, set, NULL, 0) ? POLLIN : 0;
}

struct edges epoll_edges(struct file *set)
{
	struct edges sum = { 0 };

	for (const struct epoll_item *item = set->items; item; item = item->next) {
		struct edges edges = file_edges(item->file);

		sum.in += edges.in + edges.out;
	}
	return sum;
}

/* Who waits for the set waits for something else now. */
void epoll_anew(struct file *file)
{
	for (struct epoll_item *item = file->watched; item; item = item->next_of)
		item->told = false;
	if (file->watched)
		wait_changed();
}

/* Whether somebody may wait without asking for READS, or WRITES, which is so until the first change after these were told. */
static bool is_unasked(const struct file *file, uint32_t kind)
{
	for (const struct epoll_item *item = file->watched; item; item = item->next_of)
		if ((item->event.events & EPOLLET) && item->told && (item->told_events & kind) &&
		    (kind == READS ? item->told_at.in == file->edges.in : item->told_at.out == file->edges.out))
			return true;
	return false;
}

void epoll_read(struct file *file)
{
	bool unasked = is_unasked(file, READS);

	file->edges.in++;
	if (unasked)
		wait_changed();
}

void epoll_written(struct file *file)
{
	bool unasked = is_unasked(file, WRITES);

	file->edges.out++;
	if (unasked)
		wait_changed();
}
