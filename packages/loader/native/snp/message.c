/* SPDX-License-Identifier: Apache-2.0 */
/* SNP_GUEST_REQUEST: opens the guest's message, answers it under the next number. AMD 56860 rev 1.58, Guest Messages. */
#include <bearssl_aead.h>
#include <bearssl_block.h>
#include <bearssl_hash.h>
#include <string.h>
#include "firmware.h"

#define AUTHENTICATED offsetof(struct guest_message, algorithm)
#define TAG_SIZE 16
#define BODY_MOST (SNP_PAGE_SIZE - sizeof(struct guest_message))

/* The IV is the sequence number, the header from `algorithm` on is authenticated with the body. */
static void begin(br_gcm_context *gcm, br_aes_ct64_ctr_keys *keys, const uint8_t *key, const struct guest_message *head)
{
	uint8_t iv[12] = {0};
	memcpy(iv, &head->sequence, sizeof head->sequence);
	br_aes_ct64_ctr_init(keys, key, VMPCK_SIZE);
	br_gcm_init(gcm, &keys->vtable, br_ghash_ctmul64);
	br_gcm_reset(gcm, iv, sizeof iv);
	br_gcm_aad_inject(gcm, (const uint8_t *)head + AUTHENTICATED, sizeof *head - AUTHENTICATED);
	br_gcm_flip(gcm);
}

static bool open(const uint8_t *key, const struct guest_message *head, uint8_t *body)
{
	br_gcm_context gcm;
	br_aes_ct64_ctr_keys keys;
	begin(&gcm, &keys, key, head);
	br_gcm_run(&gcm, 0, body, head->size);
	return br_gcm_check_tag(&gcm, head->tag) == 1;
}

static void seal(const uint8_t *key, struct guest_message *head, uint8_t *body)
{
	br_gcm_context gcm;
	br_aes_ct64_ctr_keys keys;
	begin(&gcm, &keys, key, head);
	br_gcm_run(&gcm, 1, body, head->size);
	br_gcm_get_tag(&gcm, head->tag);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum |= bytes[i];
	return sum == 0;
}

static bool is_well_formed(const struct guest_message *head)
{
	return head->algorithm == GUEST_MESSAGE_AES_256_GCM && head->version == GUEST_MESSAGE_VERSION &&
	       head->header_size == sizeof *head && head->message_version == 1 && head->size <= BODY_MOST &&
	       head->vmpck < VMPCK_COUNT && head->reserved_028 == 0 && head->reserved_038 == 0 &&
	       is_zero(head->reserved_03d, sizeof head->reserved_03d) && is_zero(head->tag + TAG_SIZE, sizeof head->tag - TAG_SIZE);
}

/* The body's length, 0 for a message that has no answer. */
static size_t answer_body(const struct firmware *firmware, const struct guest_message *head, const uint8_t *body, uint8_t *out)
{
	switch (head->type) {
	case GUEST_MESSAGE_TYPE_REPORT_REQUEST:
		return firmware_report(firmware, head->vmpck, body, head->size, out);
	case GUEST_MESSAGE_TYPE_KEY_REQUEST:
		return firmware_key(firmware, head->vmpck, body, head->size, out);
	default:
		return 0;
	}
}

uint32_t firmware_request(struct firmware *firmware, const uint8_t *request, uint8_t *answer)
{
	struct guest_message head;
	uint8_t body[BODY_MOST], out[SNP_PAGE_SIZE] = {0};
	if (firmware->state != FIRMWARE_RUNNING)
		return FIRMWARE_INVALID_GUEST_STATE;
	memcpy(&head, request, sizeof head);
	memcpy(body, request + sizeof head, sizeof body);
	if (!is_well_formed(&head))
		return FIRMWARE_INVALID_PARAM;
	const uint8_t *key = firmware->vmpck[head.vmpck];
	uint64_t *sequence = &firmware->sequence[head.vmpck];
	if (*sequence > UINT64_MAX - 2)
		return FIRMWARE_AEAD_OFLOW;
	if (head.sequence != *sequence + 1)
		return FIRMWARE_INVALID_PARAM;
	if (!open(key, &head, body))
		return FIRMWARE_BAD_MEASUREMENT;
	struct guest_message *reply = (struct guest_message *)out;
	*reply = head;
	memset(reply->tag, 0, sizeof reply->tag);
	const size_t size = answer_body(firmware, &head, body, out + sizeof *reply);
	if (size == 0)
		return FIRMWARE_INVALID_PARAM;
	*sequence += 2;
	reply->sequence = *sequence;
	reply->type = head.type + 1;
	reply->size = (uint16_t)size;
	seal(key, reply, out + sizeof *reply);
	memcpy(answer, out, sizeof out);
	return FIRMWARE_SUCCESS;
}
