/* SPDX-License-Identifier: Apache-2.0 */
/* What sockets of all families have in common: numbers, waiting, options. */
#ifndef MOTTE_SOCKET_H
#define MOTTE_SOCKET_H

#include "file.h"

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_PACKET 10

#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_CTRUNC 0x8
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_EOR 0x80
#define MSG_WAITALL 0x100
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_CMSG_CLOEXEC 0x40000000u
#define MSG_OWN 0x80000000u /* of the shim alone: the memory is its own */

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define SOL_SOCKET 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_LINGER 13
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_PEEK_OFF 42

/* The socket that a descriptor stands for, with a reference: 0, -EBADF or -ENOTSOCK. */
long socket_get(uint64_t fd, struct file **file);

/* ---- socket.c ---- */

/* When a wait of `time` is over; NULL for never, which is what zero means. */
const struct timespec *socket_deadline(const struct timespec *time, struct timespec *deadline);

/* What a wait has come to: 0 to try again; -EAGAIN when its time is over. */
long socket_waited(long result);

/* An answer of getsockopt() to the application: as much as it has room for, and how long it is. */
long socket_give(uint64_t to, uint64_t length, const void *value, uint32_t size);
long socket_give_time(uint64_t to, uint64_t length, const struct timespec *time);

/* SO_RCVTIMEO, SO_SNDTIMEO from the application. */
long socket_set_time(struct timespec *time, uint64_t from, uint32_t length);

#endif
