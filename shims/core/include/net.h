/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the internet, and which of them the configuration grants (SECURITY.md, rule 3). */
#ifndef MOTTE_NET_H
#define MOTTE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shim_config.h"
#include "socket.h"

#ifdef SHIM_HAS_SOCKETS
#define SOCKETS 1
#else
#define SOCKETS 0
#endif

/* As a host call has it (packages/hostcall/src/rows/sockets.ts). */
struct net_address {
	uint16_t family;   /* 0: none */
	uint16_t port;     /* in network order */
	uint32_t zero_04;
	uint8_t bytes[16]; /* of AF_INET the first 4 */
	uint32_t scope;
	uint32_t zero_1c;
};
_Static_assert(sizeof(struct net_address) == 32, "net_address");

/* Reads the grants of a checked config blob; the Keep ends when there is no memory for them. */
void net_start(const void *blob);

/* The number of the [[listen]] that an address may be bound to, or -1; any address of a family means the granted one. */
int32_t net_find_listen(uint32_t type, const struct net_address *address);

/* Whether an address is one of [[connect]]. */
bool net_may_reach(const struct net_address *address);

/* An application has one open socket for a [[listen]] at a time. False: there is one. */
bool net_claim(int32_t listen);
void net_release(int32_t listen);

/* ---- net_text.c ---- */

/* An IP address, with or without brackets, and a port in decimal; false when it is none. */
bool net_parse(const char *host, size_t length, const char *port, size_t port_length, struct net_address *address);

#endif
