/* SPDX-License-Identifier: Apache-2.0 */
/* Which bundle a container has. */
#include "oci-vfio-hook/container_bundle.h"

#include <stdlib.h>

#include "oci-vfio-hook/runtime_state.h"
#include "oci-vfio-hook/trusted_file.h"

/* crun's; runc's and youki's. */
static const char *const files[] = { "status", "state.json" };

static char *read_bundle(const char *directory, const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		auto_free char *path = text_join(directory, "/", id, "/", files[i], NULL);
		auto_free char *text = NULL;
		auto_error ignored = { 0 };
		char *bundle = NULL;
		size_t length;

		if (trusted_file_read(&sysroot_real, path, &text, &length, &ignored) ==
			    0 &&
		    runtime_state_find_bundle(path, (struct slice) { text, length },
					      &bundle, &ignored) == 0)
			return bundle;
	}
	return NULL;
}

/* In the directories of this name in which runtimes keep what lasts until a reboot. */
static char *find_by_name(const char *name, const char *id)
{
	const char *const parents[] = { secure_getenv("XDG_RUNTIME_DIR"), "/run" };

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		auto_free char *directory = NULL;
		char *bundle;

		if (!parents[i] || *parents[i] != '/')
			continue;
		directory = text_join(parents[i], "/", name, NULL);
		bundle = read_bundle(directory, id);
		if (bundle)
			return bundle;
	}
	return NULL;
}

char *container_bundle_find(const struct container_reference *container)
{
	const char *id = container->id, *slash = strrchr(container->runtime, '/');
	/* A runtime may be installed under another name than its directory has. */
	const char *const names[] = { slash ? slash + 1 : container->runtime, "runc",
				      "crun" };
	char *bundle = NULL;

	if (!id || *id == '\0' || *id == '.' || strchr(id, '/'))
		return NULL;
	if (container->root)
		return read_bundle(container->root, id);
	for (size_t i = 0; i < ARRAY_SIZE(names) && !bundle; i++)
		bundle = find_by_name(names[i], id);
	return bundle;
}
