/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host call for each look at the clock costs more than what most programs do between two of them. So the host says beside its answer
 * what the time stamp counter was then and how fast it goes, and for a while the shim goes on by that. Both are the host's to
 * choose, as the answer is; what does not serve is passed over, and the host is asked.
 */
#include "include/clock.h"
#include "../core/include/copy.h"
#include "../core/include/linux.h"
#include "../core/include/platform.h"
#include "../core/generated/vm_map.h"

#define BILLION 1000000000ull

/* Far beyond what an honest host says; products of the two fit into 96 bits. */
#define TICKS_MOST (1ull << 40)
#define MULTIPLIER_MOST (1ull << 40)
#define TIME_MOST (1ull << 62)

bool clock_from(const struct vm_clock *said, uint64_t tsc, int32_t clock, struct timespec *time)
{
	uint64_t ticks = tsc - said->tsc, at;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return false;
	at = clock == CLOCK_REALTIME ? said->realtime : said->monotonic;
	if (said->valid > TICKS_MOST || ticks >= said->valid || said->multiplier > MULTIPLIER_MOST || at > TIME_MOST)
		return false;
	at += (uint64_t)((unsigned __int128)ticks * said->multiplier >> 32);
	*time = (struct timespec){ .tv_sec = (int64_t)(at / BILLION), .tv_nsec = (int64_t)(at % BILLION) };
	return true;
}

static uint64_t time_stamp(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* One look: a host that is writing at this moment is asked instead. */
bool platform_clock(int32_t clock, struct timespec *time)
{
	const struct vm_clock *host = (const struct vm_clock *)(uintptr_t)VM_MAP_CLOCK;
	struct vm_clock said, again;

	if (copy_in(&said, host, sizeof(said)) || (said.sequence & 1) || said.valid == 0)
		return false; /* under SEV-SNP RDTSC would be the end of a Keep whose host intercepts it */
	if (copy_in(&again, host, sizeof(again.sequence)) || again.sequence != said.sequence)
		return false;
	return clock_from(&said, time_stamp(), clock, time);
}
