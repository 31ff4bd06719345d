/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that test parts of the shim: everything is compiled in. */
#define SHIM_SGX 2
#define SHIM_THREADS 0
#define SHIM_SOCKETS 0
#define SHIM_FILES 1
#define SHIM_MOUNTS 0
#define SHIM_IMAGE 0
#define SHIM_DEBUG 0
#define SHIM_HAS_PIPE 1
#define SHIM_HAS_SOCKETS 1
#define SHIM_HAS_SYS_open 1
#define SHIM_HAS_EPOLL 1
