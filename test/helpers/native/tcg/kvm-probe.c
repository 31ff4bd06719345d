/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether /dev/kvm is of use: a virtual machine of one page runs `out` and `hlt` in real mode. Says how it went in one
 * line; exit status 0 if it did.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define KVM_API 12

/* mov al, 42; out 0x10, al; hlt */
static const unsigned char CODE[] = {0xb0, 42, 0xe6, 0x10, 0xf4};

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static int wrong(const char *what, unsigned value)
{
	printf("%s %u\n", what, value);
	return 1;
}

int main(void)
{
	const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return fail("/dev/kvm");
	const int version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	if (version != KVM_API)
		return wrong("/dev/kvm has version", (unsigned)version);
	const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return fail("KVM_CREATE_VM");
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail("mmap");
	memcpy(memory, CODE, sizeof CODE);
	struct kvm_userspace_memory_region region = {.memory_size = PAGE, .userspace_addr = (unsigned long)memory};
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		return fail("KVM_SET_USER_MEMORY_REGION");
	const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	const int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu < 0 || size <= 0)
		return fail("KVM_CREATE_VCPU");
	struct kvm_run *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		return fail("mmap of the vCPU");
	struct kvm_sregs segments;
	struct kvm_regs registers = {.rflags = 2};
	if (ioctl(vcpu, KVM_GET_SREGS, &segments) != 0)
		return fail("KVM_GET_SREGS");
	segments.cs.base = segments.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &segments) != 0 || ioctl(vcpu, KVM_SET_REGS, &registers) != 0)
		return fail("KVM_SET_REGS");
	if (ioctl(vcpu, KVM_RUN, 0) != 0)
		return fail("KVM_RUN");
	const unsigned char *out = (const unsigned char *)run + run->io.data_offset;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x10 || *out != CODE[1])
		return wrong("`out` ended with exit reason", run->exit_reason);
	if (ioctl(vcpu, KVM_RUN, 0) != 0)
		return fail("KVM_RUN");
	if (run->exit_reason != KVM_EXIT_HLT)
		return wrong("`hlt` ended with exit reason", run->exit_reason);
	puts("a virtual machine ran");
	return 0;
}
