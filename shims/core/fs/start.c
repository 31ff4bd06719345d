/* SPDX-License-Identifier: Apache-2.0 */
/* What is there before the application makes anything. */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/platform.h"
#include "../include/proc.h"

static struct fs_node *root;

static const struct {
	const char path[16];
	enum fs_kind kind;
	uint32_t mode;
} first[] = {
	{ "/tmp", FS_DIRECTORY, 01777 },      { "/var", FS_DIRECTORY, 0755 },  { "/var/tmp", FS_DIRECTORY, 01777 },
	{ "/dev", FS_DIRECTORY, 0755 },       { "/dev/null", FS_NULL, 0666 },  { "/dev/zero", FS_ZERO, 0666 },
	{ "/dev/full", FS_FULL, 0666 },       { "/dev/tty", FS_TTY, 0666 },    { "/dev/random", FS_RANDOM, 0666 },
	{ "/dev/urandom", FS_URANDOM, 0666 }, { "/dev/shm", FS_DIRECTORY, 01777 },
};

/* 0 for a new node at a path, or an error. */
static long plant(const char *path, enum fs_kind kind, uint32_t mode, struct fs_node **node)
{
	struct fs_place place;
	long error = fs_walk(NULL, path, WALK_NAME, &place);

	if (error)
		return error;
	if (place.node)
		return -EEXIST;
	*node = node_make(kind, mode);
	if (!*node)
		return -ENOSPC;
	error = name_add(place.directory, place.name, place.length, *node);
	node_drop(*node);
	return error;
}

struct fs_node *node_plant(const char *path, enum fs_kind kind, uint32_t mode)
{
	struct fs_node *node;

	return plant(path, kind, mode, &node) ? NULL : node;
}

struct fs_node *node_root(void)
{
	if (root)
		return root;
	root = node_make(FS_DIRECTORY, 0755);
	if (!root)
		keep_refuse(REASON_OUT_OF_MEMORY);
	root->links = 1; /* though it has no name */
	root->directory.parent = root;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (!node_plant(first[i].path, first[i].kind, first[i].mode))
			keep_refuse(REASON_OUT_OF_MEMORY);
	if (!proc_plant())
		keep_refuse(REASON_OUT_OF_MEMORY);
	return root;
}

uint32_t mount_grant(const struct fs_node *node)
{
	return node->grant;
}

/* Directories on the way that are not there are made; a directory at its end is hidden by the mount. */
long fs_mount(const char *path, uint32_t grant)
{
	struct fs_place place;
	struct fs_node *mount;
	char part[PATH_MAX];
	long error;

	for (size_t i = 1; path[i]; i++) {
		if (i >= PATH_MAX)
			return -ENAMETOOLONG;
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		error = plant(part, FS_DIRECTORY, 0755, &mount);
		if (error && error != -EEXIST)
			return error;
	}
	error = fs_walk(NULL, path, WALK_NAME, &place);
	if (error)
		return error;
	if (place.last != LAST_NAME || (place.node && place.node->kind != FS_DIRECTORY))
		return -EEXIST;
	mount = node_make(FS_MOUNT, 0755);
	if (!mount)
		return -ENOSPC;
	mount->grant = grant;
	if (place.node)
		name_replace(place.entry, mount);
	else
		error = name_add(place.directory, place.name, place.length, mount);
	node_drop(mount);
	return error;
}
