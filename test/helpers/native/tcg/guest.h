/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first process of the machine that scripts/tcg boots: brings up modules and file systems, then serves its host over
 * one virtio-serial port. The frames of both directions: test/helpers/src/tcg/frames.ts.
 */
#ifndef MOTTE_TCG_GUEST_H
#define MOTTE_TCG_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A frame of the port: `ID WORD NUMBER\n`; for the words that carry bytes, NUMBER of these follow. */
struct frame {
	uint32_t id;
	char word[8];
	uint64_t number;
	char *bytes; /* malloc()ed, NUL after the last; NULL for words that carry none */
};

/* ---- guest.c ---- */

/* Says on the console what failed, and why where errno knows; powers off. Its host shows the console. */
void __attribute__((noreturn, format(printf, 1, 2))) fatal(const char *format, ...);

/* ---- mounts.c ---- */

/* The host's files as the root, read-only, and the machine's own /dev, /proc, /sys, /run. */
void mounts_enter(void);
/* Makes a directory of the host's writable: what is written stays in the machine, or goes to the host. 0 or an errno. */
int mount_scratch(const char *path);
int mount_out(const char *path);
/* Forgets what it knows of the host's files, which the host may have changed. */
void mounts_refresh(void);

/* ---- link.c ---- */

void link_open(void);
int link_descriptor(void);
/* The next frame; blocks. */
struct frame link_receive(void);
void link_send(uint32_t id, const char *word, uint64_t number);
void link_send_bytes(uint32_t id, const char *word, const void *bytes, size_t length);

/* ---- commands.c ---- */

struct pollfd;

/* The descriptors that commands_ready() is to be called with. */
size_t commands_poll(struct pollfd *fds, size_t room);
void commands_ready(const struct pollfd *fds, size_t count);

/* `run`: cwd, number of arguments, arguments, environment, each with a NUL. It sees the host's files as they are now. */
void command_start(uint32_t id, const char *bytes, size_t length);
/* `in`: bytes for its standard input; none closes it. */
void command_input(uint32_t id, const char *bytes, size_t length);
/* `kill`: it and all that it started. */
void command_kill(uint32_t id);
/* Some child ended. */
void commands_reap(void);

#endif
