/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's configuration. The only file that knows zlib. */
#include "kernel_config.h"

#include <zlib.h>

#include "oci-vfio-hook/library.h"

#include "facts_file.h"

LIBRARY_NOTE(
	"[{\"feature\":\"kernel-configuration\",\"description\":\"Reading /proc/config.gz in check\",\"priority\":\"suggested\",\"soname\":[\"libz.so.1\"]}]");

#define LIBZ(FUNCTION)                                                                   \
	FUNCTION(gzdopen)                                                                \
	FUNCTION(gzread)                                                                 \
	FUNCTION(gzclose)
LIBRARY(libz, LIBZ);

static const struct library libz_library = {
	.soname = "libz.so.1",
	.package = "zlib1g",
	.need = "read /proc/config.gz",
	.names = libz_names,
};

#define CHUNK 65536

static int inflate_all(const struct libz *libz, gzFile file, struct buffer *ret)
{
	int n;

	do {
		n = libz->gzread(file, buffer_room(ret, CHUNK), CHUNK);
		if (n > 0)
			ret->length += (size_t)n;
	} while (n > 0 && ret->length <= FACTS_FILE_MAX);
	return n == 0 ? 0 : -EIO;
}

static int read_gz(const struct sysroot *sysroot, const char *path, struct buffer *ret)
{
	auto_close int fd = facts_file_open(sysroot, path);
	auto_error ignored = { 0 };
	struct libz libz;
	gzFile file;
	int r;

	if (fd < 0)
		return fd;
	if (library_open(&libz_library, &libz, &ignored) < 0)
		return -ENOSYS;
	file = libz.gzdopen(fd, "r");
	if (!file)
		return -ENOMEM;
	(void)take_fd(fd); /* it is the file's */
	r = inflate_all(&libz, file, ret);
	libz.gzclose(file);
	return r;
}

/* Is it one, of a kernel? */
static bool take_options(const struct sysroot *sysroot, const char *path,
			 struct slice text, struct kernel_facts *facts)
{
	if (!slice_contains(text, SLICE("CONFIG_")))
		return false;
	kernel_check_read_options(text, facts->options);
	facts->config_name = sysroot_display(sysroot, path);
	return true;
}

static bool read_plain(const struct sysroot *sysroot, const char *path,
		       struct kernel_facts *facts)
{
	auto_free char *text = NULL;
	size_t length = 0;

	return facts_file_read(sysroot, path, &text, &length) == 0 &&
	       take_options(sysroot, path, (struct slice) { text, length }, facts);
}

void kernel_config_read(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	static const char packed[] = "/proc/config.gz";
	auto_buffer text = { 0 };

	if (facts->release) {
		auto_free char *boot = text_join("/boot/config-", facts->release, NULL);
		auto_free char *modules =
			text_join("/lib/modules/", facts->release, "/config", NULL);

		if (read_plain(sysroot, boot, facts) ||
		    read_plain(sysroot, modules, facts))
			return;
	}
	if (read_gz(sysroot, packed, &text) == 0)
		take_options(sysroot, packed, buffer_slice(&text), facts);
}
