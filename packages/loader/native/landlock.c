/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall behind openat2(): its arguments are in memory, where seccomp cannot look, and code in a Keep may jump into
 * this process. With Landlock the kernel itself opens, makes and removes nothing outside of what is granted. It does not
 * know chmod() and utimensat(): those are let in on open files alone (sandbox.c).
 */
#define _GNU_SOURCE
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "files.h"

/* From which interface on a kernel knows them; Debian 12's headers end before the second. */
#define ABI_REFER 2
#define ABI_TRUNCATE 3
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define CHANGE                                                                                                              \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                    \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
#define NEVER                                                                                                               \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |                          \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

static bool add_grant(int rules, int fd, uint64_t access)
{
	const struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = fd};
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
}

/* For this thread and those that it starts. The version of the kernel's interface, or 0 where it has none that serves. */
uint32_t landlock_enter(struct keep_host *host)
{
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < ABI_REFER)
		return 0; /* the first one forbids every rename between directories */
	const uint64_t truncate = version >= ABI_TRUNCATE ? LANDLOCK_ACCESS_FS_TRUNCATE : 0;
	const struct landlock_ruleset_attr all = {.handled_access_fs = READ | CHANGE | NEVER | truncate};
	const int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	if (rules < 0)
		return 0;
	bool whole = true;
	for (uint32_t i = 0; i < host->start.grant_count; i++) {
		const int fd = HELPER_FD_GRANT + (int)i;
		/* A grant that is a file is never opened by name. */
		if (!grant_is_file(host, fd))
			whole = add_grant(rules, fd, grant_is_read_only(host, fd) ? READ : READ | CHANGE | truncate) && whole;
	}
	whole = whole && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return whole ? (uint32_t)version : 0;
}
