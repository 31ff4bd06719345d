/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls on sockets, without errno (serve_stdio.c). Every socket is non-blocking, so none of them takes its time.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/syscall.h>
#include "hostcall_host.h"
#include "sockets.h"

/* A system call with six arguments, without errno. */
static long sys6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* The kernel's form of an address; 0 bytes for none. */
static int to_kernel(const struct net_address *address, struct sockaddr_in6 *out)
{
	memset(out, 0, sizeof *out);
	if (address->family == 0)
		return 0;
	out->sin6_family = address->family;
	out->sin6_port = address->port;
	if (address->family == AF_INET) {
		memcpy(&out->sin6_flowinfo, address->bytes, 4); /* where sockaddr_in has its address */
		return sizeof(struct sockaddr_in);
	}
	memcpy(&out->sin6_addr, address->bytes, 16);
	out->sin6_scope_id = address->scope;
	return sizeof *out;
}

static void from_kernel(const struct sockaddr_in6 *address, struct net_address *out)
{
	memset(out, 0, sizeof *out);
	if (address->sin6_family != AF_INET && address->sin6_family != AF_INET6)
		return;
	out->family = address->sin6_family;
	out->port = address->sin6_port;
	if (address->sin6_family == AF_INET) {
		memcpy(out->bytes, &address->sin6_flowinfo, 4);
		return;
	}
	memcpy(out->bytes, &address->sin6_addr, 16);
	out->scope = address->sin6_scope_id;
}

long serve_net_socket(struct keep_host *host, uint32_t family, uint32_t type)
{
	(void)host;
	if (!sockets_connect_granted())
		return -EACCES;
	const long fd = sys(SYS_socket, family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0);
	return fd < 0 ? fd : socket_opened((int)fd);
}

long serve_net_connect(struct keep_host *host, int fd, const void *address)
{
	struct sockaddr_in6 to;
	(void)host;
	if (!sockets_may_reach(address))
		return -EACCES;
	const int length = to_kernel(address, &to);
	return sys(SYS_connect, fd, (long)&to, length, 0);
}

long serve_net_listen(struct keep_host *host, int fd, uint32_t backlog)
{
	(void)host;
	return socket_is_listen(fd) ? sys(SYS_listen, fd, backlog, 0, 0) : -EINVAL;
}

long serve_net_accept(struct keep_host *host, int fd, void *address)
{
	struct sockaddr_in6 from;
	uint32_t length = sizeof from;
	(void)host;
	memset(&from, 0, sizeof from);
	const long accepted = sys(SYS_accept4, fd, (long)&from, (long)&length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (accepted < 0)
		return accepted;
	from_kernel(&from, address);
	return socket_opened((int)accepted);
}

/* Without an address to the peer; with one where [[connect]] says, or back from a socket of [[listen]]. */
long serve_net_send(struct keep_host *host, int fd, const void *buf, uint64_t count, uint32_t flags, const void *address)
{
	struct sockaddr_in6 to;
	(void)host;
	const int length = to_kernel(address, &to);
	if (length != 0 && !socket_is_listen(fd) && !sockets_may_reach(address))
		return -EACCES;
	return sys6(SYS_sendto, fd, (long)buf, (long)count, flags | MSG_NOSIGNAL | MSG_DONTWAIT, length ? (long)&to : 0, length);
}

long serve_net_receive(struct keep_host *host, int fd, void *buf, uint64_t count, uint32_t flags, void *address)
{
	struct sockaddr_in6 from;
	uint32_t length = sizeof from;
	(void)host;
	memset(&from, 0, sizeof from);
	const long got = sys6(SYS_recvfrom, fd, (long)buf, (long)count, flags | MSG_DONTWAIT, (long)&from, (long)&length);
	if (got >= 0)
		from_kernel(&from, address);
	return got;
}

long serve_net_shutdown(struct keep_host *host, int fd, uint32_t how)
{
	(void)host;
	return sys(SYS_shutdown, fd, how, 0, 0);
}

long serve_net_name(struct keep_host *host, int fd, void *address)
{
	struct sockaddr_in6 own;
	uint32_t length = sizeof own;
	(void)host;
	memset(&own, 0, sizeof own);
	const long failed = sys(SYS_getsockname, fd, (long)&own, (long)&length, 0);
	if (failed == 0)
		from_kernel(&own, address);
	return failed;
}

#define LINGER ((uint32_t)SOL_SOCKET << 16 | SO_LINGER)

long serve_net_option(struct keep_host *host, int fd, uint32_t option, void *value)
{
	int32_t answer[2] = {0, 0};
	uint32_t length = option == LINGER ? sizeof answer : sizeof answer[0];
	(void)host;
	const long failed = sys6(SYS_getsockopt, fd, option >> 16, option & 0xffff, (long)answer, (long)&length, 0);
	if (option == LINGER)
		answer[0] = answer[0] ? answer[1] : -1;
	answer[1] = 0;
	memcpy(value, answer, sizeof answer);
	return failed;
}

long serve_net_set_option(struct keep_host *host, int fd, uint32_t option, int32_t value)
{
	const int32_t one[2] = {value, 0}, linger[2] = {value >= 0, value >= 0 ? value : 0};
	const int32_t *given = option == LINGER ? linger : one;
	(void)host;
	return sys6(SYS_setsockopt, fd, option >> 16, option & 0xffff, (long)given, option == LINGER ? 8 : 4, 0);
}
