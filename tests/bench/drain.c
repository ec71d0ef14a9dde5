/* SPDX-License-Identifier: Apache-2.0 */
/* The hook that does nothing: as any hook, it reads its stdin to the end. */
#include <unistd.h>

int main(void)
{
	char rest[4096];

	while (read(STDIN_FILENO, rest, sizeof rest) > 0)
		;
	return 0;
}
