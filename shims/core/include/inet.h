/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the internet. The application's is one of the host's from when it is bound to what is granted, or connects; what
 * it set before is kept until then. At the host none of them ever waits.
 */
#ifndef MOTTE_INET_H
#define MOTTE_INET_H

#include "file.h"
#include "net.h"
#include "socket.h"

/* A new one, of AF_INET or AF_INET6, stream or datagram; NULL when there is no memory. */
struct file *inet_open(uint32_t family, uint32_t type, uint32_t flags);
void inet_close(struct file *file);

long inet_bind(struct file *file, const struct net_address *address);
long inet_listen(struct file *file, uint32_t backlog);
long inet_connect(struct file *file, const struct net_address *address);

/* Waits for a connection unless the file is O_NONBLOCK; `*accepted` is its open file. */
long inet_accept(struct file *file, struct file **accepted);

long inet_shutdown(struct file *file, uint32_t how);
long inet_name(struct file *file, struct net_address *address);
long inet_peer(struct file *file, struct net_address *address);

/*
 * To the application's memory, or from it. They wait unless the file is O_NONBLOCK or MSG_DONTWAIT says not to.
 * `from`, which may be NULL, is who sent; `*cut` whether a datagram was longer.
 */
long inet_receive(struct file *file, uint64_t to, uint64_t count, uint32_t flags, struct net_address *from, bool *cut);
long inet_send(struct file *file, uint64_t from, uint64_t count, uint32_t flags, const struct net_address *to);

bool inet_is_datagram(const struct file *file);
uint32_t inet_ready(struct file *file, int32_t *handle);

/* ---- inet_option.c ---- */
long inet_option(struct file *file, uint32_t level, uint32_t name, uint64_t to, uint64_t length);
long inet_set_option(struct file *file, uint32_t level, uint32_t name, uint64_t from, uint32_t length);

/* ---- between inet.c and inet_option.c ---- */

#define OPTIONS_BEFORE 8
#define OPTION(level, name) ((uint32_t)(level) << 16 | (name))

struct inet {
	uint32_t family, type;
	int32_t listen;            /* the grant that it is bound to, or -1 */
	bool bound, listening;
	bool reached;              /* connected, or about to be */
	struct net_address peer;
	struct timespec receive_time, send_time; /* SO_RCVTIMEO, SO_SNDTIMEO; zero: for ever */
	uint8_t *packet;           /* room for the largest datagram, once one was moved */
	struct {
		uint32_t option;
		int32_t value;
	} before[OPTIONS_BEFORE];  /* what was set while there was no socket of the host's */
	uint32_t before_count;
};

#endif
