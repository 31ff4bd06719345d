/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often something came that can be read, and room that can be written to. An edge-triggered epoll tells of a file
 * anew when its count has changed; so a count may go up too often, and never too seldom.
 */
#ifndef MOTTE_EDGES_H
#define MOTTE_EDGES_H

#include <stdint.h>

struct edges {
	uint32_t in;
	uint32_t out;
};

#endif
