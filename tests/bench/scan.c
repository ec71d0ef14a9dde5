/* SPDX-License-Identifier: Apache-2.0 */
/* What anybody would write to look for a PCI function by its ids: readdir(), and the two files of
 * each. To measure scans against. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"

static unsigned long read_id(const char *function, const char *name)
{
	char path[sizeof DEVICES + 300], text[16];
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, DEVICES "/%s/%s", function, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (length < 0)
		return 0;
	text[length] = '\0';
	return strtoul(text, NULL, 16);
}

int main(void)
{
	DIR *devices = opendir(DEVICES);
	struct dirent *entry;
	unsigned long found = 0, vendor, device;

	while (devices && (entry = readdir(devices)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		/* Both files are read, whatever the first one says. */
		vendor = read_id(entry->d_name, "vendor");
		device = read_id(entry->d_name, "device");
		found += vendor == 0x8086 && device == 0x154d;
	}
	printf("%lu\n", found);
	return 0;
}
