/* SPDX-License-Identifier: Apache-2.0 */
/* What a socket of AF_UNIX is, for local/ alone. */
#ifndef MOTTE_LOCAL_SOCKET_H
#define MOTTE_LOCAL_SOCKET_H

#include "local.h"
#include "task.h"

#define LOCAL_SHUT_READ 1u
#define LOCAL_SHUT_WRITE 2u
#define LOCAL_SHUT_BOTH 3u

/* SO_SNDBUF: Linux's default. */
#define LOCAL_SEND_BYTES 212992ull

/* The one process of a Keep, as root. */
static const struct ucred local_self = { .pid = TASK_FIRST };

/* Something sent, not yet received. Of a stream a reader may have had the first bytes. */
struct local_message {
	struct local_message *next;
	struct local_name *name;
	struct local_rights *rights;
	struct ucred sender;
	uint64_t size; /* of all of it in memory, which is what a queue has room for */
	uint64_t at, end;
	bool record;   /* sent with MSG_EOR */
	uint8_t bytes[];
};

enum local_state { LOCAL_CLOSED, LOCAL_LISTENING, LOCAL_CONNECTED };

struct local {
	uint32_t references; /* its open file, or the listener that it waits at; sockets whose peer it is */
	uint32_t type;
	enum local_state state;
	bool dead;           /* nobody has it open any more */
	bool bound;          /* by itself: an accepted one shares the listener's name */
	bool pass_sender;    /* SO_PASSCRED */
	uint32_t shut;
	int32_t error;       /* told once */
	int32_t peek_at;     /* SO_PEEK_OFF: where the next look begins; below zero, all looks are at the first bytes */
	struct file *file;   /* NULL: nobody has accepted it */
	struct local *peer;  /* held */
	struct local_name *name;
	struct ucred peer_credentials;
	struct local_message *first, *last;
	uint64_t used;                        /* bytes that they take */
	struct local *waiting, *next_waiting; /* connections that nobody has accepted, oldest first */
	uint32_t waiting_count, backlog;
	uint64_t send_bytes, receive_bytes;
	struct timespec receive_time, send_time;
	struct edges edges;
	struct local *next, *previous; /* of all */
	uint32_t in_flight;            /* references to its file that messages have */
	bool reached, scanned;         /* collect.c */
};

static inline bool local_is_stream(const struct local *local)
{
	return local->type == SOCK_STREAM;
}

static inline bool local_is_datagram(const struct local *local)
{
	return local->type == SOCK_DGRAM;
}

/* SO_ERROR: its errno, negative, which nobody is told again. */
static inline long local_take_error(struct local *local)
{
	long error = -local->error;

	local->error = 0;
	return error;
}

/* ---- socket.c ---- */

struct local *local_first(void);
struct local *local_new(uint32_t type);
struct local *local_hold(struct local *local);
void local_put(struct local *local);

/* Something about it has changed: readers and writers look again. */
void local_changed(struct local *local);

/* Nobody has it any more: its file was closed, or its listener. */
void local_release(struct local *local);

/* ---- name.c ---- */

/* Binds it to a name of nobody's choice, unless it has one. */
long local_bind_any(struct local *local);

/* Who is bound to an address of the application's; 0, and not held, or a negative errno. */
long local_find(uint32_t type, uint64_t from, uint64_t length, struct local **to);
void local_name_drop(struct local_name *name);

/* ---- message.c ---- */

/* A message with `count` bytes of `from`, and what goes with it; an errno when there is none. */
long local_message_make(struct local *sender, struct run *from, uint64_t count, struct local_extra *extra,
			struct local_message **to);
void local_message_put(struct local *local, struct local_message *message);

/* The oldest message is taken out of a queue, or all of them; dead ones go when it is safe to close their files. */
void local_message_drop_first(struct local *local);
void local_message_drop_all(struct local *local);

/* Descriptors under way go out of account when somebody receives them. */
struct local_rights *local_rights_take(struct local_message *message);
struct local_rights *local_rights_copy(const struct local_rights *rights);
void local_rights_drop(struct local_rights *rights);

/* All references that messages have. */
uint32_t local_in_flight(void);

/* ---- collect.c ---- */

/* Ends the sockets that only messages have which nobody can receive any more; within itself it does nothing. */
void local_collect(void);

#endif
