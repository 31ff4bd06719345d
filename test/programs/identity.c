// SPDX-License-Identifier: Apache-2.0
// Who a process is, what it may, and whom it can wait for: what is so for every user, with children of none.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY(call)                                                                     \
	do {                                                                          \
		errno = 0;                                                            \
		long said = (long)(call);                                             \
		printf("%d %s: %ld %s\n", __LINE__, #call, said, said < 0 ? strerrorname_np(errno) : ""); \
	} while (0)

/* A number that no process has: beyond what Linux ever gives. */
#define NOBODY 0x7ffffff0

static volatile int negative = -1;

static void users(void)
{
	const uid_t uid = getuid();
	const gid_t gid = getgid();
	uid_t ids[3] = { 1, 1, 1 };

	SAY(getresuid(&ids[0], &ids[1], &ids[2]));
	printf("%d\n", ids[0] == uid && ids[1] == geteuid() && ids[2] == uid);
	SAY(getresgid(&ids[0], &ids[1], &ids[2]));
	printf("%d\n", ids[0] == gid && ids[1] == getegid() && ids[2] == gid);
	SAY(syscall(SYS_getresuid, 8, 8, 8));
	SAY(setuid(uid));
	SAY(setgid(gid));
	SAY(setuid((uid_t)-1));
	SAY(setgid((gid_t)-1));
	SAY(setreuid((uid_t)-1, uid));
	SAY(setregid(gid, (gid_t)-1));
	SAY(setresuid(uid, (uid_t)-1, uid));
	SAY(setresgid((gid_t)-1, (gid_t)-1, (gid_t)-1));
	SAY(setfsuid(uid) == (int)uid);
	SAY(setfsuid((uid_t)-1) == (int)uid);
	SAY(setfsgid((gid_t)-1) == (int)gid);
	SAY(getgroups(negative, NULL));
	SAY(getgroups(0, NULL) >= 0);
}

static void family(void)
{
	siginfo_t info;
	int status;

	SAY(getpgid(0) == getpgrp());
	SAY(getpgid(getpid()) == getpgrp());
	SAY(getpgid(-1));
	SAY(getpgid(NOBODY));
	SAY(getsid(NOBODY));
	SAY(getsid(0) == getsid(getpid()));
	SAY(setpgid(0, -1));
	SAY(setpgid(NOBODY, 0));
	SAY(setpgid(-1, 0));
	SAY(wait(&status));
	SAY(waitpid(-1, NULL, WNOHANG));
	SAY(waitpid(NOBODY, &status, 0));
	SAY(waitpid(-1, &status, 0x40));
	SAY(waitpid(INT_MIN, &status, 0));
	SAY(syscall(SYS_wait4, 0, NULL, WUNTRACED | WCONTINUED, NULL));
	SAY(waitid(P_ALL, 0, &info, WEXITED));
	SAY(waitid(P_ALL, 0, &info, WNOHANG));
	SAY(waitid(P_ALL, 0, &info, WEXITED | 0x40));
	SAY(waitid(P_PID, 0, &info, WEXITED));
	SAY(waitid(P_PID, NOBODY, &info, WEXITED));
	SAY(waitid(P_PGID, (id_t)-1, &info, WEXITED));
	SAY(waitid(P_PGID, NOBODY, &info, WEXITED | WNOWAIT));
	SAY(waitid((idtype_t)3, (id_t)-1, &info, WEXITED));
	SAY(waitid((idtype_t)3, 999, &info, WEXITED));
	SAY(waitid((idtype_t)9, 1, &info, WEXITED));
	SAY(personality(0xffffffff));
	SAY(personality(PER_LINUX));
}

static long get(uint32_t version, int pid, struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = { version, pid };
	long result = syscall(SYS_capget, &header, data);

	if (header.version != version)
		printf("newest %x\n", header.version);
	return result;
}

static long set(int pid, const struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, pid };

	return syscall(SYS_capset, &header, data);
}

static void capabilities(void)
{
	struct __user_cap_data_struct data[2] = { 0 }, none[2] = { 0 };

	SAY(get(1, 0, data));
	SAY(get(1, 0, NULL));
	SAY(get(_LINUX_CAPABILITY_VERSION_1, 0, data));
	SAY(get(_LINUX_CAPABILITY_VERSION_2, getpid(), data));
	SAY(get(_LINUX_CAPABILITY_VERSION_3, -1, data));
	SAY(get(_LINUX_CAPABILITY_VERSION_3, NOBODY, data));
	SAY(syscall(SYS_capget, 8, data));
	SAY(get(_LINUX_CAPABILITY_VERSION_3, 0, data));
	SAY(set(0, data));
	SAY(set(NOBODY, data));
	SAY(prctl(PR_CAPBSET_READ, 99, 0, 0, 0));
	SAY(set(0, none));
	memset(data, 0xff, sizeof(data));
	SAY(get(_LINUX_CAPABILITY_VERSION_3, 0, data));
	printf("%x %x %x %x\n", data[0].effective, data[0].permitted, data[1].effective, data[1].inheritable);
	data[0].permitted = 1 << CAP_KILL;
	SAY(set(0, data));
	data[0].permitted = 0;
	data[0].effective = 1 << CAP_KILL;
	SAY(set(0, data));
	SAY(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
	SAY(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SAY(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SAY(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	SAY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SAY(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SAY(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

int main(void)
{
	users();
	family();
	capabilities();
	return 0;
}
