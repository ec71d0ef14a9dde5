/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that are opened when they are needed. */
#include "oci-vfio-hook/library.h"

#include <dlfcn.h>

#ifdef OVH_STATIC
int library_open(const struct library *library, void *functions, struct error *err)
{
	(void)functions;
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s is needed to %s, but a program that is linked statically loads no library: use one that isn't",
		library->soname, library->need);
}

bool library_exists(const char *soname)
{
	(void)soname;
	return false;
}
#else
bool library_exists(const char *soname)
{
	return dlopen(soname, RTLD_LAZY | RTLD_NODELETE) != NULL;
}

/* POSIX lets a pointer to a function be one to an object. */
static void store(void *at, const void *address)
{
	memcpy(at, &address, sizeof address);
}

int library_open(const struct library *library, void *functions, struct error *err)
{
	void *opened = dlopen(library->soname, RTLD_NOW | RTLD_NODELETE);
	char *at = functions;

	if (!opened)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s is needed to %s: install the package %s (%s)",
				 library->soname, library->need, library->package,
				 dlerror());
	for (const char *const *name = library->names; *name; name++) {
		void *address = dlsym(opened, *name);

		if (!address)
			return error_set(
				err, ERROR_UNAVAILABLE,
				"%s has no %s(), which is needed to %s: a newer package %s is needed",
				library->soname, *name, library->need, library->package);
		store(at, address);
		at += sizeof address;
	}
	return 0;
}
#endif
