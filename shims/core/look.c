/* SPDX-License-Identifier: Apache-2.0 */
#include "include/look.h"
#include "include/epoll.h"
#include "include/heap.h"

void look_start(struct look *look)
{
	*look = (struct look){ .room = LOOK_FEW };
	look->asked = look->few;
}

void look_again(struct look *look)
{
	look->count = look->at = 0;
	look->answered = false;
}

void look_end(struct look *look)
{
	if (look->asked != look->few)
		heap_put(look->asked, look->room * sizeof(*look->asked));
	look_start(look);
}

/* A question, or the answer to it. */
static uint32_t ask(struct look *look, int32_t handle, uint32_t events)
{
	uint64_t at = look->at++;

	if (look->answered)
		return at < look->count && look->asked[at].fd == handle ? (uint16_t)look->asked[at].revents : 0;
	look->count = look->at;
	if (at < look->room)
		look->asked[at] = (struct pollfd){ .fd = handle, .events = (int16_t)events };
	return 0;
}

bool look_asks(struct file *file)
{
	int32_t handle;

	return !(EPOLLS && file->kind == FILE_EPOLL) && (file_ready(file, &handle), handle >= 0);
}

uint32_t look_at(struct look *look, struct file *file, uint32_t events)
{
	int32_t handle;
	uint32_t ready;

	if (EPOLLS && file->kind == FILE_EPOLL)
		return epoll_look(look, file);
	ready = file_ready(file, &handle);
	return handle < 0 ? ready : ready | ask(look, handle, events);
}

long look_room(struct look *look, bool *all)
{
	uint64_t wanted = look->count;

	*all = wanted <= look->room;
	if (*all)
		return 0;
	look_end(look);
	if (wanted > WAIT_MOST)
		return -ENOMEM;
	look->asked = heap_get(wanted * sizeof(*look->asked));
	if (!look->asked) {
		look_start(look);
		return -ENOMEM;
	}
	look->room = wanted;
	return 0;
}

long look_wait(struct look *look, bool ready, const struct timespec *deadline)
{
	static const struct timespec past;
	long error = 0;

	if (!ready || look->count != 0)
		error = wait_event(look->asked, look->count, ready ? &past : deadline);
	look->at = 0;
	look->answered = true;
	return ready ? 0 : error;
}
