// SPDX-License-Identifier: Apache-2.0
import { moduleSwitch } from './kvm.js';
import type { KvmPlatform } from './kvm.js';
import type { DeviceState, PlatformReaders } from './readers.js';
import { SEV_DEVICE, sevFirmware, snpFirmware } from './sev-device.js';
import type { SevFirmware, SnpFirmware } from './sev-device.js';
import type { Problem } from './sgx.js';

/** What CPUID says of SEV. */
export interface SevCpu {
  readonly sev: boolean;
  readonly es: boolean;
  readonly snp: boolean;
  /** The C-bit's place in a page table entry; `null` without SEV. */
  readonly cBit: number | null;
  /** Guests at a time, and how many of them have to be of SEV alone. */
  readonly guests: number;
  readonly sevOnly: number;
}

/** SEV, SEV-ES and SEV-SNP as CPUID, the kernel and firmware show them. */
export interface SnpPlatform {
  readonly cpu: SevCpu;
  readonly device: DeviceState;
  /** What kvm_amd is loaded for; all `false` without it. */
  readonly sev: boolean;
  readonly es: boolean;
  readonly enabled: boolean;
  /** What firmware answers by /dev/sev; `null` where nothing does. */
  readonly sevFirmware: SevFirmware | null;
  readonly firmware: SnpFirmware | null;
  /** What keeps a Keep for SEV-SNP from running here; empty when one can. */
  readonly problems: readonly Problem[];
}

/** CPUID 8000001Fh. AMD 24594 rev 3.36, Fn8000_001F: EAX, EBX[5:0], ECX, EDX. */
const LEAF = 0x8000001f;
const EAX = { SEV: 1, SEV_ES: 3, SNP: 4 } as const;
const C_BIT_MASK = 0x3f;

/** The C-bit of every processor that SEV-SNP has come in, which a Keep's plan has fixed (profiles/keep.ts). */
const C_BIT = 51;

/** The least API that Linux takes for SEV-SNP. Linux 6.12, drivers/crypto/ccp/sev-dev.c, SNP_MIN_API_*. */
const LEAST_API = [1, 51] as const;

const bit = (word: number, index: number): boolean => ((word >>> index) & 1) !== 0;

function sevCpu(read: PlatformReaders): SevCpu {
  const [most] = read.cpuid(0x80000000, 0);
  const [a, b, c, d] = most >>> 0 < LEAF ? [0, 0, 0, 0] : read.cpuid(LEAF, 0);
  const sev = bit(a, EAX.SEV);
  return {
    sev,
    es: bit(a, EAX.SEV_ES),
    snp: bit(a, EAX.SNP),
    cBit: sev ? b & C_BIT_MASK : null,
    guests: c >>> 0,
    sevOnly: d === 0 ? 0 : (d >>> 0) - 1,
  };
}

interface Facts extends Omit<SnpPlatform, 'problems'> {
  readonly module: boolean;
  readonly kvm: KvmPlatform;
}

function newEnough({ api }: SnpFirmware): boolean {
  const [major = 0, minor = 0] = api.split('.').map(Number);
  return major > LEAST_API[0] || (major === LEAST_API[0] && minor >= LEAST_API[1]);
}

const FIRMWARE =
  'turn on SMEE, SNP memory coverage and SEV-SNP in the firmware, and give SEV-ES guests ASIDs (minimum SEV non-ES ASID above 1)';
const KERNEL = 'use Linux 6.11 or later with CONFIG_KVM_AMD_SEV=y';

// Each thing that a Keep needs, in the order in which it is put right.
const NEEDS: readonly {
  readonly met: (f: Facts) => boolean;
  readonly what: string;
  readonly fix: string;
}[] = [
  {
    met: ({ cpu }) => cpu.snp,
    what: 'CPUID leaf 8000001Fh does not list SEV-SNP',
    fix: `use an AMD EPYC 7003 or later, not within another hypervisor; if it is one, ${FIRMWARE}`,
  },
  {
    met: ({ cpu }) => !cpu.snp || cpu.cBit === C_BIT,
    what: `the C-bit is not bit ${C_BIT}, which a Keep’s page tables have`,
    fix: 'use an AMD EPYC 7003 to 9005',
  },
  {
    met: ({ cpu, module }) => !cpu.snp || module,
    what: 'kvm_amd is not loaded',
    fix: 'turn on SVM in the firmware, then sudo modprobe kvm_amd',
  },
  {
    met: ({ cpu, module, es }) => !cpu.snp || !module || es,
    what: 'kvm_amd runs without SEV-ES',
    fix: `sudo modprobe -r kvm_amd && sudo modprobe kvm_amd sev=1 sev_es=1; ${FIRMWARE}`,
  },
  {
    met: ({ cpu, module, enabled }) => !cpu.snp || !module || enabled,
    what: 'kvm_amd runs without SEV-SNP',
    fix: `${KERNEL}, the IOMMU on and not in passthrough (no iommu=pt, no amd_iommu=off), and kvm_amd.sev_snp=1; look at \`dmesg | grep -i -e SEV -e RMP\``,
  },
  {
    met: ({ device }) => device !== 'missing',
    what: `${SEV_DEVICE} is missing`,
    fix: `sudo modprobe ccp, and look at \`dmesg | grep ccp\`; in a container: docker run --device ${SEV_DEVICE}`,
  },
  {
    met: ({ device }) => device !== 'denied',
    what: `${SEV_DEVICE} may not be opened by this user`,
    fix: `sudo setfacl -m u:"$USER":rw ${SEV_DEVICE}, or a udev rule that gives it to the group kvm`,
  },
  {
    met: ({ device, firmware }) => device !== 'usable' || firmware !== null,
    what: 'the firmware does not answer SNP_PLATFORM_STATUS',
    fix: `${KERNEL}, and firmware of ${LEAST_API.join('.')} or later`,
  },
  {
    met: ({ firmware }) => firmware === null || newEnough(firmware),
    what: `the firmware is older than ${LEAST_API.join('.')}, the least that Linux takes`,
    fix: 'update the BIOS, or put AMD’s SEV firmware (amd_sev_*.sbin of linux-firmware) in /lib/firmware/amd and load ccp again',
  },
  {
    met: ({ firmware }) => firmware === null || firmware.rmp,
    what: 'the RMP is not initialised',
    fix: `${FIRMWARE}; look at \`dmesg | grep -i RMP\``,
  },
  {
    met: ({ kvm }) => kvm.capabilities === null || kvm.capabilities.guestMemfd,
    what: 'KVM has no guest_memfd',
    fix: `${KERNEL} (CONFIG_KVM_PRIVATE_MEM)`,
  },
  {
    met: ({ kvm }) => kvm.capabilities === null || kvm.capabilities.memoryAttributes,
    what: 'KVM has no memory attributes',
    fix: `${KERNEL} (CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES)`,
  },
  {
    met: ({ kvm }) => kvm.capabilities === null || kvm.capabilities.vmTypes.includes('snp'),
    what: 'KVM makes no SEV-SNP guests (KVM_CAP_VM_TYPES)',
    fix: `${KERNEL}, and kvm_amd.sev_snp=1`,
  },
];

/** SEV-SNP of the machine, whose KVM is `kvm`. */
export function snpPlatform(read: PlatformReaders, kvm: KvmPlatform): SnpPlatform {
  const device = read.device(SEV_DEVICE);
  const own: Omit<SnpPlatform, 'problems'> = {
    cpu: sevCpu(read),
    device,
    sev: moduleSwitch(read, 'kvm_amd', 'sev') ?? false,
    es: moduleSwitch(read, 'kvm_amd', 'sev_es') ?? false,
    enabled: moduleSwitch(read, 'kvm_amd', 'sev_snp') ?? false,
    sevFirmware: device === 'usable' ? sevFirmware(read) : null,
    firmware: device === 'usable' ? snpFirmware(read) : null,
  };
  const facts: Facts = { ...own, module: read.exists('/sys/module/kvm_amd'), kvm };
  const problems = NEEDS.filter((need) => !need.met(facts)).map(({ what, fix }) => ({ what, fix }));
  return { ...own, problems: [...problems, ...kvm.problems] };
}
