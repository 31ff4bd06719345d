// SPDX-License-Identifier: Apache-2.0

/** What is wrong with DIR or this machine, in words for whoever runs the suite. */
export class SuiteError extends Error {}
