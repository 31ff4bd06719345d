/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "config.h"
#include "hostcall_abi.h"

static int listens[SOCKET_LISTENS];
static uint32_t listen_count;
static struct net_address *reachable;
static uint32_t reachable_count;
static bool is_open[SOCKET_MOST];

/* `host` with or without brackets; false when it is not an IP address. */
static bool parse_address(const char *host, const char *port, struct net_address *address)
{
	char plain[64];
	size_t length = strlen(host);
	const bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
	if (length >= sizeof plain)
		return false;
	memcpy(plain, host + bracketed, length + 1);
	if (bracketed)
		plain[length - 2] = 0;
	memset(address, 0, sizeof *address);
	address->port = htons((uint16_t)strtoul(port, NULL, 10));
	address->family = inet_pton(AF_INET, plain, address->bytes) == 1    ? AF_INET
			  : inet_pton(AF_INET6, plain, address->bytes) == 1 ? AF_INET6
									     : 0;
	return address->family != 0;
}

static socklen_t to_sockaddr(const struct net_address *address, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (address->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;
		in->sin_family = AF_INET;
		in->sin_port = address->port;
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof *in;
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = address->port;
	memcpy(&in6->sin6_addr, address->bytes, 16);
	return sizeof *in6;
}

/* A bound socket for one [[listen]]: its name, tcp or udp, and where. */
static bool make_listen(struct keep_host *host, const char *name, const char *protocol, const char *where)
{
	const char *colon = strrchr(where, ':');
	char text[64] = "";
	struct net_address address;
	struct sockaddr_storage to;
	const int on = 1;
	if (colon != NULL && (size_t)(colon - where) < sizeof text)
		memcpy(text, where, (size_t)(colon - where));
	if (colon == NULL || !parse_address(text, colon + 1, &address))
		return end_killed(host, CAUSE_LISTEN, "%s: %s is no address", name, where);
	if (listen_count == SOCKET_LISTENS)
		return end_killed(host, CAUSE_LISTEN, "more than %u", SOCKET_LISTENS);
	const int type = strcmp(protocol, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	const int fd = socket(address.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const socklen_t length = to_sockaddr(&address, &to);
	if (fd < 0 || (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) ||
	    (address.family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
	    bind(fd, (struct sockaddr *)&to, length) != 0)
		return end_killed(host, CAUSE_LISTEN, "%s: %s: %s", name, where, strerror(errno));
	listens[listen_count++] = fd;
	return true;
}

static bool add_reachable(struct keep_host *host, const char *name, const char *port)
{
	struct net_address *more = realloc(reachable, (reachable_count + 1) * sizeof *more);
	if (more == NULL)
		return end_killed(host, CAUSE_LISTEN, "%s", "no memory");
	reachable = more;
	/* A name is nobody's to resolve: it stands for no address. */
	if (parse_address(name, port, &reachable[reachable_count]))
		reachable_count++;
	return true;
}

bool sockets_start(struct keep_host *host)
{
	const struct boot *boot = (const struct boot *)host->boot;
	const uint8_t *blob = host->boot + sizeof *boot;
	/* The loader encoded the blob; the Keep checks it by its digest. Here its lengths are enough. */
	if (host->start.boot_length < sizeof *boot + sizeof(struct config_header) ||
	    boot->config_length > host->start.boot_length - sizeof *boot)
		return true;
	for (size_t at = sizeof(struct config_header); at + sizeof(struct config_record) <= boot->config_length;) {
		const struct config_record *record = (const struct config_record *)(blob + at);
		char text[3][256] = {"", "", ""};
		const size_t start = at + sizeof *record;
		if (record->length > boot->config_length - start)
			return true;
		for (size_t i = 0, part = 0, length = 0; i < record->length && part < 3; i++) {
			const char byte = (char)blob[start + i];
			if (byte == 0)
				part++, length = 0;
			else if (length + 1 < sizeof text[0])
				text[part][length++] = byte;
		}
		if (record->type == CONFIG_TYPE_LISTEN && !make_listen(host, text[0], text[1], text[2]))
			return false;
		if (record->type == CONFIG_TYPE_CONNECT && !add_reachable(host, text[0], text[1]))
			return false;
		at = start + ((record->length + 7u) & ~7u);
	}
	return true;
}

bool sockets_granted(void)
{
	return listen_count != 0 || reachable_count != 0;
}

bool sockets_connect_granted(void)
{
	return reachable_count != 0;
}

bool sockets_may_reach(const struct net_address *address)
{
	for (uint32_t i = 0; i < reachable_count; i++)
		if (reachable[i].family == address->family && reachable[i].port == address->port &&
		    memcmp(reachable[i].bytes, address->bytes, sizeof address->bytes) == 0)
			return true;
	return false;
}

int socket_descriptor(uint64_t handle)
{
	const uint64_t number = handle - SOCKET_HANDLE;
	if (number < SOCKET_LISTENS)
		return number < listen_count ? listens[number] : -1;
	const uint64_t fd = number - SOCKET_LISTENS;
	return fd < SOCKET_MOST && is_open[fd] ? (int)fd : -1;
}

bool socket_is_listen(int fd)
{
	for (uint32_t i = 0; i < listen_count; i++)
		if (listens[i] == fd)
			return true;
	return false;
}

long socket_opened(int fd)
{
	if (fd >= SOCKET_MOST - SOCKET_LISTENS) {
		(void)sys(SYS_close, fd, 0, 0, 0);
		return -EMFILE;
	}
	is_open[fd] = true;
	return (long)(SOCKET_HANDLE + SOCKET_LISTENS) + fd;
}

/* A socket of a grant stays bound, and takes no connections until it is listened on again. */
long socket_close(int fd)
{
	if (socket_is_listen(fd)) {
		(void)sys(SYS_shutdown, fd, SHUT_RDWR, 0, 0);
		return 0;
	}
	is_open[fd] = false;
	return sys(SYS_close, fd, 0, 0, 0);
}
