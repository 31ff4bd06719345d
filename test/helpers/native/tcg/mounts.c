/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's tree of files: the host's, which it can read, and its own above that. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "guest.h"

/* virtiofs's tag of the host's root. */
#define HOST_TAG "host"

/*
 * For this process alone: all of the host once more, with nothing mounted on it, as what overlays lie on and what is
 * bound where it may be written; and what is written to overlays.
 */
#define PRIVATE "/run/tcg"
#define PRIVATE_IN_HOST "/host" PRIVATE

static void mount_or_end(const char *source, const char *target, const char *type, unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options) != 0)
		fatal("mounting %s on %s", source, target);
}

void mounts_enter(void)
{
	mkdir("/host", 0755);
	/* The host refuses writes by itself (launch.c); here they are seen to be refused. */
	mount_or_end(HOST_TAG, "/host", "virtiofs", 0, NULL);
	mount_or_end("tmpfs", "/host/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	if (mkdir(PRIVATE_IN_HOST, 0700) != 0 || mkdir(PRIVATE_IN_HOST "/host", 0700) != 0)
		fatal(PRIVATE_IN_HOST);
	mount_or_end("/host", PRIVATE_IN_HOST "/host", NULL, MS_BIND, NULL);
	mount_or_end("read-only", "/host", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	mount_or_end("/dev", "/host/dev", NULL, MS_MOVE, NULL);
	if (chdir("/host") != 0)
		fatal("/host");
	mount_or_end(".", "/", NULL, MS_MOVE, NULL);
	if (chroot(".") != 0 || chdir("/") != 0)
		fatal("chroot");
	mount_or_end("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_or_end("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_or_end("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 01777);
	mount_or_end("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666");
	mount_or_end("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	if (symlink("/proc/self/fd", "/dev/fd") != 0 || symlink("fd/0", "/dev/stdin") != 0 ||
	    symlink("fd/1", "/dev/stdout") != 0 || symlink("fd/2", "/dev/stderr") != 0)
		fatal("/dev/fd");
}

/*
 * Mounts an overlay. It opens what lies beneath with O_NOATIME where whoever mounted it might; a host's user who is not
 * root may not on files of others, who are then not root here either, and so the overlay must not think that it may.
 */
static int mount_overlay(const char *path, const char *options)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct all[2], fewer[2];
	struct stat root;
	if (stat("/", &root) != 0 || syscall(SYS_capget, &header, all) != 0)
		return errno;
	memcpy(fewer, all, sizeof all);
	if (root.st_uid != 0)
		fewer[0].effective &= ~(1u << CAP_FOWNER);
	if (syscall(SYS_capset, &header, fewer) != 0)
		return errno;
	const int why = mount("overlay", path, "overlay", 0, options) == 0 ? 0 : errno;
	return syscall(SYS_capset, &header, all) == 0 ? why : errno;
}

int mount_scratch(const char *path)
{
	static unsigned number;
	char upper[64], work[64], options[2 * 4096];
	if (strlen(path) > 4000)
		return ENAMETOOLONG;
	if (strpbrk(path, ",:\\") != NULL)
		return EINVAL; /* they have a meaning in the options of an overlay */
	snprintf(upper, sizeof upper, PRIVATE "/%u", ++number);
	snprintf(work, sizeof work, PRIVATE "/%u.work", number);
	snprintf(options, sizeof options, "lowerdir=" PRIVATE "/host%s,upperdir=%s,workdir=%s", path, upper, work);
	struct stat shape;
	if (stat(path, &shape) != 0 || mkdir(upper, 0700) != 0 || mkdir(work, 0700) != 0)
		return errno;
	/* The directory itself comes from above: as open as the one beneath. */
	if (chown(upper, shape.st_uid, shape.st_gid) != 0 || chmod(upper, shape.st_mode & 07777) != 0)
		return errno;
	return mount_overlay(path, options);
}

int mount_out(const char *path)
{
	char source[4096];
	if ((size_t)snprintf(source, sizeof source, PRIVATE "/host%s", path) >= sizeof source)
		return ENAMETOOLONG;
	return mount(source, path, NULL, MS_BIND, NULL) == 0 ? 0 : errno;
}

void mounts_refresh(void)
{
	/* 2: names and what is known of files. The contents that did not change stay. */
	const int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "2", 1) != 1)
		fatal("drop_caches");
	close(fd);
}
