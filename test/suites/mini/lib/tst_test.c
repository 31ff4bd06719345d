// SPDX-License-Identifier: Apache-2.0
// Stands where LTP has its runner, which makes a process for each test. The suite replaces it; this must not be compiled.
#error "the suite has not put its own runner here"
