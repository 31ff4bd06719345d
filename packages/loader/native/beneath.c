/* SPDX-License-Identifier: Apache-2.0 */
/* Looking names up beneath a grant. No libc that has errno behind it (serve_stdio.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "files.h"

/*
 * BENEATH: neither `..` nor a link, absolute or not, leads out, whoever renames what meanwhile. NO_MAGICLINKS: nor do
 * the links of /proc, if one is granted. NO_XDEV: what is mounted below is not the grant, and one file has one st_ino.
 */
#define RESOLVE (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

/* The kernel answers EAGAIN where it cannot tell whether a rename led a `..` out, and wants to be asked again. */
#define TRIES 256

#define OVERFLOW_ID 65534 /* as the kernel shows owners that have no number here */
#define BLOCK_MOST (1 << 30)

long text_take(struct text *text, const void *bytes, uint64_t length)
{
	if (length >= sizeof text->bytes)
		return -ENAMETOOLONG;
	memcpy(text->bytes, bytes, length);
	text->bytes[length] = 0;
	return memchr(text->bytes, 0, length) != NULL ? -EINVAL : 0;
}

long beneath_open(int grant, const char *path, uint64_t flags, uint64_t mode)
{
	const struct open_how how = {
		.flags = flags | O_CLOEXEC | O_LARGEFILE, .mode = (flags & O_CREAT) != 0 ? mode : 0, .resolve = RESOLVE};
	long result = -EAGAIN;
	for (int i = 0; i < TRIES && result == -EAGAIN; i++)
		result = sys(SYS_openat2, grant, (long)(path[0] == 0 ? "." : path), (long)&how, sizeof how);
	return result;
}

void descriptor_close(int fd)
{
	sys(SYS_close, fd, 0, 0, 0);
}

long place_find(struct place *place, int grant, struct text *text, long otherwise)
{
	char *path = text->bytes;
	size_t end = strlen(path);
	place->slash = end > 0 && path[end - 1] == '/';
	while (end > 0 && path[end - 1] == '/')
		end--;
	size_t begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	const size_t length = end - begin;
	if (length == 0 || (length == 1 && path[begin] == '.') || (length == 2 && path[begin] == '.' && path[begin + 1] == '.'))
		return otherwise;
	if (begin == 1)
		return -EXDEV; /* absolute: never beneath anything */
	path[end + (place->slash ? 1 : 0)] = 0;
	place->name = path + begin;
	if (begin > 0)
		path[begin - 1] = 0;
	const long parent = beneath_open(grant, begin > 0 ? path : "", O_PATH | O_DIRECTORY, 0);
	if (parent < 0)
		return parent;
	place->parent = (int)parent;
	return 0;
}

void stat_show(const struct stat *own, struct stat *out)
{
	memset(out, 0, sizeof *out);
	out->st_ino = own->st_ino;
	out->st_mode = own->st_mode;
	out->st_nlink = own->st_nlink;
	out->st_uid = own->st_uid == (uid_t)sys(SYS_geteuid, 0, 0, 0, 0) ? 0 : OVERFLOW_ID;
	out->st_gid = own->st_gid == (gid_t)sys(SYS_getegid, 0, 0, 0, 0) ? 0 : OVERFLOW_ID;
	out->st_size = own->st_size;
	out->st_blksize = own->st_blksize < 1 || own->st_blksize > BLOCK_MOST ? 4096 : own->st_blksize;
	out->st_blocks = own->st_blocks;
	out->st_atim = own->st_atim;
	out->st_mtim = own->st_mtim;
	out->st_ctim = own->st_ctim;
}
