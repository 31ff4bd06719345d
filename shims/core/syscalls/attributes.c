/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes: there are none, and none can be made. */
#include "../include/linux.h"
#include "../include/syscall.h"

#define ALWAYS(name, value) \
	long sys_##name(const struct syscall_frame *frame) { (void)frame; return value; }

ALWAYS(setxattr, -EOPNOTSUPP)
ALWAYS(lsetxattr, -EOPNOTSUPP)
ALWAYS(fsetxattr, -EOPNOTSUPP)
ALWAYS(getxattr, -EOPNOTSUPP)
ALWAYS(lgetxattr, -EOPNOTSUPP)
ALWAYS(fgetxattr, -EOPNOTSUPP)
ALWAYS(listxattr, 0)
ALWAYS(llistxattr, 0)
ALWAYS(flistxattr, 0)
ALWAYS(removexattr, -EOPNOTSUPP)
ALWAYS(lremovexattr, -EOPNOTSUPP)
ALWAYS(fremovexattr, -EOPNOTSUPP)
