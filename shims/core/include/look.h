/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at several files at once. They are looked at twice in the same order: first to see what holds within the Keep
 * and to gather what the host is to be asked, then, when it has answered, to see what holds now. A wait is between the
 * two, so a file may have come or gone: its answer, and those after it, then count for nothing, and whoever looks looks
 * again.
 */
#ifndef MOTTE_LOOK_H
#define MOTTE_LOOK_H

#include <stdbool.h>
#include "file.h"

#define LOOK_FEW 8

struct look {
	struct pollfd *asked;
	uint64_t room;  /* entries that `asked` has */
	uint64_t count; /* of them in use */
	uint64_t at;    /* the next one */
	bool answered;
	struct pollfd few[LOOK_FEW];
};

/* Starts a look with no room for questions but for a few. */
void look_start(struct look *look);

/* Starts to look anew: the files are asked again. */
void look_again(struct look *look);

/* Whether the host is asked about a file. */
bool look_asks(struct file *file);

/* What holds of a file: of all events within the Keep, of `events` at the host. */
uint32_t look_at(struct look *look, struct file *file, uint32_t events);

/* Whether all questions had room; if not there is room now, or -ENOMEM, and the look starts again. */
long look_room(struct look *look, bool *all);

/*
 * After a first look: asks the host and, when nothing was `ready`, waits. The files are to be looked at again then,
 * unless it was an error.
 */
long look_wait(struct look *look, bool ready, const struct timespec *deadline);

void look_end(struct look *look);

#endif
