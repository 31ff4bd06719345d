/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls without an exit (docs/adr/0032-switchless-calls-of-vms.md). A thread of this process watches the host-call blocks and answers
 * what can be answered at once; the vCPU waits for a moment, and leaves as ever if nothing comes. Whoever serves a block, this thread
 * or the vCPU's own, has claimed it before. While there are no calls the thread sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cpu/trap.h"
#include "hostcall_prompt.h"
#include "vm.h"
#include "vm_switchless.h"

/* It watches for so long after the last call, and from two calls on that are no further apart. */
#define NEAR_NS 300000ull
/* After it has watched in vain, as it does where there is no CPU for it beside the vCPU's, it sleeps for so long at least; then twice as long. */
#define VAIN_NS 2000000ull
#define VAIN_MOST_NS 1000000000ull
/* Rounds over all blocks between two looks at the clock, which cost more than a round. */
#define ROUNDS 256
#define STACK_BYTES 0x40000

/* What there is to know of a block. */
struct watched_block {
	uint32_t claimed;
	bool answered;		/* the call `sequence`, before the vCPU has left for it or meanwhile */
	uint32_t sequence;
	uint64_t left_ns;	/* of the last exit for a call that could have taken none */
};

static struct {
	struct watched_block *blocks;	/* NULL: nobody watches */
	uint32_t bell;		/* a futex: counts the calls for which it should be awake */
	bool sleeps;
	uint64_t until_ns;	/* nobody wakes it before */
	int tid;		/* of the thread; 0 before it runs */
} watch;

static struct vm_switchless *words_of(const struct keep_thread *thread)
{
	return (struct vm_switchless *)(thread->block + (VM_MAP_SWITCHLESS - VM_MAP_SHARED));
}

static bool claim(struct watched_block *one)
{
	return __atomic_exchange_n(&one->claimed, 1, __ATOMIC_ACQUIRE) == 0;
}

static void release(struct watched_block *one)
{
	__atomic_store_n(&one->claimed, 0, __ATOMIC_RELEASE);
}

static bool is_asked(const struct vm_switchless *words)
{
	return __atomic_load_n(&words->state, __ATOMIC_ACQUIRE) == SWITCHLESS_ASKED;
}

/* A Keep that asks from two vCPUs for one block, or changes it meanwhile, has an answer to something. */
static bool answer(struct keep_thread *thread)
{
	struct watched_block *one = &watch.blocks[thread->index];
	struct vm_switchless *words = words_of(thread);
	const bool asked = is_asked(words) && claim(one);
	if (!asked)
		return false;
	/* Not if the vCPU has left for it meanwhile; and nothing begins after switchless_stop(). */
	const bool still = is_asked(words) && !enclave.stop;
	if (still) {
		one->sequence = ((const struct hostcall_block *)thread->block)->sequence;
		(void)vm_serve(thread, true);
		one->answered = true;
		__atomic_fetch_add(&enclave.stats.switchless, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&words->state, SWITCHLESS_ANSWERED, __ATOMIC_RELEASE);
	}
	release(one);
	return still;
}

static bool answer_all(struct keep_host *host)
{
	bool some = false;
	for (uint32_t i = 0; i < host->start.tcs_count; i++)
		some = answer(&host->threads[i]) || some;
	return some;
}

static void say_watched(const struct keep_host *host, uint64_t watched)
{
	for (uint32_t i = 0; i < host->start.tcs_count; i++)
		__atomic_store_n(&words_of(&host->threads[i])->watched, watched, __ATOMIC_SEQ_CST);
}

/* For `least_ns` nobody wakes it. Who asks after the last look leaves when nothing comes; true if somebody has asked just before. */
static bool sleep_until_rung(struct keep_host *host, uint64_t least_ns)
{
	const uint32_t bell = __atomic_load_n(&watch.bell, __ATOMIC_SEQ_CST);
	say_watched(host, 0);
	__atomic_store_n(&watch.until_ns, now_ns() + least_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&watch.sleeps, true, __ATOMIC_SEQ_CST);
	const bool some = answer_all(host);
	if (!some)
		syscall(SYS_futex, &watch.bell, FUTEX_WAIT_PRIVATE, bell, NULL, NULL, 0);
	__atomic_store_n(&watch.sleeps, false, __ATOMIC_SEQ_CST);
	say_watched(host, 1);
	return some;
}

static void *watch_main(void *context)
{
	struct keep_host *host = context;
	uint64_t last = 0; /* 0: there was a call since the last look at the clock */
	uint64_t vain_ns = 0; /* how long it sleeps for having watched in vain; 0: it has not */
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGNAL_STOP);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	__atomic_store_n(&watch.tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	syscall(SYS_futex, &watch.tid, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	bool some = sleep_until_rung(host, 0);
	for (uint32_t round = 1; !enclave.stop; round++) {
		if (answer_all(host)) {
			last = 0;
			some = true;
		} else {
			__builtin_ia32_pause();
		}
		if (round % ROUNDS != 0)
			continue;
		const uint64_t now = now_ns();
		if (last == 0)
			last = now;
		say_watched(host, 1);
		if (now - last <= NEAR_NS)
			continue;
		if (some)
			vain_ns = 0;
		else if (vain_ns < VAIN_MOST_NS)
			vain_ns = vain_ns == 0 ? VAIN_NS : 2 * vain_ns;
		some = sleep_until_rung(host, vain_ns);
		last = 0;
	}
	/* As the Keep's threads, it does not end (threads.c). */
	for (;;)
		pause();
	return NULL;
}

/* Before the sandbox closes, which does not let a thread begin: this one has begun when it returns. False with errno. */
bool switchless_start(struct keep_host *host)
{
	pthread_t made;
	pthread_attr_t attributes;
	sigset_t all, before;
	watch.blocks = calloc(host->start.tcs_count, sizeof *watch.blocks);
	if (watch.blocks == NULL)
		return false;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&made, &attributes, watch_main, host);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (errno != 0)
		return false;
	while (__atomic_load_n(&watch.tid, __ATOMIC_ACQUIRE) == 0)
		syscall(SYS_futex, &watch.tid, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return true;
}

/*
 * The Keep's threads are over: what is being served for one of them is over too when this returns. A host call that takes its time
 * after all is interrupted, as theirs are (threads.c).
 */
void switchless_stop(const struct keep_host *host)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	for (uint32_t i = 0; watch.blocks != NULL && i < host->start.tcs_count; i++)
		while (__atomic_load_n(&watch.blocks[i].claimed, __ATOMIC_ACQUIRE) != 0) {
			syscall(SYS_tgkill, getpid(), watch.tid, SIGNAL_STOP);
			nanosleep(&nap, NULL);
		}
}

/* A vCPU has left for a call that would have needed no exit, and so has it just before. */
static void ring(struct watched_block *one)
{
	if (!__atomic_load_n(&watch.sleeps, __ATOMIC_RELAXED))
		return;
	const uint64_t now = now_ns(), last = one->left_ns;
	one->left_ns = now;
	if (now - last > NEAR_NS || now < __atomic_load_n(&watch.until_ns, __ATOMIC_RELAXED))
		return;
	__atomic_fetch_add(&watch.bell, 1, __ATOMIC_SEQ_CST);
	sys(SYS_futex, (long)&watch.bell, FUTEX_WAKE_PRIVATE, INT_MAX, 0);
}

bool switchless_serve(struct keep_thread *thread)
{
	if (watch.blocks == NULL)
		return vm_serve(thread, false);
	const struct hostcall_block *block = (const struct hostcall_block *)thread->block;
	struct watched_block *one = &watch.blocks[thread->index];
	struct vm_switchless *words = words_of(thread);
	if (hostcall_is_prompt(block->number))
		ring(one);
	while (!claim(one)) {
		if (enclave.stop)
			return true;
		sys(SYS_sched_yield, 0, 0, 0, 0);
	}
	const bool answered = one->answered && one->sequence == block->sequence;
	one->answered = false;
	/* Asked in vain: who watches has no CPU. It says that it watches when it has one again. */
	if (is_asked(words) && !answered)
		__atomic_store_n(&words->watched, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&words->state, SWITCHLESS_NONE, __ATOMIC_RELAXED);
	const bool goes_on = answered || vm_serve(thread, false);
	release(one);
	return goes_on;
}
