// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { SNP_PAGE_TYPES } from '@motte/plan/snp/plan';
import type { SnpPlan } from '@motte/plan/snp/plan';
import { VM_MAP } from '@motte/plan/vm/map';
import { ID_AUTH, ID_BLOCK } from '@motte/sign/snp/id-block';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { isAuthored } from '@motte/sign/snp/verify';
import { native, systemCode } from '../native.js';
import type { Descriptor, Native } from '../native.js';
import { LAUNCH, LAUNCH_FLAGS, LAUNCH_RUN } from '../protocol/launch.js';
import { SEV_DEVICE } from '../platform/sev-device.js';

/** Guest policy: bit 17 is one by definition, and guests may run beside others of a core (bit 16). AMD 56860 rev 1.58, guest policy. */
export const DEFAULT_POLICY = 0x30000n;

/** Who vouches for a Keep, and what it asks of its machine. */
export interface SnpOptions {
  /** SHA-256 of the config blob, which becomes HOST_DATA. */
  readonly hostData: Uint8Array;
  /** Without it that of the ID block, else DEFAULT_POLICY. */
  readonly policy?: bigint;
  /** The 96 and 4096 bytes of `motte sign snp`: the firmware starts nothing else then. */
  readonly id?: SnpIdentity;
}

/** How each failure of opening /dev/sev is put right. */
const FIXES: Readonly<Record<string, string>> = {
  ENOENT: 'sudo modprobe ccp; turn on SEV-SNP in the firmware; in a container: docker run --device /dev/sev',
  EACCES: 'the administrator has to let this user open it: sudo setfacl -m "u:$USER:rw" /dev/sev',
  EPERM: 'in a container: docker run --device /dev/sev',
};

/** Opens /dev/sev, which its owner closes. Throws TEE_MISSING. */
export function openSev(calls: Pick<Native, 'open'> = native()): Descriptor {
  try {
    return calls.open(SEV_DEVICE);
  } catch (cause) {
    const code = systemCode(cause) ?? 'no system error';
    const message = `${SEV_DEVICE} cannot be opened: ${code}. ${FIXES[code] ?? 'an error that is not known here'}`;
    throw new MotteError('TEE_MISSING', { field: 'snp', message, cause });
  }
}

function idFields({ id }: SnpOptions): Parameters<typeof LAUNCH.write>[0] {
  if (id === undefined) return {};
  const sizes = [
    ['block', id.block.length, ID_BLOCK.size],
    ['auth', id.auth.length, ID_AUTH.size],
  ] as const;
  for (const [name, found, size] of sizes)
    if (found !== size)
      throw new MotteError('LOAD_OPTION', { field: `snp.id.${name}`, expected: `${size} bytes`, found });
  const author = isAuthored(ID_AUTH.read(id.auth)) ? LAUNCH_FLAGS.AUTHOR_KEY : 0;
  return { flags: LAUNCH_FLAGS.ID_BLOCK | author, id_block: id.block, id_auth: id.auth };
}

/** The firmware refuses an ID block of another policy once everything has been launched: here it is named. Throws LOAD_OPTION. */
function policyOf({ policy, id }: SnpOptions): bigint {
  const own = id === undefined ? undefined : ID_BLOCK.read(id.block).policy;
  if (policy !== undefined && own !== undefined && policy !== own)
    throw new MotteError('LOAD_OPTION', {
      field: 'snp.policy',
      expected: `0x${own.toString(16)}, which the ID block has`,
      found: `0x${policy.toString(16)}`,
    });
  return policy ?? own ?? DEFAULT_POLICY;
}

/** LAUNCH and its runs. What the firmware measures of vCPUs is KVM's to hand over (SECURITY.md, rule 14). Throws LOAD_OPTION. */
export function encodeLaunch({ runs }: SnpPlan, options: SnpOptions): Uint8Array {
  const pages = runs.filter(({ type }) => type !== 'vmsa');
  const id = idFields(options);
  const head = LAUNCH.write({
    policy: policyOf(options),
    host_data: options.hostData,
    run_count: pages.length,
    ...id,
  });
  const out = new Uint8Array(head.length + pages.length * LAUNCH_RUN.size);
  out.set(head);
  pages.forEach(({ gpa, pages: count, type }, i) => {
    const run = LAUNCH_RUN.write({
      offset: gpa - BigInt(VM_MAP.BASE),
      pages: count,
      type: SNP_PAGE_TYPES[type],
    });
    out.set(run, head.length + i * LAUNCH_RUN.size);
  });
  return out;
}
