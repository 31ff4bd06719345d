// SPDX-License-Identifier: Apache-2.0
// One of several that go into an archive.
