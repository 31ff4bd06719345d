// SPDX-License-Identifier: Apache-2.0
const char where[] = __FILE__;
