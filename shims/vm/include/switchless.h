/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls without leaving (docs/vm-keep.md, "Host calls without leaving"). */
#ifndef MOTTE_VM_SWITCHLESS_CALLS_H
#define MOTTE_VM_SWITCHLESS_CALLS_H

#include <stdbool.h>
#include "../../core/include/hostcall.h"

/* Whether a host that watches the block says that it has answered what was just sent. Else the Keep leaves for it. */
bool switchless_answered(const struct hostcall *call);

#endif
