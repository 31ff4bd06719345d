// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server with a thread for each connection: GET gives the path back, POST the body's length and sum; connections
// stay open. It ends when it has answered a number of requests.
// Usage: http PORT REQUESTS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_answered = PTHREAD_COND_INITIALIZER;
static int answered, wanted;

static void failed(const char *what)
{
	perror(what);
	exit(1);
}

static void answer(FILE *peer, int status, const char *body)
{
	fprintf(peer, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s", status,
		status == 200 ? "OK" : "Not Implemented", strlen(body), body);
	fflush(peer);
	pthread_mutex_lock(&lock);
	if (++answered >= wanted)
		pthread_cond_signal(&all_answered);
	pthread_mutex_unlock(&lock);
}

// One request; 0 at the end of the connection.
static int serve(FILE *peer)
{
	char line[1024], method[8], path[512], body[600];
	unsigned long length = 0, sum = 0;

	if (fgets(line, sizeof(line), peer) == NULL || sscanf(line, "%7s %511s", method, path) != 2)
		return 0;
	while (fgets(line, sizeof(line), peer) != NULL && line[0] != '\r')
		sscanf(line, "Content-Length: %lu", &length);
	for (unsigned long i = 0; i < length; i++)
		sum += (unsigned long)getc(peer);
	if (strcmp(method, "GET") == 0)
		snprintf(body, sizeof(body), "you asked for %s\n", path);
	else
		snprintf(body, sizeof(body), "%lu bytes, sum %lu\n", length, sum);
	answer(peer, strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0 ? 200 : 501, body);
	return 1;
}

static void *connection(void *context)
{
	const int fd = (int)(long)context;
	FILE *peer = fdopen(fd, "r+");

	if (peer == NULL)
		failed("fdopen");
	// A stream that reads and writes in turn over a socket wants a flush between, which answer() does.
	while (serve(peer))
		;
	fclose(peer);
	return NULL;
}

static void *acceptor(void *context)
{
	const int fd = *(const int *)context;

	for (;;) {
		const int peer = accept(fd, NULL, NULL);
		pthread_t thread;

		if (peer < 0)
			failed("accept");
		if (pthread_create(&thread, NULL, connection, (void *)(long)peer) != 0)
			failed("pthread_create");
		pthread_detach(thread);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "80")),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	wanted = argc > 2 ? atoi(argv[2]) : 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) != 0)
		failed("socket");
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 64) != 0)
		failed("listen");
	puts("listening");
	fflush(stdout);
	if (pthread_create(&thread, NULL, acceptor, &fd) != 0)
		failed("pthread_create");
	pthread_mutex_lock(&lock);
	while (answered < wanted)
		pthread_cond_wait(&all_answered, &lock);
	pthread_mutex_unlock(&lock);
	printf("answered %d\n", answered);
	return 0;
}
