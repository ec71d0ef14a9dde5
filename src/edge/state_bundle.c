/* SPDX-License-Identifier: Apache-2.0 */
/* Where the spec of a created container is. */
#include "oci-vfio-hook/state_bundle.h"

#include <stdlib.h>

#include "oci-vfio-hook/runtime_call.h"
#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/user_namespace.h"

#define COMMAND_LINE_MAX 65536

static bool has_config(const char *directory)
{
	auto_free char *path = text_join(directory, "/config.json", NULL);

	return access(path, F_OK) == 0;
}

/* Where a link of /proc leads, if that is the same directory for us; else the link. */
static char *directory_of_link(const char *link)
{
	char target[4096];
	struct stat here, there;

	if (sysroot_readlink(&sysroot_real, AT_FDCWD, link, target, sizeof(target)) ==
		    0 &&
	    stat(target, &here) == 0 && stat(link, &there) == 0 &&
	    file_same(&here, &there))
		return xstrdup(target);
	return xstrdup(link);
}

/* Our parent is crun: where does it keep its containers? NULL where it doesn't say. */
static char *state_directory_of_parent(void)
{
	auto_free char *path = xasprintf("/proc/%d/cmdline", getppid()), *text = NULL;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_error ignored = { 0 };
	size_t length;

	if (fd < 0 ||
	    file_read(fd, path, 0, COMMAND_LINE_MAX, &text, &length, &ignored) < 0)
		return NULL;
	return runtime_call_find_root((struct slice) { text, length });
}

/* crun's default in $XDG_RUNTIME_DIR, which it heeds whoever runs it. NULL: it isn't set. */
static char *state_directory_of_session(void)
{
	const char *directory = secure_getenv("XDG_RUNTIME_DIR");

	return directory != NULL && *directory == '/'
		       ? text_join(directory, "/crun", NULL)
		       : NULL;
}

/* A hook's environment may be empty. Root of a user namespace that an engine made is somebody
 * else outside, where the directory is. */
static char *state_directory_of_user(void)
{
	struct user_namespace user_namespace;
	auto_error ignored = { 0 };

	if (user_namespace_read(&user_namespace, &ignored) < 0)
		return NULL;
	return text_number("/run/user/", user_namespace.outer_uid, "/crun");
}

static char *find_copy(const char *id)
{
	auto_free char *own = state_directory_of_parent();
	auto_free char *session = state_directory_of_session();
	auto_free char *user = state_directory_of_user();
	const char *const directories[] = { own, session, "/run/crun", user };

	if (id == NULL || *id == '\0' || *id == '.' || strchr(id, '/') != NULL)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		auto_free char *path = NULL;

		if (directories[i] == NULL)
			continue;
		path = text_join(directories[i], "/", id, NULL);
		if (has_config(path))
			return take_ptr(path);
	}
	return NULL;
}

int state_bundle_find(const struct state *state, struct state_bundle *ret,
		      struct error *err)
{
	auto_free char *link = NULL;

	*ret = (struct state_bundle) { 0 };
	if (!text_equal(state->bundle, "/") || state->root == NULL) {
		ret->path = xstrdup(state->bundle);
		return 0;
	}
	ret->guessed = true;
	link = xasprintf("/proc/%lld/cwd", (long long)state->pid);
	if (state->pid > 0 && has_config(link)) {
		ret->path = directory_of_link(link);
	} else if (has_config(".")) {
		ret->path = xstrdup(".");
	} else {
		ret->path = find_copy(state->id);
		ret->read_only = ret->path != NULL;
	}
	if (ret->path == NULL)
		return error_set(
			err, ERROR_NO_INPUT,
			"state: bundle: is \"/\", as crun says before 1.30 where a user namespace and devices meet, and config.json is neither in the working directory of the container's process, nor in the hook's, nor in crun's state directory: run crun with --root, or the hook with crun's XDG_RUNTIME_DIR in its \"env\"; or use another front end: precreate (podman), the wrapper oci-vfio-runtime, or apply");
	return 0;
}

void state_bundle_free(struct state_bundle *bundle)
{
	free(bundle->path);
	*bundle = (struct state_bundle) { 0 };
}
