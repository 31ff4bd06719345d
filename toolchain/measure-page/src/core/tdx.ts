// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import { newSha384 } from '@motte/measure/hash';
import { TDX_PROFILES } from '@motte/measure/profiles/tdx';
import { measureTdx } from '@motte/measure/tdx';
import { tdvfPlan } from '@motte/plan/tdx/plan';
import type { Job } from './job.js';
import type { Part } from './report.js';
import { tdxRows } from './rows.js';

/** What a VMM's order is called. */
const ORDERS = { page: 'page by page', 'two-pass': 'all pages of a section first' } as const;

/** TDVF: MRTD as each known VMM makes it. */
export function* tdxParts(job: Job): Generator<Part> {
  const { image, meter } = job;
  const plan = tdvfPlan(image.source, image.name);
  const pages = plan.runs.reduce((sum, run) => sum + run.pages, 0);
  const digests = Object.values(TDX_PROFILES).map((profile) => {
    meter.begin(`MRTD, ${profile.name}`, 'hashed', pages * PAGE_SIZE);
    const hex = toHex(measureTdx(plan, profile, { sha384: meter.hasher(newSha384) }));
    const every = profile.extendAll ? ', every section measured' : '';
    return {
      name: `MRTD (${ORDERS[profile.order]}${every})`,
      profile: `${profile.name}: ${profile.source}`,
      hex,
    };
  });
  yield { title: 'Intel TDX', digests, rows: tdxRows(plan) };
}
