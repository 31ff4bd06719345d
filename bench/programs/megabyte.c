/* SPDX-License-Identifier: Apache-2.0 */
/* A program with 1 MiB of data that must be loaded: what there is to measure is how long that takes. */
static volatile const unsigned char data[1 << 20] = { 1, [4096] = 2, [(1 << 20) - 1] = 3 };

int main(void)
{
	return data[0] + data[4096] + data[sizeof(data) - 1] == 6 ? 0 : 1;
}
