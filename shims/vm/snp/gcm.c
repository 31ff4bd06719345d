/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM of BearSSL's constant-time code (SECURITY.md, rule 18), with the IV of guest messages. */
#include "../include/snp.h"
#include <bearssl.h>
#include "../../core/include/bytes.h"

#define IV_SIZE 12

static void start(br_gcm_context *gcm, br_aes_ct64_ctr_keys *keys, const struct snp_sealed *sealed)
{
	uint8_t iv[IV_SIZE] = { 0 };

	memcpy(iv, &sealed->sequence, sizeof(sealed->sequence));
	br_aes_ct64_ctr_init(keys, sealed->key, SNP_KEY_SIZE);
	br_gcm_init(gcm, &keys->vtable, br_ghash_ctmul64);
	br_gcm_reset(gcm, iv, sizeof(iv));
	br_gcm_aad_inject(gcm, sealed->header, sealed->header_size);
	br_gcm_flip(gcm);
}

/* The key schedule does not stay on the stack. */
static void end(br_gcm_context *gcm, br_aes_ct64_ctr_keys *keys)
{
	memset(gcm, 0, sizeof(*gcm));
	memset(keys, 0, sizeof(*keys));
	__asm__ volatile("" : : "r"(gcm), "r"(keys) : "memory");
}

void gcm_seal(const struct snp_sealed *sealed, uint8_t tag[static SNP_TAG_SIZE])
{
	br_aes_ct64_ctr_keys keys;
	br_gcm_context gcm;

	start(&gcm, &keys, sealed);
	br_gcm_run(&gcm, 1, sealed->body, sealed->size);
	br_gcm_get_tag(&gcm, tag);
	end(&gcm, &keys);
}

bool gcm_open(const struct snp_sealed *sealed, const uint8_t tag[static SNP_TAG_SIZE])
{
	br_aes_ct64_ctr_keys keys;
	br_gcm_context gcm;
	bool good;

	start(&gcm, &keys, sealed);
	br_gcm_run(&gcm, 0, sealed->body, sealed->size);
	good = br_gcm_check_tag(&gcm, tag) != 0;
	end(&gcm, &keys);
	return good;
}
