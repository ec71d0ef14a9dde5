/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that are opened when they are needed. */
#include "oci-vfio-hook/library.h"

#include <dlfcn.h>

int library_open(const char *soname, const char *package, const char *need,
		 const struct library_symbol *symbols, struct error *err)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_NODELETE);

	if (library == NULL)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s is needed to %s: install the package %s (%s)",
				 soname, need, package, dlerror());
	for (; symbols->name != NULL; symbols++) {
		*symbols->target = dlsym(library, symbols->name);
		if (*symbols->target == NULL)
			return error_set(
				err, ERROR_UNAVAILABLE,
				"%s has no %s(), which is needed to %s: a newer package %s is needed",
				soname, symbols->name, need, package);
	}
	return 0;
}
