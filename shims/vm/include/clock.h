/* SPDX-License-Identifier: Apache-2.0 */
/* The host's clocks, between two of its words for them (docs/vm-keep.md, "Time"). */
#ifndef MOTTE_VM_HOST_CLOCK_H
#define MOTTE_VM_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "../../core/generated/vm_clock.h"
#include "../../core/include/clock.h"

/* The time of `clock` at `tsc`; false where `said` does not serve for it. */
bool clock_from(const struct vm_clock *said, uint64_t tsc, int32_t clock, struct timespec *time);

#endif
