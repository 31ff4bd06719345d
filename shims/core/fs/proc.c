/* SPDX-License-Identifier: Apache-2.0 */
/* What of /proc and /sys there is: what C libraries and runtimes read. Nothing of it comes from the host. */
#include "../include/proc.h"
#include "../include/bytes.h"
#include "../include/heap.h"

static const char *const directories[] = {
	"/proc", "/proc/1", "/proc/sys", "/proc/sys/kernel", "/proc/sys/kernel/random", "/proc/sys/vm", "/proc/sys/fs",
	"/proc/sys/net", "/proc/sys/net/core", "/sys", "/sys/devices", "/sys/devices/system", "/sys/devices/system/cpu",
};

static const struct {
	const char *path, *to;
} links[] = {
	{ "/proc/self", "1" },
	{ "/proc/thread-self", "1" },
	{ "/proc/mounts", "self/mounts" },
	{ "/proc/1/root", "/" },
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
};

static const struct {
	const char *path;
	enum proc_text what;
	const char *fixed;
} texts[] = {
	{ "/proc/1/cmdline", PROC_CMDLINE, NULL },
	{ "/proc/1/environ", PROC_ENVIRON, NULL },
	{ "/proc/1/auxv", PROC_AUXV, NULL },
	{ "/proc/1/comm", PROC_COMM, NULL },
	{ "/proc/1/maps", PROC_MAPS, NULL },
	{ "/proc/1/stat", PROC_STAT, NULL },
	{ "/proc/1/statm", PROC_STATM, NULL },
	{ "/proc/1/status", PROC_STATUS, NULL },
	{ "/proc/1/limits", PROC_LIMITS, NULL },
	{ "/proc/1/mounts", PROC_FIXED, "keep / tmpfs rw,noatime 0 0\nproc /proc proc rw 0 0\n" },
	{ "/proc/1/mountinfo", PROC_FIXED,
	  "1 0 0:1 / / rw,noatime - tmpfs keep rw\n2 1 0:1 / /proc rw - proc proc rw\n" },
	{ "/proc/meminfo", PROC_MEMINFO, NULL },
	{ "/proc/cpuinfo", PROC_CPUINFO, NULL },
	{ "/proc/stat", PROC_CPUS, NULL },
	{ "/proc/uptime", PROC_UPTIME, NULL },
	{ "/proc/loadavg", PROC_FIXED, "0.00 0.00 0.00 1/1 1\n" },
	{ "/proc/filesystems", PROC_FIXED, "nodev\ttmpfs\nnodev\tproc\n" },
	{ "/proc/version", PROC_FIXED, "Linux version 6.1.0-motte\n" },
	{ "/proc/sys/kernel/ostype", PROC_FIXED, "Linux\n" },
	{ "/proc/sys/kernel/osrelease", PROC_FIXED, "6.1.0-motte\n" },
	{ "/proc/sys/kernel/version", PROC_FIXED, "#1 Motte\n" },
	{ "/proc/sys/kernel/domainname", PROC_FIXED, "(none)\n" },
	{ "/proc/sys/kernel/hostname", PROC_FIXED, "keep\n" },
	{ "/proc/sys/kernel/pid_max", PROC_FIXED, "32768\n" },
	{ "/proc/sys/kernel/threads-max", PROC_FIXED, "32768\n" },
	{ "/proc/sys/kernel/ngroups_max", PROC_FIXED, "65536\n" },
	{ "/proc/sys/kernel/cap_last_cap", PROC_FIXED, "40\n" },
	{ "/proc/sys/kernel/random/uuid", PROC_UUID, NULL },
	{ "/proc/sys/vm/overcommit_memory", PROC_FIXED, "0\n" },
	{ "/proc/sys/vm/max_map_count", PROC_FIXED, "65530\n" },
	{ "/proc/sys/fs/file-max", PROC_FIXED, "1024\n" },
	{ "/proc/sys/fs/nr_open", PROC_FIXED, "1024\n" },
	{ "/proc/sys/fs/pipe-max-size", PROC_FIXED, "1048576\n" },
	{ "/proc/sys/net/core/somaxconn", PROC_FIXED, "4096\n" },
	{ "/sys/devices/system/cpu/online", PROC_CPU_LIST, NULL },
	{ "/sys/devices/system/cpu/possible", PROC_CPU_LIST, NULL },
	{ "/sys/devices/system/cpu/present", PROC_CPU_LIST, NULL },
};

#define EACH(i, list) for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)

bool proc_plant(void)
{
	struct fs_node *node;

	EACH(i, directories)
		if (!node_plant(directories[i], FS_DIRECTORY, 0555))
			return false;
	EACH(i, texts) {
		node = node_plant(texts[i].path, FS_TEXT, 0444);
		if (!node)
			return false;
		node->text.what = texts[i].what;
		node->text.fixed = texts[i].fixed;
	}
	EACH(i, links)
		if (fs_make_link(links[i].to, NULL, links[i].path))
			return false;
	node = node_plant("/proc/1/exe", FS_MAGIC, 0777);
	if (!node)
		return false;
	node->fd = MAGIC_PROGRAM;
	node = node_plant("/proc/1/cwd", FS_MAGIC, 0777);
	if (!node)
		return false;
	node->fd = MAGIC_WORKING;
	return node_plant("/proc/1/fd", FS_FDS, 0500) && node_plant("/proc/1/task", FS_TASKS, 0555);
}
