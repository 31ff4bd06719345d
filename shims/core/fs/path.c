/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"

static size_t name_length(const char *path)
{
	size_t length = 0;

	while (path[length] != 0 && path[length] != '/')
		length++;
	return length;
}

/*
 * There are no links, so that `..` is the parent and a path has one meaning. Fills `place` when all directories on the
 * way are there, whether or not the last name is.
 */
long node_walk(struct fs_node *from, const char *path, struct fs_place *place)
{
	struct fs_node *node = path[0] == '/' ? node_root() : from;

	if (path[0] == 0)
		return -ENOENT;
	*place = (struct fs_place){ .node = node, .directory = node };
	while (*path) {
		size_t length;

		while (*path == '/')
			path++;
		length = name_length(path);
		if (length == 0)
			break;
		if (!node) /* the name before was not there, and is not the last */
			return -ENOENT;
		if (node->kind != FS_DIRECTORY)
			return -ENOTDIR;
		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		place->directory = node;
		place->name = path;
		place->length = length;
		place->slash = path[length] == '/';
		if (length == 1 && path[0] == '.') {
			place->name = NULL;
		} else if (length == 2 && path[0] == '.' && path[1] == '.') {
			place->name = NULL;
			node = node->parent ? node->parent : node;
		} else {
			node = node_child(node, path, length);
		}
		path += length;
	}
	place->node = node;
	if (place->slash && node && node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	return 0;
}
