/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses as texts. Only what inet_pton() takes is one. */
#include "include/net.h"

#define GROUPS 8

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number of at most `most`, without leading zeros: how many digits it has, 0 for none. */
static size_t number(const char *text, size_t length, uint32_t most, uint32_t *value)
{
	size_t at = 0;

	*value = 0;
	while (at < length && text[at] >= '0' && text[at] <= '9') {
		if (at == 1 && text[0] == '0')
			return 0;
		*value = *value * 10 + (uint32_t)(text[at++] - '0');
		if (*value > most)
			return 0;
	}
	return at;
}

static bool parse_four(const char *text, size_t length, uint8_t *bytes)
{
	size_t at = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t value;
		size_t digits = number(text + at, length - at, 255, &value);

		if (digits == 0)
			return false;
		bytes[i] = (uint8_t)value;
		at += digits;
		if (i < 3 && (at >= length || text[at++] != '.'))
			return false;
	}
	return at == length;
}

/* Eight groups, of which one run of zeros may be left out as "::"; the last two may be an IPv4 address. */
static bool parse_six(const char *text, size_t length, uint8_t *bytes)
{
	uint8_t groups[2 * GROUPS] = { 0 };
	unsigned count = 0, gap = GROUPS + 1;
	size_t at = 0;

	if (length >= 2 && text[0] == ':' && text[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (at < length) {
		uint32_t value = 0;
		size_t start = at;

		if (count == GROUPS)
			return false;
		if (count + 2 <= GROUPS && parse_four(text + at, length - at, groups + 2 * count)) {
			count += 2;
			break;
		}
		while (at < length && at - start < 4 && digit(text[at]) >= 0)
			value = value * 16 + (uint32_t)digit(text[at++]);
		if (at == start)
			return false;
		groups[2 * count] = (uint8_t)(value >> 8);
		groups[2 * count + 1] = (uint8_t)value;
		count++;
		if (at == length)
			break;
		if (text[at++] != ':' || at == length)
			return false;
		if (text[at] != ':')
			continue;
		if (gap <= GROUPS)
			return false;
		gap = count;
		at++;
	}
	if (gap > GROUPS ? count != GROUPS : count == GROUPS)
		return false;
	for (unsigned i = 0; i < count; i++) {
		unsigned to = i < gap ? i : GROUPS - count + i;

		bytes[2 * to] = groups[2 * i];
		bytes[2 * to + 1] = groups[2 * i + 1];
	}
	return true;
}

bool net_parse(const char *host, size_t length, const char *port, size_t port_length, struct net_address *address)
{
	uint32_t value;

	*address = (struct net_address){ 0 };
	if (number(port, port_length, 65535, &value) != port_length || port_length == 0)
		return false;
	address->port = (uint16_t)(value << 8 | value >> 8);
	address->family = AF_INET;
	if (parse_four(host, length, address->bytes))
		return true;
	address->family = AF_INET6;
	if (length > 2 && host[0] == '[' && host[length - 1] == ']')
		return parse_six(host + 1, length - 2, address->bytes);
	return parse_six(host, length, address->bytes);
}
