/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_RELOCATE_H
#define MOTTE_RELOCATE_H

/* Must come before anything that reads a pointer from static data. */
void relocate_self(void);

#endif
