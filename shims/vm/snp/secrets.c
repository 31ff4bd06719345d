/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/bytes.h"
#include "../../core/include/platform.h"

/* Behind VM_INFO. */
static struct secrets *page(void)
{
	return (struct secrets *)((uint8_t *)vm_info() + PAGE_SIZE);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum |= bytes[i];
	return sum == 0;
}

/* The others are for software below this one, of which a Keep has none. */
static void wipe(struct secrets *secrets)
{
	memset(secrets->vmpck0, 0, sizeof(secrets->vmpck0));
	memset(secrets->vmpck1, 0, sizeof(secrets->vmpck1));
	memset(secrets->vmpck2, 0, sizeof(secrets->vmpck2));
	memset(secrets->vmpck3, 0, sizeof(secrets->vmpck3));
	__asm__ volatile("" : : "r"(secrets) : "memory");
}

void snp_secrets_take(struct snp_channel *channel)
{
	struct secrets *secrets = page();

	/* A flag would say that another image has brought this one in, which no plan does. */
	if (secrets->version < SECRETS_VERSION || secrets->flags != 0 || secrets->reserved_00c != 0 ||
	    is_zero(secrets->vmpck0, sizeof(secrets->vmpck0)))
		keep_refuse(REASON_SECRETS);
	memcpy(channel->key, secrets->vmpck0, sizeof(channel->key));
	channel->sequence = 1;
	wipe(secrets);
}
