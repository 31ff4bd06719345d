/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_SOCKET_H
#define MOTTE_SOCKET_H

#include "file.h"

/* The socket that a descriptor stands for, with a reference: 0, -EBADF or -ENOTSOCK. */
long socket_get(uint64_t fd, struct file **file);

#endif
