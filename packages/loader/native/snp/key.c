/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSG_KEY_REQ: a key of the guest's own. AMD does not say how the real one is derived, so this is HMAC-SHA-384 of what the request
 * selects, under the emulated chip's seed. AMD 56860 rev 1.58, Key Derivation.
 */
#include <bearssl_hash.h>
#include <bearssl_hmac.h>
#include <string.h>
#include "emulated_chip.h"
#include "firmware.h"

static void mix(br_hmac_context *hmac, bool selected, const void *bytes, size_t size)
{
	const uint8_t zeros[DIGEST_SIZE] = {0};
	br_hmac_update(hmac, selected ? bytes : zeros, size);
}

size_t firmware_key(const struct firmware *firmware, uint32_t vmpck, const uint8_t *body, size_t size, uint8_t *out)
{
	const struct key_request *request = (const struct key_request *)body;
	struct key_answer *answer = (struct key_answer *)out;
	br_hmac_key_context seed;
	br_hmac_context hmac;
	uint8_t full[DIGEST_SIZE];
	if (size != sizeof *request)
		return 0;
	*answer = (struct key_answer){.status = FIRMWARE_INVALID_PARAM};
	if (request->root_key > 1 || request->fields >> 6 != 0 || request->vmpl < vmpck || request->vmpl > 3 ||
	    request->guest_svn > firmware->guest_svn || request->tcb_version > EMULATED_CHIP_TCB)
		return sizeof *answer;
	br_hmac_key_init(&seed, &br_sha384_vtable, EMULATED_CHIP_SEED, sizeof EMULATED_CHIP_SEED - 1);
	br_hmac_init(&hmac, &seed, 0);
	br_hmac_update(&hmac, &request->root_key, sizeof request->root_key);
	br_hmac_update(&hmac, &request->fields, sizeof request->fields);
	br_hmac_update(&hmac, &request->vmpl, sizeof request->vmpl);
	mix(&hmac, request->fields & GUEST_FIELD_POLICY, &firmware->policy, sizeof firmware->policy);
	mix(&hmac, request->fields & GUEST_FIELD_IMAGE_ID, firmware->image_id, sizeof firmware->image_id);
	mix(&hmac, request->fields & GUEST_FIELD_FAMILY_ID, firmware->family_id, sizeof firmware->family_id);
	mix(&hmac, request->fields & GUEST_FIELD_MEASUREMENT, firmware->digest, sizeof firmware->digest);
	mix(&hmac, request->fields & GUEST_FIELD_SVN, &request->guest_svn, sizeof request->guest_svn);
	mix(&hmac, request->fields & GUEST_FIELD_TCB, &request->tcb_version, sizeof request->tcb_version);
	br_hmac_out(&hmac, full);
	answer->status = FIRMWARE_SUCCESS;
	memcpy(answer->key, full, sizeof answer->key);
	return sizeof *answer;
}
