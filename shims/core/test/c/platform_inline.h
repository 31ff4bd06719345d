/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that test parts of the shim: they stand in for the platform with functions of their own. */
struct span platform_keep(void);
struct span platform_shim(void);
bool platform_lazy(void);
bool platform_late_code(void);
struct hostcall *platform_call(void);
uint64_t platform_get_fs(void);
struct task *task_self(void);

static inline uint64_t platform_own(uint64_t address)
{
	return address;
}

static inline uint64_t platform_plain(uint64_t address)
{
	return address;
}

static inline void platform_locked(void)
{
}
