/* SPDX-License-Identifier: Apache-2.0 */
/* Names of sockets: paths of the file system within the Keep, and names that start with a NUL and are in no tree. */
#include "../include/bytes.h"
#include "../include/fs.h"
#include "../include/heap.h"
#include "../include/local_socket.h"
#include "../include/user.h"

#define FAMILY_BYTES 2
#define ANY_BYTES 6 /* a NUL and five hexadecimal digits */

/* struct sockaddr_un; one byte more, so that a path without a NUL has one. */
struct address {
	uint16_t family;
	char path[LOCAL_PATH + 1];
	uint64_t length; /* of the path, with the NUL of one that is in the tree */
};

static long get_address(struct address *address, uint64_t from, uint64_t length)
{
	*address = (struct address){ 0 };
	if (length < FAMILY_BYTES || length > FAMILY_BYTES + LOCAL_PATH)
		return -EINVAL;
	if (user_get(address, from, length))
		return -EFAULT;
	if (address->family != AF_UNIX)
		return -EINVAL;
	address->length = length - FAMILY_BYTES;
	if (address->length && address->path[0])
		address->length = strlen(address->path) + 1;
	return 0;
}

void local_name_drop(struct local_name *name)
{
	if (!name || --name->references != 0)
		return;
	if (FS_OPENS && name->node)
		fs_leave(name->node);
	heap_put(name, sizeof(*name));
}

/* The socket that is bound to a node of the tree, or to an abstract name: each type has its own of those. NULL: none is. */
static struct local *find(uint32_t type, const struct address *address, const struct fs_node *node)
{
	for (struct local *local = local_first(); local; local = local->next) {
		const struct local_name *name = local->name;

		if (!local->bound)
			continue;
		if (node ? name->node == node :
			   local->type == type && name->length == address->length && !memcmp(name->path, address->path, name->length))
			return local;
	}
	return NULL;
}

/* Takes over a hold of the node. */
static long bind_to(struct local *local, const struct address *address, struct fs_node *node)
{
	struct local_name *name = heap_get(sizeof(*name));

	if (!name) {
		if (FS_OPENS && node)
			fs_leave(node);
		return -ENOMEM;
	}
	*name = (struct local_name){ .references = 1, .length = (uint32_t)address->length, .node = node };
	memcpy(name->path, address->path, address->length);
	local->name = name;
	local->bound = true;
	return 0;
}

long local_bind_any(struct local *local)
{
	static const char digits[] = "0123456789abcdef";
	static uint32_t next;
	struct address address = { .length = ANY_BYTES };

	if (local->name)
		return 0;
	do {
		uint32_t number = next++;

		for (unsigned i = ANY_BYTES - 1; i != 0; i--, number >>= 4)
			address.path[i] = digits[number & 15];
	} while (find(local->type, &address, NULL));
	return bind_to(local, &address, NULL);
}

long local_bind(struct file *file, uint64_t from, uint64_t length)
{
	struct local *local = file->local;
	struct fs_node *node = NULL;
	struct address address;
	long error = get_address(&address, from, length);

	if (error)
		return error;
	if (address.length == 0)
		return local_bind_any(local);
	if (address.path[0]) /* which Linux makes first */
		error = FS_OPENS ? fs_make_socket(address.path, &node) : -EPERM;
	else if (!local->name)
		error = find(local->type, &address, NULL) ? -EADDRINUSE : 0;
	if (!error && local->name) {
		if (FS_OPENS && node) {
			(void)fs_remove(NULL, address.path, false);
			fs_leave(node);
		}
		error = -EINVAL;
	}
	return error ? error : bind_to(local, &address, node);
}

long local_find(uint32_t type, uint64_t from, uint64_t length, struct local **to)
{
	const struct fs_node *node = NULL;
	struct address address;
	long error = get_address(&address, from, length);

	if (!error && address.length == 0)
		error = -EINVAL;
	if (!error && address.path[0])
		error = FS_OPENS ? fs_find_socket(address.path, &node) : -ENOENT;
	if (error)
		return error;
	*to = find(type, &address, node);
	if (!*to)
		return -ECONNREFUSED;
	return (*to)->type == type ? 0 : -EPROTOTYPE;
}

long local_name_put(const struct local_name *name, bool family, uint64_t to, uint64_t length)
{
	struct address address = { .family = AF_UNIX };
	uint32_t room, size = family ? FAMILY_BYTES : 0;

	if (to == 0)
		return 0;
	if (user_get(&room, length, sizeof(room)))
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	if (name) {
		memcpy(address.path, name->path, name->length);
		size = FAMILY_BYTES + name->length;
	}
	if (user_put(to, &address, room < size ? room : size))
		return -EFAULT;
	return user_put(length, &size, sizeof(size));
}

long local_tell_name(const struct file *file, bool peer, uint64_t to, uint64_t length)
{
	const struct local *local = peer ? file->local->peer : file->local;

	return local ? local_name_put(local->name, true, to, length) : -ENOTCONN;
}
