// SPDX-License-Identifier: Apache-2.0
// What a test asks of the machine before it runs, and which of it one process in a Keep cannot have.
#define TST_NO_DEFAULT_MAIN
#include <stddef.h>
#include "tst_test.h"
#include "runner.h"

const char *unsupported(const struct tst_test *test)
{
	const struct {
		bool asked;
		const char *why;
	} tags[] = {
		{ test->forks_child, "forks_child: makes processes" },
		{ test->child_needs_reinit || test->runs_script, "runs_script: makes processes that run other programs" },
		{ test->needs_cmds != NULL, "needs_cmds: makes processes that run commands" },
		{ test->needs_device || test->format_device || test->mount_device || test->all_filesystems ||
			  test->needs_overlay || test->needs_rofs || test->needs_devfs || test->needs_hugetlbfs,
		  "needs_device: mounts a file system" },
		{ test->hugepages.number != 0, "hugepages: reserves huge pages of the machine" },
		{ test->needs_cgroup_ctrls != NULL, "needs_cgroup_ctrls: makes control groups" },
		{ test->save_restore != NULL, "save_restore: changes the settings of the machine" },
		{ test->restore_wallclock, "restore_wallclock: sets the clock of the machine" },
		{ test->min_swap_avail != 0, "min_swap_avail: wants swap space" },
		{ test->resource_files != NULL, "resource_files: reads files that are installed beside it" },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tags[i].asked)
			return tags[i].why;
	}
	return NULL;
}
