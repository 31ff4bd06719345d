/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/snp.h"
#include "../../core/include/bytes.h"
#include "../../core/include/platform.h"

void snp_key(struct snp_channel *channel, uint64_t fields, uint64_t tcb_version, uint8_t key[static SNP_KEY_SIZE])
{
	const struct key_request body = { .fields = fields, .tcb_version = tcb_version }; /* the chip's root, VMPL 0 */
	struct key_answer answer;
	const struct snp_request request = {
		.type = GUEST_MESSAGE_TYPE_KEY_REQUEST,
		.answer_type = GUEST_MESSAGE_TYPE_KEY_ANSWER,
		.body = &body,
		.size = sizeof(body),
		.answer = &answer,
		.answer_size = sizeof(answer),
	};

	snp_request(channel, &request);
	if (answer.status != 0)
		keep_refuse(REASON_GUEST_REQUEST);
	memcpy(key, answer.key, sizeof(answer.key));
	memset(&answer, 0, sizeof(answer));
	__asm__ volatile("" : : "r"(&answer) : "memory");
}
