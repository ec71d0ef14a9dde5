/* SPDX-License-Identifier: Apache-2.0 */
/* The empty program: what every start costs. */
int main(void)
{
	return 0;
}
