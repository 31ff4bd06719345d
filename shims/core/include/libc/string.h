/* SPDX-License-Identifier: Apache-2.0 */
/* For BearSSL, which includes <string.h>. */
#include "../bytes.h"
