/* SPDX-License-Identifier: Apache-2.0 */
/* Modules of the kernel. The only file that knows libkmod. */
#include "kernel_module.h"

#include <errno.h>
#include <libkmod.h>

#include "oci-vfio-hook/library.h"

LIBRARY_NOTE(
	"[{\"feature\":\"kernel-modules\",\"description\":\"Loading vfio-pci to bind functions to it\",\"priority\":\"suggested\",\"soname\":[\"libkmod.so.2\"]}]");

#define LIBKMOD(FUNCTION)                                                                \
	FUNCTION(kmod_new)                                                               \
	FUNCTION(kmod_unref)                                                             \
	FUNCTION(kmod_set_log_priority)                                                  \
	FUNCTION(kmod_module_new_from_name)                                              \
	FUNCTION(kmod_module_unref)                                                      \
	FUNCTION(kmod_module_probe_insert_module)
LIBRARY(libkmod, LIBKMOD);

static const struct library libkmod_library = {
	.soname = "libkmod.so.2",
	.package = "libkmod2",
	.need = "load a module of the kernel",
	.names = libkmod_names,
};

/* What a command prints could get into the container's spec, and who waits for it? */
static int refuse_command(struct kmod_module *module, const char *command, void *data)
{
	bool *ret_refused = data;

	(void)module;
	(void)command;
	*ret_refused = true;
	return -ECANCELED;
}

static int load(const struct libkmod *libkmod, struct kmod_ctx *kmod, const char *name,
		bool *ret_refused)
{
	struct kmod_module *module = NULL;
	int r;

	/* It would write to stderr, which gets one line, and that from us. */
	libkmod->kmod_set_log_priority(kmod, -1);
	r = libkmod->kmod_module_new_from_name(kmod, name, &module);
	if (r < 0)
		return r;
	r = libkmod->kmod_module_probe_insert_module(module, 0, NULL, refuse_command,
						     ret_refused, NULL);
	libkmod->kmod_module_unref(module);
	return r;
}

int kernel_module_load(const char *name, struct error *err)
{
	struct libkmod libkmod;
	struct kmod_ctx *kmod;
	bool refused = false;
	int r = library_open(&libkmod_library, &libkmod, err);

	if (r < 0)
		return error_append(err, "; or load it beforehand: modprobe %s", name);
	kmod = libkmod.kmod_new(NULL, NULL);
	r = kmod ? load(&libkmod, kmod, name, &refused) : -ENOMEM;
	if (kmod)
		libkmod.kmod_unref(kmod);
	if (refused)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"the module %s is not loaded: modprobe.d has a command for it, which is not run here; load it beforehand: modprobe %s",
			name, name);
	if (r == -EPERM || r == -EACCES)
		return error_set(
			err, ERROR_PERMISSION,
			"the module %s can't be loaded: %s; as root: modprobe %s", name,
			strerror(-r), name);
	if (r < 0)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"the module %s can't be loaded: %s; does this kernel have it (modprobe %s)?",
			name, strerror(-r), name);
	return 0;
}
