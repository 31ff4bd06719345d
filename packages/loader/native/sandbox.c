/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process can still ask of the kernel once the Keep runs in it. Code in a Keep, emulated or not, shares the
 * address space with the helper and may jump into it: what it gains thereby must be no more than the host calls that it
 * has anyway. Everything else ends the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "helper.h"
#include "snp_kvm.h"
#include "sockets.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_HIGH(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field) + 4)
#define IF_NOT(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW(number) IF_NOT(number, 1), RETURN(SECCOMP_RET_ALLOW)
/* What pthread_create() asks clone() for. */
#define THREAD_FLAGS                                                                                           \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | \
	 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
/* `number` with its second argument, which must be one of a few: loads it, falls to the end if none fits. */
#define ALLOW_COMMAND(value) ALLOW(value)

static const struct sock_filter machine[] = {
	LOAD(arch),
	IF_NOT(AUDIT_ARCH_X86_64, 1),
	BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
};

/* Only where sockets are granted. None of it binds: what listens was bound before. */
static const struct sock_filter talking[] = {
	ALLOW(SYS_accept4),
	ALLOW(SYS_listen),
	ALLOW(SYS_sendto),
	ALLOW(SYS_recvfrom),
	ALLOW(SYS_shutdown),
	ALLOW(SYS_getsockname),
	ALLOW(SYS_getsockopt),
	ALLOW(SYS_setsockopt),
};

/* Only where a destination is granted: serve_sockets.c looks at it, which is in memory, where a filter cannot look. */
static const struct sock_filter connecting[] = {
	IF_NOT(SYS_socket, 6),
	LOAD(args[0]),
	IF_NOT(AF_INET, 1),
	RETURN(SECCOMP_RET_ALLOW),
	IF_NOT(AF_INET6, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	ALLOW(SYS_connect),
};

/*
 * Only where something is granted. What openat2() is asked for is in memory, where a filter cannot look: landlock.c
 * stands behind it.
 */
static const struct sock_filter reading[] = {
	ALLOW(SYS_openat2),
	ALLOW(SYS_dup),
	ALLOW(SYS_readlinkat),
	ALLOW(SYS_getdents64),
	ALLOW(SYS_fstatfs),
	ALLOW(SYS_fsync),
	ALLOW(SYS_fdatasync),
	ALLOW(SYS_geteuid),
	ALLOW(SYS_getegid),
};

/* Only where something is granted for writing. */
static const struct sock_filter changing[] = {
	ALLOW(SYS_pwrite64),
	ALLOW(SYS_ftruncate),
	ALLOW(SYS_fchmod),
	ALLOW(SYS_mkdirat),
	ALLOW(SYS_unlinkat),
	ALLOW(SYS_renameat2),
	ALLOW(SYS_linkat),
	ALLOW(SYS_symlinkat),
	/* of an open file: without a path */
	IF_NOT(SYS_utimensat, 6),
	LOAD(args[1]),
	IF_NOT(0, 3),
	LOAD_HIGH(args[1]),
	IF_NOT(0, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_KILL_PROCESS),
};

/*
 * Only where the Keep can have several threads: what makes one, with glibc's very flags, and sets it up. Who has broken out of a Keep
 * can make threads thereby; they have this filter too.
 */
static const struct sock_filter making[] = {
	IF_NOT(SYS_clone, 4),
	LOAD(args[0]),
	IF_NOT(THREAD_FLAGS, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	/* its flags are in memory, where a filter cannot look: glibc goes on with clone */
	IF_NOT(SYS_clone3, 1),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	ALLOW(SYS_set_robust_list),
	ALLOW(SYS_rseq),
	ALLOW(SYS_sigaltstack),
	ALLOW(SYS_eventfd2),
};

/* Of those, what the timer of random AEXs needs. */
static const struct sock_filter ticking[] = {
	ALLOW(SYS_timer_create),
};

/* Entering and leaving an enclave, and the emulated driver; the driver's own ioctls. */
static const struct sock_filter sgx[] = {
	ALLOW(SYS_arch_prctl),
	ALLOW(SYS_mprotect),
	/* pages of the emulated EPC, before they are touched */
	IF_NOT(SYS_madvise, 4),
	LOAD(args[2]),
	IF_NOT(MADV_POPULATE_WRITE, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	ALLOW(SYS_timer_settime),
	IF_NOT(SYS_ioctl, 7),
	LOAD(args[1]),
	ALLOW_COMMAND(SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS),
	ALLOW_COMMAND(SGX_IOC_ENCLAVE_MODIFY_TYPES),
	ALLOW_COMMAND(SGX_IOC_ENCLAVE_REMOVE_PAGES),
	LOAD(nr),
};

/* Running a vCPU, adding guest pages, and what is looked at when it stops; guards of a thread's stacks, and its heap. */
static const struct sock_filter vm[] = {
	IF_NOT(SYS_mprotect, 4),
	LOAD(args[2]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4 /* PROT_EXEC */, 0, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	RETURN(SECCOMP_RET_ALLOW),
	IF_NOT(SYS_ioctl, 11),
	LOAD(args[1]),
	ALLOW_COMMAND(KVM_RUN),
	ALLOW_COMMAND(KVM_INTERRUPT),
	ALLOW_COMMAND(KVM_SET_USER_MEMORY_REGION),
	ALLOW_COMMAND(KVM_GET_REGS),
	ALLOW_COMMAND(KVM_GET_SREGS),
	LOAD(nr),
};

/* SEV-SNP: whose pages are, as the guest asks. Before those of every VM, which end with what is refused. */
static const struct sock_filter launched[] = {
	IF_NOT(SYS_ioctl, 5),
	LOAD(args[1]),
	ALLOW_COMMAND(SNP_IOC_MEMORY_REGION2),
	ALLOW_COMMAND(SNP_IOC_MEMORY_ATTRIBUTES),
	LOAD(nr),
};

/* Simulated: PVALIDATE and #VC are carried out by this process, on the vCPU's registers. */
static const struct sock_filter simulated[] = {
	IF_NOT(SYS_ioctl, 7),
	LOAD(args[1]),
	ALLOW_COMMAND(KVM_TRANSLATE),
	ALLOW_COMMAND(KVM_SET_REGS),
	ALLOW_COMMAND(KVM_SET_SREGS),
	LOAD(nr),
};

/* What a debugger has of a vCPU, and does to it. */
static const struct sock_filter debugging[] = {
	IF_NOT(SYS_ioctl, 15),
	LOAD(args[1]),
	ALLOW_COMMAND(KVM_GET_VCPU_EVENTS),
	ALLOW_COMMAND(KVM_SET_REGS),
	ALLOW_COMMAND(KVM_SET_SREGS),
	ALLOW_COMMAND(KVM_GET_XSAVE),
	ALLOW_COMMAND(KVM_SET_XSAVE),
	ALLOW_COMMAND(KVM_GET_MSRS),
	ALLOW_COMMAND(KVM_SET_MSRS),
	LOAD(nr),
	ALLOW(SYS_pwrite64),
};

#ifdef MOTTE_HOSTILE
/* What vm/inject.c does to a vCPU. */
static const struct sock_filter injecting[] = {
	IF_NOT(SYS_ioctl, 9),
	LOAD(args[1]),
	ALLOW_COMMAND(KVM_GET_VCPU_EVENTS),
	ALLOW_COMMAND(KVM_SET_VCPU_EVENTS),
	ALLOW_COMMAND(KVM_SET_REGS),
	ALLOW_COMMAND(KVM_SET_SREGS),
	LOAD(nr),
};
#endif

static const struct sock_filter filter[] = {
	ALLOW(SYS_rt_sigreturn),
	ALLOW(SYS_fallocate),
	/* host calls */
	ALLOW(SYS_read),
	ALLOW(SYS_write),
	ALLOW(SYS_close),
	ALLOW(SYS_fstat),
	ALLOW(SYS_poll),
	ALLOW(SYS_ppoll),
	ALLOW(SYS_lseek),
	ALLOW(SYS_clock_gettime),
	ALLOW(SYS_clock_getres),
	ALLOW(SYS_clock_nanosleep),
	ALLOW(SYS_sched_yield),
	ALLOW(SYS_restart_syscall),
	/* the threads, and the control socket */
	ALLOW(SYS_pread64),
	ALLOW(SYS_futex),
	ALLOW(SYS_tgkill),
	ALLOW(SYS_getpid),
	ALLOW(SYS_gettid),
	ALLOW(SYS_rt_sigprocmask),
	ALLOW(SYS_pause),
	ALLOW(SYS_brk),
	ALLOW(SYS_munmap),
	ALLOW(SYS_exit),
	ALLOW(SYS_exit_group),
	/* allocations of the control thread; never executable */
	IF_NOT(SYS_mmap, 4),
	LOAD(args[2]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4 /* PROT_EXEC */, 0, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	RETURN(SECCOMP_RET_ALLOW),
	IF_NOT(SYS_fcntl, 4),
	LOAD(args[1]),
	IF_NOT(3 /* F_GETFL */, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	IF_NOT(SYS_ioctl, 8),
	LOAD(args[1]),
	ALLOW_COMMAND(TCGETS),
	ALLOW_COMMAND(TIOCGWINSZ),
	ALLOW_COMMAND(FIONREAD),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	RETURN(SECCOMP_RET_KILL_PROCESS),
};

#define DISPATCHING 15 /* of append_dispatching() */

struct rules {
	struct sock_filter all[sizeof machine / sizeof machine[0] + sizeof talking / sizeof talking[0] +
			       sizeof connecting / sizeof connecting[0] + sizeof reading / sizeof reading[0] +
			       sizeof changing / sizeof changing[0] + sizeof making / sizeof making[0] +
			       sizeof ticking / sizeof ticking[0] + DISPATCHING + sizeof sgx / sizeof sgx[0] +
			       sizeof vm / sizeof vm[0] + sizeof launched / sizeof launched[0] + sizeof simulated / sizeof simulated[0] +
			       sizeof debugging / sizeof debugging[0] + sizeof filter / sizeof filter[0]];
	size_t count;
};

static void append(struct rules *rules, const struct sock_filter *some, size_t bytes)
{
	memcpy(rules->all + rules->count, some, bytes);
	rules->count += bytes / sizeof *some;
}

/* Syscall User Dispatch as thread.c has it, and no other way: the addresses are known when this runs. */
static void append_dispatching(struct rules *rules)
{
	const struct sock_filter dispatching[DISPATCHING] = {
		IF_NOT(SYS_prctl, 14),
		LOAD(args[0]),
		IF_NOT(PR_SET_SYSCALL_USER_DISPATCH, 11),
		LOAD(args[1]),
		IF_NOT(PR_SYS_DISPATCH_ON, 9),
		LOAD(args[2]),
		IF_NOT((uint32_t)(uint64_t)__executable_start, 7),
		LOAD_HIGH(args[2]),
		IF_NOT((uint32_t)((uint64_t)__executable_start >> 32), 5),
		LOAD(args[3]),
		IF_NOT((uint32_t)(etext - __executable_start), 3),
		LOAD_HIGH(args[3]),
		IF_NOT(0, 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_KILL_PROCESS),
	};
	append(rules, dispatching, sizeof dispatching);
}

static void append_making(struct rules *rules, const struct keep_host *host)
{
	append(rules, making, sizeof making);
	if (host->start.backend != BACKEND_EMULATED)
		return;
	append_dispatching(rules);
	if (host->start.aex_period_us != 0)
		append(rules, ticking, sizeof ticking);
}

/* For all threads of this process, and for good. */
bool sandbox_enter(struct keep_host *host)
{
	static struct rules rules;
	bool writes = false;
	for (uint32_t i = 0; i < host->start.grant_count; i++)
		writes = writes || (host->grants[i].flags & GRANT_READ_ONLY) == 0;
	append(&rules, machine, sizeof machine);
	if (sockets_granted())
		append(&rules, talking, sizeof talking);
	if (sockets_connect_granted())
		append(&rules, connecting, sizeof connecting);
	if (host->start.grant_count > 0)
		append(&rules, reading, sizeof reading);
	if (writes)
		append(&rules, changing, sizeof changing);
	if (host->start.tcs_count > 1)
		append_making(&rules, host);
	if (host->start.backend == BACKEND_SNP)
		append(&rules, launched, sizeof launched);
	if (is_simulated(host))
		append(&rules, simulated, sizeof simulated);
	if (is_vm(host) && (host->start.flags & START_DEBUGGER) != 0)
		append(&rules, debugging, sizeof debugging);
#ifdef MOTTE_HOSTILE
	if (is_vm(host))
		append(&rules, injecting, sizeof injecting);
#endif
	if (is_vm(host))
		append(&rules, vm, sizeof vm);
	else
		append(&rules, sgx, sizeof sgx);
	append(&rules, filter, sizeof filter);
	const struct sock_fprog program = {.len = (unsigned short)rules.count, .filter = rules.all};
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}
