/* SPDX-License-Identifier: Apache-2.0 */
/* epoll: a set of files, each with the events that are asked for. */
#ifndef MOTTE_EPOLL_H
#define MOTTE_EPOLL_H

#include <stdint.h>
#include "file.h"
#include "shim_config.h"

#ifdef SHIM_HAS_EPOLL
#define EPOLLS 1
#else
#define EPOLLS 0
#endif

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

struct epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

struct look;

/* An open file for an empty set; NULL when there is no memory. */
struct file *epoll_open(void);

/* epoll_ctl() about `file`, which is descriptor `fd`. */
long epoll_control(struct file *set, uint32_t command, struct file *file, uint64_t fd, const struct epoll_event *event);

/* One look at all of the set: up to `room` events, which are told with it. With NULL and 0 it says how many there are. */
uint64_t epoll_gather(struct look *look, struct file *set, struct epoll_event *events, uint64_t room);

/* As look_at() of the set itself. */
uint32_t epoll_look(struct look *look, struct file *set);

/* How often the files of the set have changed. */
struct edges epoll_edges(struct file *set);

/* What was told of a file is forgotten: it is another one now. */
void epoll_anew(struct file *file);

/*
 * The program has read a file of the host's, or written it: what the host tells of it next is news. Who waits already has not asked
 * the host for what was told before, and is woken to ask.
 */
void epoll_read(struct file *file);
void epoll_written(struct file *file);

/* The set is closed; a file that is closed leaves all sets. */
void epoll_close(struct file *set);
void epoll_forget(struct file *file);

#endif
