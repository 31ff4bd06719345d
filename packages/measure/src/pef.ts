// SPDX-License-Identifier: Apache-2.0
// All that makes the digests of an ESM blob: which parts there are, and the kernel as the firmware sees it.
export { pefDigests } from './pef/digests.js';
export type { PefBoot, PefDigests } from './pef/digests.js';
export { flatKernel } from './pef/kernel.js';
