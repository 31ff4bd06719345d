/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes: the CPU's generator seeds an HMAC-DRBG within the Keep (SECURITY.md, rule 16). The host has no part. */
#ifndef MOTTE_RANDOM_H
#define MOTTE_RANDOM_H

#include <stddef.h>

/* Seeds the generator afresh. Ends the Keep when the CPU gives no random words. */
void random_start(void);

/* Memory of the Keep alone: an application's pointer goes through memory_touch() first. */
void random_bytes(void *to, size_t length);

#endif
