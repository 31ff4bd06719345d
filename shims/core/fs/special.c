/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that are names of something else: sockets and FIFOs. */
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/pipe.h"

long fs_make_socket(const char *path, struct fs_node **to)
{
	struct fs_place place;
	long error = fs_make(NULL, path, S_IFSOCK | 0777);

	if (error)
		return error == -EEXIST ? -EADDRINUSE : error;
	error = fs_find(NULL, path, WALK_NOFOLLOW, &place);
	if (!error)
		*to = node_hold(place.node);
	return error;
}

long fs_find_socket(const char *path, const struct fs_node **to)
{
	struct fs_place place;
	long error = fs_find(NULL, path, 0, &place);

	if (error)
		return error;
	*to = place.node;
	return place.file || place.node->kind != FS_SOCKET ? -ECONNREFUSED : 0;
}

void fs_leave(struct fs_node *node)
{
	node_drop(node);
}

long fifo_open(struct fs_node *node, uint32_t flags, struct file **to)
{
	long error = pipe_join(&node->pipe, flags, to);

	if (error) {
		node_drop(node);
		return error;
	}
	(*to)->node = node;
	error = pipe_await(*to);
	if (error)
		(void)file_drop(*to);
	return error;
}
