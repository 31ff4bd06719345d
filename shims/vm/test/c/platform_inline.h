/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that test parts of the shim: as those of shims/core, and a lock that nobody else has. */
#include "../../../core/test/c/platform_inline.h"

static inline void platform_locked(void)
{
}
