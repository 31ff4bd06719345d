/* SPDX-License-Identifier: Apache-2.0 */
/* The working directory and the mask of permissions: one of each, for all threads. */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"

#define MASK_FIRST 022

static struct fs_node *working;
static char working_below[SHIM_MOUNTS ? PATH_MAX : 1];
static uint32_t mask = MASK_FIRST;

struct fs_node *fs_working_directory(const char **below)
{
	*below = working_below;
	return working ? working : node_root();
}

static void set(struct fs_node *node, const char *below)
{
	node_hold(node);
	if (working)
		node_drop(working);
	working = node;
	memcpy(working_below, below, SHIM_MOUNTS ? strlen(below) + 1 : 1);
}

long fs_change_directory(const struct file *from, const char *path)
{
	struct fs_place place;
	long error = fs_find(from, path, 0, &place);

	if (!error && place_in_mount(&place))
		error = mount_enter(place.node->grant, place.below);
	else if (!error && place.node->kind != FS_DIRECTORY)
		error = -ENOTDIR;
	if (!error)
		set(place.node, place.below);
	return error;
}

long fs_change_directory_to(const struct file *file)
{
	if (!file->node || !node_is_directory(file->node))
		return -ENOTDIR;
	set(file->node, SHIM_MOUNTS && file->node->kind == FS_MOUNT ? mount_below(file) : "");
	return 0;
}

/* Bytes before what is at `*start` in `to`. */
static bool prepend(char *to, size_t *start, const char *text, size_t length)
{
	if (length > *start)
		return false;
	*start -= length;
	memcpy(to + *start, text, length);
	return true;
}

long node_path(const struct fs_node *node, const char *below, char *to)
{
	size_t start = PATH_MAX - 1;
	bool fits;

	to[start] = 0;
	fits = below[0] == 0 || (prepend(to, &start, below, strlen(below)) && prepend(to, &start, "/", 1));
	while (fits && node->names) {
		fits = prepend(to, &start, node->names->name, node->names->length) && prepend(to, &start, "/", 1);
		node = node->names->directory;
	}
	if (!fits)
		return -ENAMETOOLONG;
	if (node != node_root())
		return -ENOENT;
	if (start == PATH_MAX - 1)
		prepend(to, &start, "/", 1);
	memmove(to, to + start, PATH_MAX - start);
	return (long)(PATH_MAX - start);
}

long fs_directory_path(char *to)
{
	const char *below;
	const struct fs_node *node = fs_working_directory(&below);

	return node_path(node, below, to);
}

uint32_t fs_mask(uint32_t to)
{
	uint32_t old = mask;

	mask = to & 0777;
	return old;
}

uint32_t fs_umask(void)
{
	return mask;
}
