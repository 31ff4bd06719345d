/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of the in-Keep file system and their names, for fs/ alone. */
#ifndef MOTTE_FS_NODE_H
#define MOTTE_FS_NODE_H

#include <stddef.h>
#include "image.h"
#include "mount.h"

#define NAME_MAX 255

enum fs_kind {
	FS_FILE,
	FS_IMAGE, /* a file of the Keep's image (image.h) */
	FS_DIRECTORY,
	FS_LINK, /* a symbolic link */
	FS_NULL,
	FS_ZERO,
	FS_FULL,
	FS_RANDOM,
	FS_URANDOM,
	FS_TTY,
	FS_SOCKET, /* a name that a socket of AF_UNIX is bound to, or was */
	FS_FIFO,
	FS_MOUNT, /* everything below is served by mount.h */
	FS_TEXT,  /* of /proc (proc.h): what it says is made when it is opened */
	FS_MAGIC, /* a link there that leads where no path may */
	FS_FDS,   /* directories there of what is open, and of threads */
	FS_TASKS,
};

/* Contents: a tree of pages, 512 ways, so that what was never written costs nothing. */
struct fs_data {
	uint64_t size;
	uint64_t pages;  /* that there are */
	uint64_t table;  /* of `levels` levels; without any, the address of page 0 */
	unsigned levels;
};

#define TABLE_SHIFT 9
#define TABLE_SLOTS (1ull << TABLE_SHIFT)

/* The address of a page by its number; 0 when it is not there. */
static inline uint64_t data_page(const struct fs_data *data, uint64_t index)
{
	uint64_t page = data->table;

	if (index >> (TABLE_SHIFT * data->levels))
		return 0;
	for (unsigned level = data->levels; level > 0 && page != 0; level--)
		page = ((const uint64_t *)page)[(index >> (TABLE_SHIFT * (level - 1))) % TABLE_SLOTS];
	return page;
}

/* Entries in the order in which they were made; each has a cookie larger than those before it. */
struct fs_directory {
	struct fs_node *parent; /* held; the root's is itself */
	struct fs_entry *first, *last;
	uint64_t cookie;        /* the next one */
	uint64_t below;         /* directories in it */
};

enum fs_stamp { FS_ACCESSED, FS_WRITTEN, FS_CHANGED, FS_STAMPS };

/* Times. `due` ones (bits by enum fs_stamp) are those of the next look at the clock. */
struct fs_stamps {
	struct timespec time[FS_STAMPS];
	uint32_t due;
	struct fs_node *next, *previous; /* while something is due */
};

struct fs_node {
	uint64_t number; /* st_ino */
	enum fs_kind kind;
	uint32_t mode;   /* permission bits; shown, not enforced: the application is root in here */
	uint32_t uid, gid;
	uint32_t links;  /* names */
	uint32_t holds;  /* open files, the working directory, directories within a directory */
	bool linkable;   /* without a name as yet, but may be given one: O_TMPFILE */
	bool fixed;      /* of the image: neither it nor the names in it change */
	struct fs_entry *names;
	struct fs_lock *locks;
	struct fs_stamps stamps;
	union {
		struct fs_data data;
		struct image_file image;
		struct fs_directory directory;
		struct { char *text; size_t length; } link;
		struct { unsigned what; const char *fixed; } text;
		struct pipe *pipe; /* of a FIFO, while it is open */
		uint32_t fd;    /* of a link of /proc: where it leads */
		uint32_t grant; /* of a mount, as mount.h knows it */
	};
};

/* A name in a directory. */
struct fs_entry {
	struct fs_node *node, *directory;
	struct fs_entry *other;           /* the node's next name */
	struct fs_entry *next, *previous; /* in the directory */
	struct fs_entry *chain;           /* of the same hash */
	uint64_t cookie;
	uint64_t hash;
	uint32_t length;
	char name[];
};

static inline bool node_is_directory(const struct fs_node *node)
{
	return node->kind == FS_DIRECTORY || node->kind == FS_MOUNT || node->kind == FS_FDS || node->kind == FS_TASKS;
}

/* ---- node.c ---- */

struct fs_node *node_root(void);

/* A fresh node at a path whose directory is there and which is not; NULL when there is no memory. */
struct fs_node *node_plant(const char *path, enum fs_kind kind, uint32_t mode);

/* A fresh node without a name, held once; NULL when there is no memory. */
struct fs_node *node_make(enum fs_kind kind, uint32_t mode);

static inline struct fs_node *node_hold(struct fs_node *node)
{
	node->holds++;
	return node;
}

/* Gives a hold back; what has neither holds nor names is gone. */
void node_drop(struct fs_node *node);

void node_stat(struct fs_node *node, struct stat *to);

/* S_IFMT of st_mode. */
uint32_t node_type(const struct fs_node *node);

/* What mknod() makes of a type in a mode. */
enum fs_kind node_kind(uint32_t mode);

/* ---- cwd.c ---- */

/* The working directory; `*below` is where it is in a mount. */
struct fs_node *fs_working_directory(const char **below);
uint32_t fs_umask(void);

/* A path to a node, or to what is below it if it is a mount, with its NUL in `to` of PATH_MAX bytes: its length, -ENOENT. */
long node_path(const struct fs_node *node, const char *below, char *to);

/* ---- name.c ---- */

struct fs_entry *name_find(const struct fs_node *directory, const char *name, size_t length);

/* Gives a node a name that is not there yet. `length` is at most NAME_MAX. 0 or -ENOSPC. */
long name_add(struct fs_node *directory, const char *name, size_t length, struct fs_node *node);
void name_remove(struct fs_entry *entry);

/* The name stands for another node from now on. */
void name_replace(struct fs_entry *entry, struct fs_node *node);

/* The first entry with this cookie or a larger one. */
struct fs_entry *name_from(const struct fs_node *directory, uint64_t cookie);

/* ---- page.c ---- */

/* A zeroed page for contents, or 0; `more` of them are expected to be asked for next. */
uint64_t page_get(uint64_t more);

/* Gives pages back; the last ones only by page_flush(). */
void page_put(uint64_t page);
void page_flush(void);

/* Pages of contents, as statfs() tells them. */
uint64_t page_count(void);

/* ---- data.c: `at` and `count` are bytes, INT64_MAX at most together ---- */

void data_read(const struct fs_data *data, uint64_t to, uint64_t count, uint64_t at);

/* How much was written: less than `count`, or -ENOSPC, when there is no memory. The file grows. */
long data_write(struct fs_data *data, uint64_t from, uint64_t count, uint64_t at);
void data_resize(struct fs_data *data, uint64_t size);

/* Zeroes a range, giving its whole pages back; brings in all of its pages: 0 or -ENOSPC. Neither changes the size. */
void data_punch(struct fs_data *data, uint64_t at, uint64_t count);
long data_fill(struct fs_data *data, uint64_t at, uint64_t count);

/* The first place from `at` on that has a page (or has none); the size when there is no such. */
uint64_t data_seek(const struct fs_data *data, uint64_t at, bool hole);

/* ---- stamp.c ---- */

#define STAMP_CHANGE (1u << FS_CHANGED)
#define STAMP_WRITE (STAMP_CHANGE | 1u << FS_WRITTEN)
#define STAMP_ALL ((1u << FS_STAMPS) - 1)

/* These times of a node are now. */
void stamp_now(struct fs_node *node, uint32_t which);
void stamp_set(struct fs_node *node, enum fs_stamp which, const struct timespec *time);

/* Looks at the clock if something is due. */
void stamp_settle(struct fs_node *node);

/* The node goes away. */
void stamp_forget(struct fs_node *node);

/* ---- special.c ---- */

/* open() of a FIFO, which waits for its other side. Takes over a hold of the node. */
long fifo_open(struct fs_node *node, uint32_t flags, struct file **to);

/* ---- path.c ---- */

/* Where a node of kind FS_MAGIC leads, when it is no descriptor. */
#define MAGIC_PROGRAM 0x10000
#define MAGIC_WORKING 0x10001

#define WALK_NOFOLLOW 1    /* a link at the end is meant itself, unless a slash follows */
#define WALK_NAME 2        /* the last name is meant as a name: no link there is followed */
#define WALK_NO_LINKS 4    /* openat2(): -ELOOP for any link */
#define WALK_NO_MAGIC 8    /* -ELOOP for links of /proc that lead where no path does */
#define WALK_NO_MOUNTS 16  /* -EXDEV for whatever is a file system of its own */
#define WALK_BENEATH 32    /* -EXDEV for what leads out of the directory that it starts from */
#define WALK_IN_ROOT 64    /* that directory is the root */

/* Where a path leads. */
struct fs_place {
	struct fs_node *node;      /* NULL when only the last name is not there */
	struct fs_node *directory; /* that holds it, or would, by `name` */
	struct fs_entry *entry;    /* its name there */
	struct file *file;         /* where a link of /proc led, when that is not in the tree; `node` is the link */
	const char *name;          /* NULL when the path ends in something else than a name */
	size_t length;
	enum { LAST_NAME, LAST_ROOT, LAST_DOT, LAST_DOTS } last;
	bool slash;                /* the path ends in a slash: it must be a directory */
	char below[SHIM_MOUNTS ? PATH_MAX : 1]; /* of a mount: the rest of the path; empty: the mount itself */
};

/*
 * Follows a path from an open directory; NULL is the working directory. 0 when all on the way are there, whether or not
 * the last name is.
 */
long fs_walk(const struct file *from, const char *path, unsigned how, struct fs_place *place);

/* The same, of something that is there, and is a directory if the path says so by a slash. */
long fs_find(const struct file *from, const char *path, unsigned how, struct fs_place *place);

/* Whether mount.h knows the rest. */
static inline bool place_in_mount(const struct fs_place *place)
{
	return SHIM_MOUNTS && place->node && place->node->kind == FS_MOUNT;
}

#endif
