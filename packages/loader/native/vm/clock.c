/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shim is told of the clocks, so that it need not ask for each look (VM_CLOCK, docs/vm-keep.md). It is written when the shim
 * asks, which it does when what it was told is too old: a Keep that wants no time costs none.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "vm.h"
#include "vm_clock.h"

#define LEAF_POWER 0x80000007u
#define POWER_EDX_INVARIANT_TSC (1u << 8)

/*
 * Two readings must be so far apart to tell how fast the counter goes. What was told serves for as long as they were apart, in which
 * it errs by no more than a reading does, but no longer than this: somebody may set the host's clock.
 */
#define APART_NS 20000000ull
#define SERVES_MOST_NS 500000000ull
/* After so long the rate is taken anew: the host's clocks are slewed. */
#define ANEW_NS 10000000000ull
/* A reading in which somebody else had the processor says too little. */
#define TICKS_OF_A_READING 5000

struct reading {
	uint64_t tsc, realtime, monotonic;
};

static struct {
	bool steady;		/* the counter is one for all processors, and never stops */
	uint64_t offset;	/* what the vCPUs' is ahead of this process's */
	uint32_t busy;		/* somebody is at it */
	struct reading first;
} state;

/* The kernel trusts the counter itself, and it goes as the kernel found. */
static bool is_steady(void)
{
	uint32_t eax, ebx, ecx, edx = 0;
	char name[8] = "";
	if (__get_cpuid(LEAF_POWER, &eax, &ebx, &ecx, &edx) == 0 || (edx & POWER_EDX_INVARIANT_TSC) == 0)
		return false;
	const int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
	const ssize_t got = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
	if (fd >= 0)
		close(fd);
	return got == 4 && memcmp(name, "tsc\n", 4) == 0;
}

/* Linux 5.16. False where KVM does not say. */
static bool offset_of(const struct vcpu *vcpu, uint64_t *offset)
{
	const struct kvm_device_attr attribute = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET, .addr = (uint64_t)offset};
	return vm_ioctl(vcpu->fd, KVM_GET_DEVICE_ATTR, &attribute) == 0;
}

/* Before the sandbox closes. */
void vm_clock_start(const struct keep_host *host)
{
	state.steady = host->clock_gettime != NULL && is_steady() && offset_of(&machine.vcpus[0], &state.offset);
	for (uint32_t i = 1; i < host->start.tcs_count && state.steady; i++) {
		uint64_t offset;
		state.steady = offset_of(&machine.vcpus[i], &offset) && offset == state.offset;
	}
}

static uint64_t ticks(void)
{
	uint32_t low, high;
	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t nanoseconds(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

static bool read_clocks(const struct keep_host *host, struct reading *out)
{
	struct timespec realtime, monotonic;
	const uint64_t from = ticks();
	if (host->clock_gettime(CLOCK_REALTIME, &realtime) != 0 || host->clock_gettime(CLOCK_MONOTONIC, &monotonic) != 0)
		return false;
	const uint64_t took = ticks() - from;
	*out = (struct reading){from + took / 2, nanoseconds(&realtime), nanoseconds(&monotonic)};
	return took <= TICKS_OF_A_READING;
}

static void tell(struct keep_host *host, const struct reading *now, uint64_t multiplier, uint64_t serves_ns)
{
	struct vm_clock *out = (struct vm_clock *)(host->blocks + (VM_MAP_CLOCK - VM_MAP_SHARED));
	__atomic_fetch_add(&out->sequence, 1, __ATOMIC_SEQ_CST);
	out->tsc = now->tsc + state.offset;
	out->valid = (serves_ns << 32) / multiplier;
	out->multiplier = multiplier;
	out->realtime = now->realtime;
	out->monotonic = now->monotonic;
	__atomic_fetch_add(&out->sequence, 1, __ATOMIC_SEQ_CST);
}

static void refresh(struct keep_host *host)
{
	struct reading now;
	if (!read_clocks(host, &now))
		return;
	const uint64_t ns = now.monotonic - state.first.monotonic;
	if (state.first.tsc == 0) {
		state.first = now;
		return;
	}
	if (ns < APART_NS || now.tsc <= state.first.tsc)
		return;
	const uint64_t multiplier = (uint64_t)(((unsigned __int128)ns << 32) / (now.tsc - state.first.tsc));
	if (ns > ANEW_NS)
		state.first = now;
	if (multiplier != 0)
		tell(host, &now, multiplier, ns < SERVES_MOST_NS ? ns : SERVES_MOST_NS);
}

/* On a thread of the Keep. */
void vm_clock_refresh(struct keep_host *host)
{
	if (!state.steady || __atomic_exchange_n(&state.busy, 1, __ATOMIC_ACQUIRE) != 0)
		return;
	refresh(host);
	__atomic_store_n(&state.busy, 0, __ATOMIC_RELEASE);
}
