// SPDX-License-Identifier: Apache-2.0
import { cli } from './cli.js';

// Everything is written by now, synchronously; a handle that a library left open must not keep us.
void cli(process.argv.slice(2)).then((status) => process.exit(status));
