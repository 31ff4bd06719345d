// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { measureSgx } from '@motte/measure/sgx';
import { SECS } from '@motte/binary/sgx/secs';
import { einit } from '../emulated/einit.js';
import { launchSecs } from '../launch.js';
import { OPERATION } from './errors.js';
import type { PagePlan } from '@motte/plan/plan';
import type { LaunchInput } from '../launch.js';

/**
 * The driver says only EPERM when EINIT refuses. Our own EINIT is then asked why; where it finds nothing, or the
 * error is another, the error stays what it is.
 */
export function explainEinit(error: unknown, plan: PagePlan, input: LaunchInput): unknown {
  const refused = error instanceof MotteError && error.field === OPERATION.INIT && error.found === 'EPERM';
  if (!refused) return error;
  try {
    einit(SECS.read(launchSecs(plan, input)), measureSgx(plan), input.sigstruct);
    return error;
  } catch (reason) {
    if (!(reason instanceof MotteError)) return error;
    return new MotteError(reason.code, {
      message: `${reason.message} (the driver: ${error.message})`,
      cause: error,
    });
  }
}
