// SPDX-License-Identifier: Apache-2.0
const char when[] = __DATE__ " " __TIME__;
