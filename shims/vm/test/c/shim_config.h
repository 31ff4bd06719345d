/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that test parts of the shim: as those of shims/core, with no system call. */
#include "../../../core/test/c/shim_config.h"
#define SHIM_SYSCALLS(X)
