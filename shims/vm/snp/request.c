/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest requests (AMD 56860 rev 1.58, SNP_GUEST_REQUEST). The host carries messages that it cannot read, one at a time; the
 * sequence number is the IV of AES-GCM, so no number may ever seal two different messages: after anything but a good answer the
 * key is wiped, and without it the Keep is over.
 */
#include "../include/ghcb.h"
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/bytes.h"
#include "../../core/include/copy.h"
#include "../../core/include/platform.h"

/* An honest host is busy for a moment: firmware serves one guest after the other. */
#define TRIES 16

/* The report's answer is the longest. */
#define MOST (sizeof(struct guest_message) + sizeof(struct report_answer))

#define AUTHENTICATED __builtin_offsetof(struct guest_message, algorithm)

/* Both stay in private memory; the host has copies. */
union message {
	struct guest_message head;
	uint8_t bytes[MOST];
};
static union message sent, answered;

static uint64_t pages(void)
{
	return ghcb_address(vm_info()->vcpu_count);
}

static void seal(const struct snp_channel *channel, const struct snp_request *request)
{
	const struct snp_sealed sealed = {
		.key = channel->key,
		.sequence = channel->sequence,
		.header = &sent.head.algorithm,
		.header_size = sizeof(sent.head) - AUTHENTICATED,
		.body = sent.bytes + sizeof(sent.head),
		.size = request->size,
	};

	memset(&sent, 0, sizeof(sent));
	sent.head.sequence = channel->sequence;
	sent.head.algorithm = GUEST_MESSAGE_AES_256_GCM;
	sent.head.version = GUEST_MESSAGE_VERSION;
	sent.head.header_size = sizeof(sent.head);
	sent.head.type = request->type;
	sent.head.message_version = 1;
	sent.head.size = request->size;
	memcpy(sealed.body, request->body, request->size);
	gcm_seal(&sealed, sent.head.tag);
}

/* The identical bytes each time. False when the firmware has not answered. */
static bool carry(void)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		struct ghcb_call call = {
			.code = GHCB_EXIT_GUEST_REQUEST,
			.info1 = pages(),
			.info2 = pages() + PAGE_SIZE,
		};

		(void)copy_out((void *)pages(), &sent, sizeof(sent));
		ghcb_call(vcpu_self(), &call);
		if (call.info2 != (uint64_t)GUEST_REQUEST_BUSY << 32)
			return call.info2 == 0;
	}
	return false;
}

/* That it is an answer to this request follows from the sequence number, which is the IV and so is authenticated. */
static bool open(const struct snp_channel *channel, const struct snp_request *request)
{
	const struct guest_message *head = &answered.head;
	const struct snp_sealed sealed = {
		.key = channel->key,
		.sequence = channel->sequence + 1,
		.header = &head->algorithm,
		.header_size = sizeof(*head) - AUTHENTICATED,
		.body = answered.bytes + sizeof(*head),
		.size = request->answer_size,
	};

	(void)copy_in(&answered, (const void *)(pages() + PAGE_SIZE), sizeof(answered));
	return head->sequence == channel->sequence + 1 && head->algorithm == GUEST_MESSAGE_AES_256_GCM &&
	       head->version == GUEST_MESSAGE_VERSION && head->header_size == sizeof(*head) &&
	       head->type == request->answer_type && head->size == request->answer_size && head->vmpck == 0 &&
	       gcm_open(&sealed, head->tag);
}

static _Noreturn void lose(struct snp_channel *channel)
{
	memset(channel, 0, sizeof(*channel));
	__asm__ volatile("" : : "r"(channel) : "memory");
	keep_refuse(REASON_GUEST_REQUEST);
}

void snp_request(struct snp_channel *channel, const struct snp_request *request)
{
	/* Two numbers for each: 0 is a key that is gone, and the last ones would come round to it. */
	if (channel->sequence == 0 || channel->sequence > UINT64_MAX - 2)
		lose(channel);
	seal(channel, request);
	if (!carry() || !open(channel, request))
		lose(channel);
	channel->sequence += 2;
	memcpy(request->answer, answered.bytes + sizeof(struct guest_message), request->answer_size);
	memset(&answered, 0, sizeof(answered)); /* a key, perhaps */
	__asm__ volatile("" : : "r"(&answered) : "memory");
}
