/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that Keep.toml grants. Those of [[listen]] are made and bound before the sandbox closes, so that the Keep
 * can never bind; to connect is checked against [[connect]] here too, for a seccomp filter cannot see an address.
 */
#ifndef MOTTE_SOCKETS_H
#define MOTTE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "helper.h"

/* A handle of a socket is this and a number: of a [[listen]], in the order of the config blob, or a descriptor's beyond. */
#define SOCKET_HANDLE 0x40000000u
#define SOCKET_LISTENS 64
#define SOCKET_MOST 1024

/* As a host call has an address (packages/hostcall/src/rows/sockets.ts). */
struct net_address {
	uint16_t family;
	uint16_t port; /* in network order */
	uint32_t zero_04;
	uint8_t bytes[16];
	uint32_t scope;
	uint32_t zero_1c;
};

/* Reads the grants from the config blob and makes the sockets to listen on; false with `ending` filled in. */
bool sockets_start(struct keep_host *host);

/* What is granted at all: the sandbox lets in no more than that needs. */
bool sockets_granted(void);
bool sockets_connect_granted(void);

/* Whether this is an address of [[connect]]. */
bool sockets_may_reach(const struct net_address *address);

/* The descriptor behind a handle, or -1; whether it belongs to a [[listen]], which is never closed. */
int socket_descriptor(uint64_t handle);
bool socket_is_listen(int fd);

/* A handle for a fresh descriptor; closes it when there is no room: -EMFILE. */
long socket_opened(int fd);
long socket_close(int fd);

#endif
