/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/snp.h"
#include "../../core/include/bytes.h"
#include "../../core/include/platform.h"

_Static_assert(sizeof(struct snp_report) == sizeof(((struct report_answer *)0)->report), "report");

void snp_report(struct snp_channel *channel, const uint8_t data[static 64], struct snp_report *report)
{
	struct report_request body = { 0 }; /* VMPL 0 */
	struct report_answer answer;
	const struct snp_request request = {
		.type = GUEST_MESSAGE_TYPE_REPORT_REQUEST,
		.answer_type = GUEST_MESSAGE_TYPE_REPORT_ANSWER,
		.body = &body,
		.size = sizeof(body),
		.answer = &answer,
		.answer_size = sizeof(answer),
	};

	memcpy(body.report_data, data, sizeof(body.report_data));
	snp_request(channel, &request);
	memcpy(report, answer.report, sizeof(*report));
	if (answer.status != 0 || answer.size != sizeof(*report) || report->vmpl != 0 ||
	    memcmp(report->report_data, data, sizeof(report->report_data)) != 0)
		keep_refuse(REASON_GUEST_REQUEST);
}
