/* SPDX-License-Identifier: Apache-2.0 */
/* /proc, /sys and what links into them, for fs/ alone: made when it is looked at, and about the Keep alone. */
#ifndef MOTTE_PROC_H
#define MOTTE_PROC_H

#include "fs_node.h"

/* What a node of kind FS_TEXT says (fs/proc_text.c, fs/proc_process.c). */
enum proc_text {
	PROC_FIXED, /* the node's own text */
	PROC_CMDLINE,
	PROC_ENVIRON,
	PROC_AUXV,
	PROC_COMM,
	PROC_MAPS,
	PROC_STAT,
	PROC_STATM,
	PROC_STATUS,
	PROC_LIMITS,
	PROC_MEMINFO,
	PROC_CPUINFO,
	PROC_CPUS,
	PROC_CPU_LIST,
	PROC_UPTIME,
	PROC_UUID,
};

/* Plants all of it; false when there is no memory. */
bool proc_plant(void);

/* A fresh unnamed file of what a node says now; NULL when there is no memory. */
struct fs_node *proc_file(const struct fs_node *node);

/* What is written there one after the other; what does not fit into memory is left out. */
void text_put(struct fs_node *file, const char *text);
void text_bytes(struct fs_node *file, const void *bytes, size_t length);
void text_number(struct fs_node *file, uint64_t number);
void text_hex(struct fs_node *file, uint64_t number, unsigned digits);

/* proc_process.c: what is about the application. */
void proc_process(struct fs_node *file, enum proc_text what);

/* The file that execve() brought the program from, with a reference more; NULL: the Keep's image. */
struct file *proc_program(void);

/* proc_numbers.c: an entry of a directory of kind FS_FDS or FS_TASKS; NULL when there is none of that name. */
struct fs_node *proc_number(struct fs_node *directory, const char *name, size_t length);

/* The first number in such a directory from one on; false when there are no more. */
bool proc_next(const struct fs_node *directory, uint64_t *number);

/* Processors that the Keep has: as many as threads. */
uint64_t proc_threads(void);

#endif
