// SPDX-License-Identifier: Apache-2.0
// The loader's system calls, one function each, for packages/loader/src/native.ts. No policy, no hashing, no
// retries: what to do with an error is decided in TypeScript, where tests can play the kernel.
// A failed call throws an Error with `code` (EACCES ...), `errno` and `syscall`. Ioctls that may do a part of
// their work return {count, code} instead, because the part that was done matters as much as the error.
#include <asm/sgx.h>
#include <cerrno>
#include <climits>
#include <cpuid.h>
#include <cstring>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psp-sev.h>
#include <napi.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#ifndef PR_SYS_DISPATCH_OFF
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif
#ifndef PR_SYS_DISPATCH_INCLUSIVE_ON // Linux 6.17; Debian 12's headers are older
#define PR_SYS_DISPATCH_INCLUSIVE_ON 2
#endif

namespace {

Napi::Error SystemError(Napi::Env env, int number, const char *call) {
	const char *name = strerrorname_np(number);
	const std::string code = name == nullptr ? "E" + std::to_string(number) : name;
	Napi::Error error = Napi::Error::New(env, code + ": " + strerror(number) + ", " + call);
	error.Set("code", Napi::String::New(env, code));
	error.Set("errno", Napi::Number::New(env, -number));
	error.Set("syscall", Napi::String::New(env, call));
	return error;
}

uint64_t Length(const Napi::CallbackInfo &info, size_t index) {
	const double value = info[index].As<Napi::Number>().DoubleValue();
	if (!(value >= 0 && value <= 9007199254740991.0))
		throw Napi::RangeError::New(info.Env(), "argument " + std::to_string(index) + " is no length");
	return static_cast<uint64_t>(value);
}

int Number(const Napi::CallbackInfo &info, size_t index) {
	return info[index].As<Napi::Number>().Int32Value();
}

Napi::Uint8Array Bytes(const Napi::CallbackInfo &info, size_t index) {
	if (!info[index].IsTypedArray() ||
	    info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
		throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(index) + " is no Uint8Array");
	return info[index].As<Napi::Uint8Array>();
}

// A structure of the kernel's, exactly `size` bytes, from a Uint8Array.
uint64_t Structure(const Napi::CallbackInfo &info, size_t index, size_t size) {
	Napi::Uint8Array bytes = Bytes(info, index);
	if (bytes.ByteLength() != size)
		throw Napi::RangeError::New(info.Env(), "argument " + std::to_string(index) + " is not " +
						       std::to_string(size) + " bytes");
	return reinterpret_cast<uint64_t>(bytes.Data());
}

// A descriptor that is closed when it is closed or forgotten, whichever is first.
class Descriptor : public Napi::ObjectWrap<Descriptor> {
public:
	static Napi::Function Class(Napi::Env env) {
		return DefineClass(env, "Descriptor",
				   {InstanceAccessor<&Descriptor::Fd>("fd"),
				    InstanceMethod<&Descriptor::Close>("close"),
				    InstanceMethod<&Descriptor::Take>("take")});
	}
	// Takes the descriptor over; only this file calls it, with one that it has just opened.
	explicit Descriptor(const Napi::CallbackInfo &info) : ObjectWrap(info), fd_(Number(info, 0)) {}
	~Descriptor() override { Release(); }
	Descriptor(const Descriptor &) = delete;
	Descriptor &operator=(const Descriptor &) = delete;

private:
	Napi::Value Fd(const Napi::CallbackInfo &info) { return Napi::Number::New(info.Env(), fd_); }
	void Close(const Napi::CallbackInfo &) { Release(); }
	// The number, which is the caller's to close from now on.
	Napi::Value Take(const Napi::CallbackInfo &info) {
		return Napi::Number::New(info.Env(), std::exchange(fd_, -1));
	}
	void Release() {
		if (fd_ >= 0)
			close(fd_);
		fd_ = -1;
	}
	int fd_;
};

// Anonymous memory: page aligned, as the SGX driver wants what it copies from, and no JavaScript array is.
class Mapping : public Napi::ObjectWrap<Mapping> {
public:
	static Napi::Function Class(Napi::Env env) {
		return DefineClass(env, "Mapping",
				   {InstanceMethod<&Mapping::Write>("write"), InstanceMethod<&Mapping::Read>("read"),
				    InstanceMethod<&Mapping::Unmap>("unmap")});
	}
	explicit Mapping(const Napi::CallbackInfo &info) : ObjectWrap(info) {
		size_ = Length(info, 0);
		void *at = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			throw SystemError(info.Env(), errno, "mmap");
		base_ = static_cast<uint8_t *>(at);
	}
	~Mapping() override { Release(); }
	Mapping(const Mapping &) = delete;
	Mapping &operator=(const Mapping &) = delete;

	// The address of `length` bytes from `offset` on.
	uint8_t *At(Napi::Env env, uint64_t offset, uint64_t length) {
		uint64_t end;
		if (base_ == nullptr || __builtin_add_overflow(offset, length, &end) || end > size_)
			throw Napi::RangeError::New(env, "a range outside the mapping");
		return base_ + offset;
	}

private:
	void Write(const Napi::CallbackInfo &info) {
		Napi::Uint8Array bytes = Bytes(info, 1);
		memcpy(At(info.Env(), Length(info, 0), bytes.ByteLength()), bytes.Data(), bytes.ByteLength());
	}
	void Read(const Napi::CallbackInfo &info) {
		Napi::Uint8Array into = Bytes(info, 1);
		memcpy(into.Data(), At(info.Env(), Length(info, 0), into.ByteLength()), into.ByteLength());
	}
	void Unmap(const Napi::CallbackInfo &) { Release(); }
	void Release() {
		if (base_ != nullptr)
			munmap(base_, size_);
		base_ = nullptr;
	}
	uint8_t *base_ = nullptr;
	uint64_t size_ = 0;
};

struct Classes {
	Napi::FunctionReference descriptor;
	Napi::FunctionReference mapping;
};

Napi::Value Own(const Napi::CallbackInfo &info, int fd) {
	Napi::Env env = info.Env();
	try {
		return env.GetInstanceData<Classes>()->descriptor.New({Napi::Number::New(env, fd)});
	} catch (...) {
		close(fd);
		throw;
	}
}

// memfdCreate(name): Descriptor, sealable. MFD_EXEC is left out: kernels that know it default to it.
Napi::Value MemfdCreate(const Napi::CallbackInfo &info) {
	const std::string name = info[0].As<Napi::String>();
	const int fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		throw SystemError(info.Env(), errno, "memfd_create");
	return Own(info, fd);
}

// open(path): Descriptor, for reading and writing.
Napi::Value Open(const Napi::CallbackInfo &info) {
	const std::string path = info[0].As<Napi::String>();
	const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		Napi::Error error = SystemError(info.Env(), errno, "open");
		error.Set("path", info[0]);
		throw error;
	}
	return Own(info, fd);
}

// socketpair(): [Descriptor, Descriptor], AF_UNIX and SOCK_STREAM, which no other child inherits.
Napi::Value Socketpair(const Napi::CallbackInfo &info) {
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		throw SystemError(info.Env(), errno, "socketpair");
	Napi::Array pair = Napi::Array::New(info.Env(), 2);
	const int other = fds[1];
	try {
		pair.Set(0U, Own(info, fds[0]));
	} catch (...) {
		close(other);
		throw;
	}
	pair.Set(1U, Own(info, other));
	return pair;
}

void Ftruncate(const Napi::CallbackInfo &info) {
	if (ftruncate(Number(info, 0), static_cast<off_t>(Length(info, 1))) < 0)
		throw SystemError(info.Env(), errno, "ftruncate");
}

// pwrite(fd, bytes, offset): bytes written. A machine out of memory is an error here, where writing to a mapping
// would be a SIGBUS, and no page is faulted in twice.
Napi::Value Pwrite(const Napi::CallbackInfo &info) {
	Napi::Uint8Array bytes = Bytes(info, 1);
	const ssize_t done =
		pwrite(Number(info, 0), bytes.Data(), bytes.ByteLength(), static_cast<off_t>(Length(info, 2)));
	if (done < 0)
		throw SystemError(info.Env(), errno, "pwrite");
	return Napi::Number::New(info.Env(), static_cast<double>(done));
}

// pread(fd, into, offset): bytes read
Napi::Value Pread(const Napi::CallbackInfo &info) {
	Napi::Uint8Array into = Bytes(info, 1);
	const ssize_t done =
		pread(Number(info, 0), into.Data(), into.ByteLength(), static_cast<off_t>(Length(info, 2)));
	if (done < 0)
		throw SystemError(info.Env(), errno, "pread");
	return Napi::Number::New(info.Env(), static_cast<double>(done));
}

void AddSeals(const Napi::CallbackInfo &info) {
	if (fcntl(Number(info, 0), F_ADD_SEALS, Number(info, 1)) < 0)
		throw SystemError(info.Env(), errno, "fcntl F_ADD_SEALS");
}

// map(length): Mapping
Napi::Value Map(const Napi::CallbackInfo &info) {
	return info.Env().GetInstanceData<Classes>()->mapping.New({info[0]});
}

// sgxCreate(fd, secs): SGX_IOC_ENCLAVE_CREATE
void SgxCreate(const Napi::CallbackInfo &info) {
	sgx_enclave_create create = {};
	create.src = Structure(info, 1, 4096);
	if (ioctl(Number(info, 0), SGX_IOC_ENCLAVE_CREATE, &create) != 0)
		throw SystemError(info.Env(), errno, "ioctl SGX_IOC_ENCLAVE_CREATE");
}

// sgxAddPages(fd, mapping, from, offset, length, secinfo, measure): {count, code}
Napi::Value SgxAddPages(const Napi::CallbackInfo &info) {
	Napi::Env env = info.Env();
	if (!info[1].IsObject() ||
	    !info[1].As<Napi::Object>().InstanceOf(env.GetInstanceData<Classes>()->mapping.Value()))
		throw Napi::TypeError::New(env, "argument 1 is no Mapping");
	Mapping *mapping = Mapping::Unwrap(info[1].As<Napi::Object>());
	sgx_enclave_add_pages add = {};
	add.length = Length(info, 4);
	add.src = reinterpret_cast<uint64_t>(mapping->At(env, Length(info, 2), add.length));
	add.offset = Length(info, 3);
	alignas(64) uint8_t secinfo[64]; // the driver copies it, and some refuse one that is not aligned
	memcpy(secinfo, reinterpret_cast<const void *>(Structure(info, 5, sizeof secinfo)), sizeof secinfo);
	add.secinfo = reinterpret_cast<uint64_t>(secinfo);
	add.flags = info[6].As<Napi::Boolean>() ? SGX_PAGE_MEASURE : 0;
	const int failed = ioctl(Number(info, 0), SGX_IOC_ENCLAVE_ADD_PAGES, &add) < 0 ? errno : 0;
	Napi::Object result = Napi::Object::New(env);
	result.Set("count", Napi::Number::New(env, static_cast<double>(add.count)));
	result.Set("code", failed == 0 ? env.Null() : SystemError(env, failed, "").Get("code"));
	return result;
}

// sgxInit(fd, sigstruct): SGX_IOC_ENCLAVE_INIT; 0, or the error code of EINIT itself, which the driver passes on
Napi::Value SgxInit(const Napi::CallbackInfo &info) {
	sgx_enclave_init init = {};
	init.sigstruct = Structure(info, 1, 1808);
	const int result = ioctl(Number(info, 0), SGX_IOC_ENCLAVE_INIT, &init);
	if (result < 0)
		throw SystemError(info.Env(), errno, "ioctl SGX_IOC_ENCLAVE_INIT");
	return Napi::Number::New(info.Env(), result);
}

// kvmApiVersion(fd): KVM_GET_API_VERSION
Napi::Value KvmApiVersion(const Napi::CallbackInfo &info) {
	const int version = ioctl(Number(info, 0), KVM_GET_API_VERSION, 0);
	if (version < 0)
		throw SystemError(info.Env(), errno, "ioctl KVM_GET_API_VERSION");
	return Napi::Number::New(info.Env(), version);
}

// kvmCheckExtension(fd, capability): KVM_CHECK_EXTENSION
Napi::Value KvmCheckExtension(const Napi::CallbackInfo &info) {
	const int found = ioctl(Number(info, 0), KVM_CHECK_EXTENSION, static_cast<long>(Number(info, 1)));
	if (found < 0)
		throw SystemError(info.Env(), errno, "ioctl KVM_CHECK_EXTENSION");
	return Napi::Number::New(info.Env(), found);
}

// sevCommand(fd, command, out): SEV_ISSUE_CMD; the kernel knows how much of `out` a command fills, the caller how much
// that is, so it is copied by way of a buffer that holds the answer of any command without an input.
void SevCommand(const Napi::CallbackInfo &info) {
	Napi::Uint8Array out = Bytes(info, 2);
	uint8_t answer[4096] = {};
	if (out.ByteLength() > sizeof answer)
		throw Napi::RangeError::New(info.Env(), "argument 2 is too long");
	sev_issue_cmd issue = {};
	issue.cmd = static_cast<uint32_t>(Number(info, 1));
	issue.data = reinterpret_cast<uint64_t>(answer);
	if (ioctl(Number(info, 0), SEV_ISSUE_CMD, &issue) < 0)
		throw SystemError(info.Env(), errno, "ioctl SEV_ISSUE_CMD");
	memcpy(out.Data(), answer, out.ByteLength());
}

// cpuid(leaf, subleaf): [eax, ebx, ecx, edx]; all zero for a leaf that the CPU does not have
Napi::Value Cpuid(const Napi::CallbackInfo &info) {
	unsigned int reg[4] = {};
	__get_cpuid_count(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Uint32Value(),
			  &reg[0], &reg[1], &reg[2], &reg[3]);
	Napi::Array out = Napi::Array::New(info.Env(), 4);
	for (uint32_t i = 0; i < 4; i++)
		out.Set(i, Napi::Number::New(info.Env(), reg[i]));
	return out;
}

// syscallUserDispatch(): 'none', 'exclusive' or 'inclusive'. Asks the kernel by turning it on over one byte that
// is never executed, and off again at once.
Napi::Value SyscallUserDispatch(const Napi::CallbackInfo &info) {
	static const char never = 0;
	const auto at = reinterpret_cast<unsigned long>(&never);
	const char *found = "none";
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0UL, 0UL, 0UL) == 0)
		found = "exclusive";
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_INCLUSIVE_ON, at, 1UL, 0UL) == 0) {
		prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0UL, 0UL, 0UL);
		found = "inclusive";
	}
	return Napi::String::New(info.Env(), found);
}

template <auto function> void Export(Napi::Object exports, const char *name) {
	exports.Set(name, Napi::Function::New(exports.Env(), function, name));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	env.SetInstanceData(new Classes{Napi::Persistent(Descriptor::Class(env)),
					Napi::Persistent(Mapping::Class(env))});
	Export<MemfdCreate>(exports, "memfdCreate");
	Export<Open>(exports, "open");
	Export<Socketpair>(exports, "socketpair");
	Export<Ftruncate>(exports, "ftruncate");
	Export<Pwrite>(exports, "pwrite");
	Export<Pread>(exports, "pread");
	Export<AddSeals>(exports, "addSeals");
	Export<Map>(exports, "map");
	Export<SgxCreate>(exports, "sgxCreate");
	Export<SgxAddPages>(exports, "sgxAddPages");
	Export<SgxInit>(exports, "sgxInit");
	Export<KvmApiVersion>(exports, "kvmApiVersion");
	Export<KvmCheckExtension>(exports, "kvmCheckExtension");
	Export<SevCommand>(exports, "sevCommand");
	Export<Cpuid>(exports, "cpuid");
	Export<SyscallUserDispatch>(exports, "syscallUserDispatch");
	return exports;
}

} // namespace

NODE_API_MODULE(motte, Init)
