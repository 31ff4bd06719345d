/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Keep.toml grants, and the files that the Keep opened below it. A name is looked up by the kernel, beneath the
 * grant (openat2); a change of a directory is made in the parent that was found that way, by one checked last name.
 */
#ifndef MOTTE_FILES_H
#define MOTTE_FILES_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "helper.h"

/* Descriptors below this can be open files of the Keep; RLIMIT_NOFILE is no more. */
#define FILES_MOST 1024

/* A system call with five arguments, without errno. */
static inline long sys5(long number, long a, long b, long c, long d, long e)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

/* ---- serve_image.c ---- */

/* Of a part of the image: they follow those of grants. */
int image_descriptor(const struct keep_host *host, uint32_t part);

/* ---- handles.c ---- */

/* START's grants, whose descriptors are HELPER_FD_GRANT and more; false with `ending` filled in. */
bool grants_parse(struct keep_host *host);

/* Whether it is what a grant stands for, which stays open. */
bool is_grant(const struct keep_host *host, int fd);

/* Whether the grant behind this descriptor, or the one that the file was opened below, may not be changed. */
bool grant_is_read_only(const struct keep_host *host, int grant);
/* A grant that is a file, not a directory. */
bool grant_is_file(const struct keep_host *host, int grant);

/* The descriptor of an open file, or -1. */
int file_descriptor(uint64_t handle);
/* A handle for the fresh descriptor, which was opened below `grant`; closes it when there is no room: -EMFILE. */
long file_opened(const struct keep_host *host, int grant, int fd);
/* 0 if the Keep may do that with this descriptor: -EBADF where it is not one of its open files, else -EROFS. */
long file_may_read(int fd);
long file_may_change(int fd);
/* Closes an open file; -EBADF if it is none. */
long file_close(int fd);

/*
 * While it is held no descriptor changes its meaning: for calls of which the kernel does not itself know that the file
 * was opened for reading only.
 */
void files_lock(void);
void files_unlock(void);

/* ---- beneath.c ---- */

/* A path or two of the dispatcher's, with a NUL at the end. */
struct text {
	char bytes[4096];
};
/* -EINVAL if there is a NUL within. */
long text_take(struct text *text, const void *bytes, uint64_t length);

/* openat2() of a text, which leads nowhere but beneath the grant. */
long beneath_open(int grant, const char *path, uint64_t flags, uint64_t mode);

/* The directory that holds what a path names, and the name. */
struct place {
	int parent;
	const char *name; /* one component, perhaps with a slash at its end: it must be a directory then */
	bool slash;
};
/*
 * Splits the text and opens the parent. A path that ends in . or .., or names the grant itself, has no last name:
 * `otherwise` is the answer. The parent is the caller's to close.
 */
long place_find(struct place *place, int grant, struct text *text, long otherwise);
void descriptor_close(int fd);

/* What the Keep sees of a file: no device, and of owners only whether it is the helper's own user. */
void stat_show(const struct stat *own, struct stat *out);

#endif
