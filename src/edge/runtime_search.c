/* SPDX-License-Identifier: Apache-2.0 */
/* Which program file is the real runtime. */
#include "oci-vfio-hook/runtime_search.h"

#include <stdbool.h>

#include "oci-vfio-hook/sysroot.h"

const char *const runtime_directories[RUNTIME_DIRECTORIES] = {
	"/usr/local/sbin",
	"/usr/local/bin",
	"/usr/sbin",
	"/usr/bin",
	"/sbin",
	"/bin",
	/* CRI-O's own packages put crun and runc there. */
	"/usr/libexec/crio",
};

/* Is it an executable regular file, and not this program itself? */
static bool is_runtime(const char *path, const struct stat *self)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       access(path, X_OK) == 0 && !file_same(&status, self);
}

int runtime_search(const char *name, char **ret, struct error *err)
{
	auto_free char *shown = path_display(name);
	struct stat self = { 0 };

	/* Without /proc nothing can be skipped; a wrapper that finds itself would
	 * loop. */
	if (stat("/proc/self/exe", &self) < 0)
		return error_set(err, ERROR_IO, "/proc/self/exe: %m; is /proc mounted?");
	if (name[0] == '/') {
		if (!is_runtime(name, &self))
			return error_set(
				err, ERROR_NO_INPUT,
				"%s: is not a runtime (an executable file that isn't oci-vfio-runtime itself); correct the key runtime of the configuration",
				shown);
		*ret = xstrdup(name);
		return 0;
	}
	for (size_t i = 0; i < RUNTIME_DIRECTORIES; i++) {
		auto_free char *path = xasprintf("%s/%s", runtime_directories[i], name);

		if (is_runtime(path, &self)) {
			*ret = take_ptr(path);
			return 0;
		}
	}
	return error_set(
		err, ERROR_NO_INPUT,
		"the runtime %s is in none of /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin and /usr/libexec/crio; install it, or name another one with the key runtime of the configuration",
		shown);
}
