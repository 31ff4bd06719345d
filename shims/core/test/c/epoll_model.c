/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of epoll beside a table of who watches what: epoll_model SEED STEPS. Files are numbers here: what holds of one, and
 * how often it changed, is what the model says; half of them are the host's. For each set somebody may be asleep: what is news of
 * a file of the host's must be among what the host was asked for then.
 */
#include <string.h>
#include "../../include/epoll.h"
#include "../../include/heap.h"
#include "../../include/look.h"
#include "../../include/wait.h"
#include "model.h"

#define SETS 3
#define FILES 8
#define FDS 2

static struct file files[FILES], sets[SETS];
static uint32_t ready[FILES]; /* what holds of each */

struct watch {
	bool there, disabled, told;
	uint32_t events, told_events;
	uint64_t data;
	struct edges told_at;
};

static struct watch watches[SETS][FILES][FDS];

static bool asleep[SETS];
static uint32_t asked[SETS][FILES]; /* of the host, by who is asleep */

static bool is_hosted(uint64_t file)
{
	return file % 2 == 1;
}

void *heap_get(size_t bytes)
{
	return calloc(1, bytes);
}

void heap_put(void *object, size_t bytes)
{
	memset(object, 0xa5, bytes);
	free(object);
}

struct file *file_new(enum file_kind kind, uint32_t flags)
{
	(void)kind;
	(void)flags;
	return NULL;
}

struct edges file_edges(struct file *file)
{
	return file->kind == FILE_EPOLL ? epoll_edges(file) : file->edges;
}

uint32_t file_ready(struct file *file, int32_t *handle)
{
	uint64_t number = (uint64_t)(file - files);

	*handle = is_hosted(number) ? (int32_t)number : -1;
	return is_hosted(number) ? 0 : ready[number];
}

/* The host, which tells of an end whether it is asked or not. */
long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	bool any = false;

	(void)deadline;
	for (uint64_t i = 0; i < count; i++) {
		fds[i].revents = (int16_t)(ready[fds[i].fd] & ((uint16_t)fds[i].events | POLLERR | POLLHUP));
		any |= fds[i].revents != 0;
	}
	return any ? 0 : -ETIMEDOUT;
}

/* What of a watch was told and is not news. */
static uint32_t stale(const struct watch *watch, uint64_t file)
{
	uint32_t old = watch->told && (watch->events & EPOLLET) ? watch->told_events : 0;

	if (files[file].edges.in != watch->told_at.in)
		old &= ~(uint32_t)(POLLIN | POLLRDHUP);
	if (files[file].edges.out != watch->told_at.out)
		old &= ~(uint32_t)POLLOUT;
	return old;
}

static void doze(uint64_t set)
{
	struct look look;
	bool all;

	look_start(&look);
	do {
		look_again(&look);
		(void)epoll_gather(&look, &sets[set], NULL, 0);
		CHECK(look_room(&look, &all) == 0);
	} while (!all);
	memset(asked[set], 0, sizeof(asked[set]));
	for (uint64_t i = 0; i < look.count; i++)
		asked[set][look.asked[i].fd] |= (uint16_t)look.asked[i].events;
	look_end(&look);
	asleep[set] = true;
}

/* Everybody looks again, and sleeps again. */
void wait_changed(void)
{
	for (uint64_t set = 0; set < SETS; set++)
		if (asleep[set])
			doze(set);
}

static void check_asleep(void)
{
	for (uint64_t set = 0; set < SETS; set++)
		for (uint64_t i = 0; asleep[set] && i < FILES * FDS; i++) {
			const struct watch *watch = &watches[set][i / FDS][i % FDS];
			uint32_t old = stale(watch, i / FDS);

			if (!is_hosted(i / FDS) || !watch->there || watch->disabled || (old & (POLLERR | POLLHUP)))
				continue;
			CHECK((watch->events & (POLLIN | POLLOUT) & ~old & ~asked[set][i / FDS]) == 0);
		}
}

/* What there is to tell of a watch; as the documentation of epoll says it. */
static uint32_t expected(const struct watch *watch, uint64_t file)
{
	uint32_t all = (watch->events & 0xffff) | POLLERR | POLLHUP, old = stale(watch, file);

	if (!watch->there || watch->disabled)
		return 0;
	if (!(watch->events & EPOLLET))
		return ready[file] & all;
	if (!(ready[file] & all & ~old))
		return 0;
	if (is_hosted(file)) /* which is asked for what is new alone, and for nothing after an end */
		return old & (POLLERR | POLLHUP) ? 0 : ready[file] & all & ~old;
	return ready[file] & all;
}

static void told(struct watch *watch, uint64_t file, uint32_t events)
{
	watch->told_events = stale(watch, file) | events;
	watch->told_at = files[file].edges;
	watch->told = true;
	watch->disabled = (watch->events & EPOLLONESHOT) != 0;
}

static uint64_t gather(struct file *set, struct epoll_event *events, uint64_t room)
{
	struct look look;
	uint64_t count;
	bool all;

	look_start(&look);
	do {
		look_again(&look);
		count = epoll_gather(&look, set, NULL, 0);
		CHECK(look_room(&look, &all) == 0);
	} while (!all);
	(void)look_wait(&look, count != 0, NULL);
	count = epoll_gather(&look, set, events, room);
	look_end(&look);
	return count;
}

/* Every event is one that the model has; with room for all, there are as many. */
static void check_set(uint64_t set, uint64_t room)
{
	struct epoll_event events[FILES * FDS];
	uint64_t due = 0, count;

	for (uint64_t i = 0; i < FILES * FDS; i++)
		due += expected(&watches[set][i / FDS][i % FDS], i / FDS) != 0;
	count = gather(&sets[set], events, room);
	CHECK(count == (due < room ? due : room));
	for (uint64_t i = 0; i < count; i++) {
		uint64_t key = events[i].data & 0xff;
		struct watch *watch = &watches[set][key / FDS][key % FDS];

		CHECK(key < FILES * FDS && watch->data == events[i].data);
		CHECK(events[i].events == expected(watch, key / FDS));
		told(watch, key / FDS, events[i].events);
	}
}

static long expected_control(uint32_t command, const struct watch *watch, uint32_t events)
{
	if (command == EPOLL_CTL_ADD)
		return watch->there ? -EEXIST : 0;
	if (!watch->there)
		return -ENOENT;
	(void)events;
	return 0;
}

static void control(uint64_t *seed)
{
	static const uint32_t marks[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT };
	uint64_t set = below(seed, SETS), file = below(seed, FILES), fd = below(seed, FDS);
	struct watch *watch = &watches[set][file][fd];
	uint32_t command = 1 + (uint32_t)below(seed, 3);
	struct epoll_event event = {
		(uint32_t)below(seed, 8) | marks[below(seed, 4)], (next_random(seed) & ~0xffull) | (file * FDS + fd)
	};
	long result = expected_control(command, watch, event.events);

	CHECK(epoll_control(&sets[set], command, &files[file], fd, &event) == result);
	if (result)
		return;
	*watch = (struct watch){ .there = command != EPOLL_CTL_DEL, .events = event.events, .data = event.data };
	wait_changed(); /* as the system call does */
}

static void change(uint64_t *seed)
{
	uint64_t file = below(seed, FILES);
	uint32_t bits = (uint32_t)(below(seed, 8) & (POLLIN | POLLOUT)) | (below(seed, 10) == 0 ? POLLHUP : 0);
	bool in = (bits & ~ready[file] & POLLIN) || below(seed, 4) == 0;
	bool out = (bits & ~ready[file] & POLLOUT) || below(seed, 4) == 0;

	/* What comes to hold has come: its count goes up. A count may also go up for nothing. */
	if (!is_hosted(file)) {
		files[file].edges.in += in;
		files[file].edges.out += out;
	} else {
		if (in)
			epoll_read(&files[file]);
		if (out)
			epoll_written(&files[file]);
	}
	if (below(seed, 16) == 0) { /* it is another one now */
		epoll_anew(&files[file]);
		for (uint64_t i = 0; i < SETS * FDS; i++)
			watches[i / FDS][file][i % FDS].told = false;
	}
	ready[file] = bits;
}

static void close_file(uint64_t file)
{
	epoll_forget(&files[file]);
	CHECK(!files[file].watched);
	for (uint64_t set = 0; set < SETS; set++)
		memset(watches[set][file], 0, sizeof(watches[set][file]));
}

int main(int argc, char **argv)
{
	uint64_t seed = strtoull(argv[1], NULL, 0) | 1, steps = strtoull(argv[2], NULL, 0);

	CHECK(argc == 3);
	for (uint64_t set = 0; set < SETS; set++)
		sets[set].kind = FILE_EPOLL;
	for (uint64_t file = 0; file < FILES; file++)
		files[file].kind = FILE_EVENTFD;
	for (uint64_t i = 0; i < steps; i++) {
		check_asleep();
		switch (below(&seed, 13)) {
		case 0 ... 3:
			control(&seed);
			break;
		case 4 ... 7:
			change(&seed);
			break;
		case 8:
			if (below(&seed, 8) == 0)
				close_file(below(&seed, FILES));
			break;
		case 9:
			doze(below(&seed, SETS));
			break;
		default:
			check_set(below(&seed, SETS), below(&seed, 3) ? FILES * FDS : 1 + below(&seed, 3));
		}
	}
	for (uint64_t set = 0; set < SETS; set++) {
		epoll_close(&sets[set]);
		CHECK(!sets[set].items);
	}
	for (uint64_t file = 0; file < FILES; file++)
		CHECK(!files[file].watched);
	puts("same");
	return 0;
}
