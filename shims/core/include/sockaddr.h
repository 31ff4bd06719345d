/* SPDX-License-Identifier: Apache-2.0 */
/* struct sockaddr_in and sockaddr_in6, as the application has them. */
#ifndef MOTTE_SOCKADDR_H
#define MOTTE_SOCKADDR_H

#include "net.h"

/* From the application: 0, -EFAULT, -EINVAL or -EAFNOSUPPORT. */
long sockaddr_get(struct net_address *address, uint64_t from, uint64_t length);

/* To the application, as much as the word at `length` says; the word is how long it is then. `to` 0: nothing. */
long sockaddr_put(uint64_t to, uint64_t length, const struct net_address *address);

#endif
