/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of AF_UNIX: all of them, what is sent, and who is bound where, is within the Keep. The rules are those of Linux
 * (net/unix/af_unix.c), but for who pays for what is under way: a receiver has room for what a sender may send, so that
 * the memory of a Keep is bounded by its sockets.
 */
#ifndef MOTTE_LOCAL_H
#define MOTTE_LOCAL_H

#include "run.h"
#include "socket.h"
#include "net.h"

#define LOCAL_PATH 108 /* of struct sockaddr_un */
#define SCM_MAX_FD 253

/* A name that a socket is bound to: a path with its NUL, or, after a NUL, any bytes. */
struct local_name {
	uint32_t references;
	uint32_t length;
	struct fs_node *node; /* of a path: held */
	char path[LOCAL_PATH + 1];
};

/* SCM_CREDENTIALS, SO_PEERCRED. */
struct ucred {
	uint32_t pid, uid, gid;
};

/* Open files on their way, each with a reference. */
struct local_rights {
	uint32_t count;
	struct file *files[SCM_MAX_FD];
};

/* What goes with the bytes of a message, to be dropped by whoever still has it in the end. */
struct local_extra {
	struct local_rights *rights;
	struct ucred sender;
	bool has_sender;
};

/* What came with them. */
struct local_got {
	struct local_rights *rights;
	struct local_name *name; /* who sent; NULL: nobody who has one */
	struct ucred sender;
	bool any;                /* the above was filled in */
	bool cut, record;        /* MSG_TRUNC, MSG_EOR */
};

/* A new one; NULL when there is no memory. */
struct file *local_open(uint32_t type, uint32_t flags);
void local_close(struct file *file);

/* One reference less, and not the last: when only messages have the others, perhaps nobody can receive them. */
void local_left(const struct file *file);

/* socketpair(): connects two new ones. */
void local_pair(struct file *one, struct file *two);

/* `from` is a struct sockaddr_un of the application's. */
long local_bind(struct file *file, uint64_t from, uint64_t length);
long local_listen(struct file *file, uint32_t backlog);
long local_connect(struct file *file, uint64_t from, uint64_t length);
long local_accept(struct file *file, struct file **accepted);
long local_shutdown(struct file *file, uint32_t how);

/* getsockname(), getpeername(): to the application. */
long local_tell_name(const struct file *file, bool peer, uint64_t to, uint64_t length);

/* Puts a name where recvfrom() or accept() wants it; NULL is a name of no bytes, or with `family` of that alone. */
long local_name_put(const struct local_name *name, bool family, uint64_t to, uint64_t length);

long local_read(struct file *file, struct run to, uint64_t count, bool wait);
long local_write(struct file *file, struct run from, uint64_t count, bool wait);

/* `name` of `name_length` is the application's, and may be 0. */
long local_send(struct file *file, struct run *from, uint64_t count, uint32_t flags, uint64_t name, uint64_t name_length,
		struct local_extra *extra);
long local_receive(struct file *file, struct run *to, uint64_t count, uint32_t flags, struct local_got *got);
void local_drop_extra(struct local_extra *extra);
void local_drop_got(struct local_got *got);

long local_option(struct file *file, uint32_t level, uint32_t name, uint64_t to, uint64_t length);
long local_set_option(struct file *file, uint32_t level, uint32_t name, uint64_t from, uint32_t length);

/* Control messages: from the application, and to it; `*left` is the room there is, and then what was used of it. */
long local_scm_get(struct local_extra *extra, uint64_t from, uint64_t length);
long local_scm_put(const struct file *file, struct local_got *got, uint64_t to, uint64_t *left, uint32_t *flags);

uint32_t local_ready(const struct file *file);
struct edges local_edges(const struct file *file);
long local_control(const struct file *file, uint64_t request, uint64_t to);

#endif
