/* SPDX-License-Identifier: Apache-2.0 */
/* For BearSSL: the compiler's own would look for the system's. */
#ifndef MOTTE_LIMITS_H
#define MOTTE_LIMITS_H

#define CHAR_BIT __CHAR_BIT__
#define INT_MAX __INT_MAX__
#define UINT_MAX (__INT_MAX__ * 2u + 1u)
#define LONG_MAX __LONG_MAX__
#define ULONG_MAX (__LONG_MAX__ * 2ul + 1ul)

#endif
