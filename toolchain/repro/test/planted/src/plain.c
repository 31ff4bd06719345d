// SPDX-License-Identifier: Apache-2.0
int plain(int x)
{
	return 3 * x + 1;
}
