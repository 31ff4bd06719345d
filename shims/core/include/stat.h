/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_STAT_H
#define MOTTE_STAT_H

#include "fs.h"

/* What fstat() says of a handle, whoever it belongs to: 0 or an errno. */
long stat_handle(int32_t handle, struct stat *to);

#endif
