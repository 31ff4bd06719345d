// SPDX-License-Identifier: Apache-2.0
// The loader's public face: what a program needs that runs Keeps.
export { configId, load } from './load.js';
export { prepareSgxKeep, prepareVmKeep } from './keep/prepare.js';
export { platformInfo } from './platform.js';
export type { PreparedKeep, PreparedVmKeep, PrepareInput, ProgramInput } from './keep/prepare.js';
export type {
  BackendName,
  Emulate,
  End,
  Image,
  Keep,
  KeepStats,
  Limits,
  LoadOptions,
  Peek,
  StdioMode,
} from './load.js';
export type { Platform } from './platform.js';
