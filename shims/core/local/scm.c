/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages: open files and who sent, beside the bytes. */
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/local_socket.h"
#include "../include/user.h"

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2

struct cmsghdr {
	uint64_t length; /* with this */
	int32_t level, type;
};

static uint64_t aligned(uint64_t length)
{
	return (length + 7) & ~7ull;
}

static long get_rights(struct local_extra *extra, uint64_t fds, uint64_t count)
{
	if (!extra->rights)
		extra->rights = heap_get(sizeof(*extra->rights));
	if (!extra->rights)
		return -ENOMEM;
	if (count > SCM_MAX_FD - extra->rights->count)
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		struct file *file;
		int32_t fd;

		if (user_get(&fd, fds + i * sizeof(fd), sizeof(fd)))
			return -EFAULT;
		file = fd < 0 ? NULL : files_get((uint64_t)fd);
		if (!file)
			return -EBADF;
		extra->rights->files[extra->rights->count++] = file;
	}
	return 0;
}

/* As root in Linux: any user, but a process that there is. */
static long get_sender(struct local_extra *extra, uint64_t from, uint64_t length)
{
	if (length != sizeof(extra->sender))
		return -EINVAL;
	if (user_get(&extra->sender, from, sizeof(extra->sender)))
		return -EFAULT;
	extra->has_sender = true;
	return extra->sender.pid == 1 ? 0 : -ESRCH;
}

long local_scm_get(struct local_extra *extra, uint64_t from, uint64_t length)
{
	while (length >= sizeof(struct cmsghdr)) {
		struct cmsghdr header;
		uint64_t data = from + sizeof(header), size;
		long error = 0;

		if (user_get(&header, from, sizeof(header)))
			return -EFAULT;
		if (header.length < sizeof(header) || header.length > length)
			return -EINVAL;
		size = header.length - sizeof(header);
		if (header.level == SOL_SOCKET && header.type == SCM_RIGHTS)
			error = get_rights(extra, data, size / sizeof(int32_t));
		else if (header.level == SOL_SOCKET)
			error = header.type == SCM_CREDENTIALS ? get_sender(extra, data, size) : -EINVAL;
		if (error)
			return error;
		if (aligned(header.length) >= length)
			break;
		from += aligned(header.length);
		length -= aligned(header.length);
	}
	if (extra->rights && extra->rights->count == 0) {
		local_rights_drop(extra->rights);
		extra->rights = NULL;
	}
	return 0;
}

struct control {
	uint64_t to, left;
	uint32_t flags;
};

/* One message, cut where the room ends; `size` bytes of data. */
static long put(struct control *control, int32_t type, const void *data, uint64_t size)
{
	struct cmsghdr header = { sizeof(header) + size, SOL_SOCKET, type };
	uint64_t space;

	if (control->left < sizeof(header)) {
		control->flags |= MSG_CTRUNC;
		return 0;
	}
	if (control->left < header.length) {
		control->flags |= MSG_CTRUNC;
		header.length = control->left;
	}
	if (user_put(control->to, &header, sizeof(header)) ||
	    user_put(control->to + sizeof(header), data, header.length - sizeof(header)))
		return -EFAULT;
	space = aligned(header.length) < control->left ? aligned(header.length) : control->left;
	control->to += space;
	control->left -= space;
	return 0;
}

/* Descriptors for as many files as there is room for, and free numbers; the rest is closed with what nobody received. */
static long put_rights(struct control *control, const struct local_rights *rights, bool close_on_exec)
{
	uint64_t room = control->left < sizeof(struct cmsghdr) ? 0 : (control->left - sizeof(struct cmsghdr)) / sizeof(int32_t);
	int32_t fds[SCM_MAX_FD];
	uint32_t count = 0;

	while (count < rights->count && count < room) {
		long fd = files_add(rights->files[count], 0, close_on_exec);

		if (fd < 0)
			break;
		fds[count++] = (int32_t)fd;
	}
	if (count < rights->count)
		control->flags |= MSG_CTRUNC;
	return count ? put(control, SCM_RIGHTS, fds, count * sizeof(fds[0])) : 0;
}

long local_scm_put(const struct file *file, struct local_got *got, uint64_t to, uint64_t *left, uint32_t *flags)
{
	struct control control = { to, to ? *left : 0, *flags };
	const uint64_t all = control.left;
	long error = 0;

	if (file->local->pass_sender && got->any)
		error = put(&control, SCM_CREDENTIALS, &got->sender, sizeof(got->sender));
	if (!error && got->rights)
		error = put_rights(&control, got->rights, *flags & MSG_CMSG_CLOEXEC);
	*left = all - control.left;
	*flags = control.flags;
	return error;
}
