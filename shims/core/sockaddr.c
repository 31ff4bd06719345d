/* SPDX-License-Identifier: Apache-2.0 */
#include "include/sockaddr.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/user.h"

struct sockaddr {
	uint16_t family;
	uint16_t port;
	union {
		struct {
			uint8_t four[4];
			uint8_t zero[8];
		};
		struct {
			uint32_t flow;
			uint8_t six[16];
			uint32_t scope;
		};
	};
};
_Static_assert(sizeof(struct sockaddr) == 28, "sockaddr_in6");

#define IN_BYTES 16
#define IN6_BYTES_LEAST 24 /* without the scope, as Linux takes it */

long sockaddr_get(struct net_address *address, uint64_t from, uint64_t length)
{
	struct sockaddr given = { 0 };

	*address = (struct net_address){ 0 };
	if (length < sizeof(given.family))
		return -EINVAL;
	if (user_get(&given, from, length < sizeof(given) ? length : sizeof(given)))
		return -EFAULT;
	address->family = given.family;
	address->port = given.port;
	switch (given.family) {
	case AF_INET:
		memcpy(address->bytes, given.four, sizeof(given.four));
		return length < IN_BYTES ? -EINVAL : 0;
	case AF_INET6:
		memcpy(address->bytes, given.six, sizeof(given.six));
		address->scope = given.scope;
		return length < IN6_BYTES_LEAST ? -EINVAL : 0;
	default:
		return -EAFNOSUPPORT;
	}
}

long sockaddr_put(uint64_t to, uint64_t length, const struct net_address *address)
{
	struct sockaddr given = { .family = address->family, .port = address->port };
	uint32_t room, size = 0;

	if (to == 0)
		return 0;
	if (user_get(&room, length, sizeof(room)))
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	if (address->family == AF_INET) {
		memcpy(given.four, address->bytes, sizeof(given.four));
		size = IN_BYTES;
	} else if (address->family == AF_INET6) {
		memcpy(given.six, address->bytes, sizeof(given.six));
		given.scope = address->scope;
		size = sizeof(given);
	}
	if (user_put(to, &given, room < size ? room : size))
		return -EFAULT;
	return user_put(length, &size, sizeof(size));
}
