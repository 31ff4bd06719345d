/* SPDX-License-Identifier: Apache-2.0 */
/* Paths. A link is read in place of its name; what follows it waits in a list that is as long as links are allowed. */
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/mount.h"
#include "../include/proc.h"

/* As Linux: how many links one path may lead over. */
#define LINKS_MOST 40

struct walk {
	const char *text;              /* what is left of the path, or of the link that is read */
	const char *after[LINKS_MOST]; /* what is left behind each link that is read */
	unsigned depth, links, how;
	struct fs_node *root;
	struct fs_place *place;
};

static const char *skip_slashes(const char *text)
{
	while (*text == '/')
		text++;
	return text;
}

static size_t name_length(const char *path)
{
	size_t length = 0;

	while (path[length] != 0 && path[length] != '/')
		length++;
	return length;
}

static bool is_dots(const char *name, size_t length)
{
	return length == 2 && name[0] == '.' && name[1] == '.';
}

/* The next name; what is behind a link when that is read to its end. False at the end of all. */
static bool next_name(struct walk *walk)
{
	for (;;) {
		walk->text = skip_slashes(walk->text);
		if (*walk->text)
			return true;
		if (walk->depth == 0)
			return false;
		walk->text = walk->after[--walk->depth];
	}
}

/* Whether no name follows; a slash is noted. */
static bool is_last(const struct walk *walk)
{
	bool slash = *walk->text == '/';

	if (*skip_slashes(walk->text))
		return false;
	for (unsigned i = walk->depth; i > 0; i--) {
		slash |= *walk->after[i - 1] == '/';
		if (*skip_slashes(walk->after[i - 1]))
			return false;
	}
	walk->place->slash |= slash;
	return true;
}

static long up(const struct walk *walk, struct fs_node **node)
{
	if (*node != walk->root) {
		*node = (*node)->kind == FS_DIRECTORY ? (*node)->directory.parent : (*node)->names->directory;
		return 0;
	}
	return walk->how & WALK_BENEATH ? -EXDEV : 0;
}

static long follow(struct walk *walk, struct fs_node *link, struct fs_node **node)
{
	if (++walk->links > LINKS_MOST || (walk->how & WALK_NO_LINKS))
		return -ELOOP;
	walk->after[walk->depth++] = walk->text;
	walk->text = link->link.text;
	if (link->link.text[0] != '/')
		return 0;
	if (walk->how & WALK_BENEATH)
		return -EXDEV;
	*node = walk->root;
	walk->place->last = LAST_ROOT;
	return 0;
}

/* Where a link of /proc leads: a node, or a file that is in no tree, which must be the end. */
static long follow_magic(struct walk *walk, struct fs_node *link, bool last, struct fs_node **node)
{
	const char *below;
	struct file *file;

	if (++walk->links > LINKS_MOST || (walk->how & (WALK_NO_LINKS | WALK_NO_MAGIC)))
		return -ELOOP;
	if (link->fd == MAGIC_WORKING) {
		*node = fs_working_directory(&below);
		return below[0] ? -EXDEV : 0;
	}
	/* The first program is in no file, unless the image has it as one. */
	file = link->fd == MAGIC_PROGRAM ? proc_program() : files_get(link->fd);
	if (!file)
		return -ENOENT;
	(void)file_drop(file); /* its descriptor has it, or the program */
	if (fs_has_node(file)) {
		*node = file->node;
		walk->place->last = LAST_ROOT;
		return 0;
	}
	if (!last)
		return -ENOTDIR;
	*node = link;
	walk->place->file = file;
	return 0;
}

static bool is_link(const struct fs_node *node)
{
	return node->kind == FS_LINK || node->kind == FS_MAGIC;
}

/* What a name in a directory stands for, or NULL. */
static struct fs_node *look_up(struct fs_place *place)
{
	struct fs_node *directory = place->directory;

	if (directory->kind != FS_DIRECTORY)
		return proc_number(directory, place->name, place->length);
	place->entry = name_find(directory, place->name, place->length);
	return place->entry ? place->entry->node : NULL;
}

/* One name in a directory. `*node` is where it leads, NULL when it is the last and not there. */
static long step(struct walk *walk, struct fs_node **node)
{
	struct fs_place *place = walk->place;
	const char *name = walk->text;
	size_t length = name_length(name);
	struct fs_node *child;
	bool last;

	if (!node_is_directory(*node))
		return -ENOTDIR;
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	walk->text += length;
	last = is_last(walk);
	place->name = NULL;
	place->entry = NULL;
	if (length == 1 && name[0] == '.') {
		place->last = LAST_DOT;
		return 0;
	}
	if (is_dots(name, length)) {
		place->last = LAST_DOTS;
		return up(walk, node);
	}
	place->last = LAST_NAME;
	place->directory = *node;
	place->name = name;
	place->length = length;
	child = look_up(place);
	if (child && is_link(child) &&
	    !(last && ((walk->how & WALK_NAME) || ((walk->how & WALK_NOFOLLOW) && !place->slash))))
		return child->kind == FS_LINK ? follow(walk, child, node) : follow_magic(walk, child, last, node);
	*node = child;
	return child || last ? 0 : -ENOENT;
}

/* All that is left, to `to` of PATH_MAX bytes. */
static bool put(char *to, size_t *length, const char *text)
{
	size_t more = strlen(text);

	if (*length + more >= PATH_MAX)
		return false;
	memcpy(to + *length, text, more + 1);
	*length += more;
	return true;
}

static long gather(const struct walk *walk, const char *below, char *to)
{
	size_t length = 0;
	bool fits = put(to, &length, below) && (*below == 0 || put(to, &length, "/")) && put(to, &length, walk->text);

	for (unsigned i = walk->depth; fits && i > 0; i--)
		fits = put(to, &length, walk->after[i - 1]);
	return fits ? 0 : -ENAMETOOLONG;
}

/* Where a path leads out of the mount that it begins in, names taken for directories; NULL when it does not. */
static const char *way_out(const char *path)
{
	int64_t depth = 0;

	for (path = skip_slashes(path); *path; path = skip_slashes(path)) {
		size_t length = name_length(path);

		path += length;
		if (is_dots(path - length, length))
			depth--;
		else if (!(length == 1 && path[-1] == '.'))
			depth++;
		if (depth < 0)
			return path;
	}
	return NULL;
}

/* The rest of the path is below a mount, which `*node` is, or leads out of it again: then `*node` is no mount. */
static long enter(struct walk *walk, const char *below, struct fs_node **node)
{
	struct fs_place *place = walk->place;
	/* What is gathered may stand in place->below. Not of the heap: pages that come and go are host calls. */
	static char rest[PATH_MAX];
	const char *out;
	long error;

	error = walk->how & WALK_NO_MOUNTS ? -EXDEV : gather(walk, below, rest);
	if (!error) {
		memcpy(place->below, skip_slashes(rest), strlen(skip_slashes(rest)) + 1);
		walk->depth = 0;
		walk->text = "";
		out = way_out(place->below);
		if (out) {
			walk->text = out;
			error = walk->root == *node ? -EXDEV : up(walk, node);
		}
	}
	return error;
}

long fs_walk(const struct file *from, const char *path, unsigned how, struct fs_place *place)
{
	const char *below = "";
	struct walk walk = { .text = path, .how = how, .root = node_root(), .place = place };
	struct fs_node *node = from ? from->node : fs_working_directory(&below);
	long error = 0;

	if (path[0] == 0)
		return -ENOENT;
	if (SHIM_MOUNTS && from && node->kind == FS_MOUNT)
		below = mount_below(from);
	if (how & (WALK_BENEATH | WALK_IN_ROOT))
		walk.root = node;
	place->node = place->directory = NULL;
	place->entry = NULL;
	place->file = NULL;
	place->name = NULL;
	place->last = LAST_ROOT;
	place->slash = false;
	place->below[0] = 0;
	if (path[0] == '/') {
		if (how & WALK_BENEATH)
			return -EXDEV;
		node = walk.root;
		below = walk.root == node_root() ? "" : below;
	}
	while (next_name(&walk)) {
		if (SHIM_MOUNTS && node->kind == FS_MOUNT)
			error = enter(&walk, below, &node);
		else
			error = step(&walk, &node);
		if (error || !node)
			break;
		below = "";
	}
	place->node = node;
	return error;
}

long fs_find(const struct file *from, const char *path, unsigned how, struct fs_place *place)
{
	long error = fs_walk(from, path, how, place);

	if (error)
		return error;
	if (!place->node)
		return -ENOENT;
	return place->slash && !node_is_directory(place->node) ? -ENOTDIR : 0;
}
