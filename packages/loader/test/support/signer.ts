// SPDX-License-Identifier: Apache-2.0
// Prints the modulus of the developer key whose path is the first argument.
import { developerSigner } from '@motte/loader/keep/developer-key';

console.log(developerSigner(process.argv[2]).modulus.toString(16));
