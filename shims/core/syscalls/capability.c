/* SPDX-License-Identifier: Apache-2.0 */
/* capget() and capset() (capabilities(7)), and the bounding set. */
#include <stddef.h>
#include "../include/capability.h"
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"

#define VERSION_1 0x19980330u
#define VERSION_2 0x20071026u
#define VERSION_3 0x20080522u

/* The last of Linux 6.1: CAP_CHECKPOINT_RESTORE. */
#define LAST 40

#define CHOWN (1ull << 0)
#define DAC_OVERRIDE (1ull << 1)
#define FOWNER (1ull << 3)
#define FSETID (1ull << 4)
#define KILL (1ull << 5)
#define SETGID (1ull << 6)
#define SETUID (1ull << 7)
#define SETPCAP (1ull << 8)
#define NET_BIND_SERVICE (1ull << 10)
#define NET_RAW (1ull << 13)
#define SYS_CHROOT (1ull << 18)
#define MKNOD (1ull << 27)
#define AUDIT_WRITE (1ull << 29)
#define SETFCAP (1ull << 31)

/* What container engines leave to root: programs know to live with this set. */
#define CONTAINER                                                                                             \
	(CHOWN | DAC_OVERRIDE | FOWNER | FSETID | KILL | SETGID | SETUID | SETPCAP | NET_BIND_SERVICE | NET_RAW | \
	 SYS_CHROOT | MKNOD | AUDIT_WRITE | SETFCAP)

struct header {
	uint32_t version;
	int32_t pid;
};

/* 32 capabilities of each set; the later versions have two of them. */
struct words {
	uint32_t effective, permitted, inheritable;
};

static struct capabilities now = { .permitted = CONTAINER, .effective = CONTAINER, .bounding = CONTAINER };

const struct capabilities *capabilities(void)
{
	return &now;
}

long capability_is_bounding(uint64_t number)
{
	return number > LAST ? -EINVAL : (long)(now.bounding >> number & 1);
}

long capability_drop(uint64_t number)
{
	if ((now.effective & SETPCAP) == 0)
		return -EPERM;
	if (number > LAST)
		return -EINVAL;
	now.bounding &= ~(1ull << number);
	return 0;
}

/* How many words the version has; of one that is unknown the caller is told the newest. */
static long read_header(uint64_t at, struct header *header)
{
	const uint32_t newest = VERSION_3;

	if (user_get(header, at, sizeof(*header)))
		return -EFAULT;
	if (header->version == VERSION_1)
		return 1;
	if (header->version == VERSION_2 || header->version == VERSION_3)
		return 2;
	return user_put(at, &newest, sizeof(newest)) ? -EFAULT : -EINVAL;
}

long sys_capget(const struct syscall_frame *frame)
{
	struct header header;
	struct words words[2];
	long count = read_header(frame->arg[0], &header);

	if (count < 0)
		return count == -EINVAL && frame->arg[1] == 0 ? 0 : count; /* only the version was asked for */
	if (header.pid < 0)
		return -EINVAL;
	if (task_find((uint32_t)header.pid) == NULL)
		return -ESRCH;
	for (unsigned i = 0; i < 2; i++)
		words[i] = (struct words){ .effective = (uint32_t)(now.effective >> 32 * i),
					   .permitted = (uint32_t)(now.permitted >> 32 * i),
					   .inheritable = (uint32_t)(now.inheritable >> 32 * i) };
	return user_put(frame->arg[1], words, (uint64_t)count * sizeof(words[0]));
}

/* What Linux lets a thread make of its sets: never more than it has. */
static bool may_become(const struct capabilities *next)
{
	const uint64_t inherits = now.effective & SETPCAP ? now.bounding : now.permitted;

	return (next->permitted & ~now.permitted) == 0 && (next->effective & ~next->permitted) == 0 &&
	       (next->inheritable & ~(now.inheritable | inherits)) == 0 &&
	       (next->inheritable & ~(now.inheritable | now.bounding)) == 0;
}

long sys_capset(const struct syscall_frame *frame)
{
	struct header header;
	struct words words[2] = { 0 };
	struct capabilities next = { .bounding = now.bounding };
	long count = read_header(frame->arg[0], &header);

	if (count < 0)
		return count;
	if (header.pid != 0 && header.pid != (int32_t)task_find(0)->number)
		return -EPERM; /* nobody sets those of another one */
	if (user_get(words, frame->arg[1], (uint64_t)count * sizeof(words[0])))
		return -EFAULT;
	for (unsigned i = 0; i < 2; i++) {
		next.effective |= (uint64_t)words[i].effective << 32 * i;
		next.permitted |= (uint64_t)words[i].permitted << 32 * i;
		next.inheritable |= (uint64_t)words[i].inheritable << 32 * i;
	}
	if (!may_become(&next))
		return -EPERM;
	now = next;
	return 0;
}
