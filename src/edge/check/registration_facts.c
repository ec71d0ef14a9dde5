/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of the machine: which are here, what their files say of us, and whether the programs
 * are there. */
#include "oci-vfio-hook/registration_facts.h"

#include "oci-vfio-hook/runtime_search.h"

#include "facts_file.h"

#define CONTAINERS_D "/etc/containers/containers.conf.d/"
#define LOCAL_CONTAINERS_D "/usr/local" CONTAINERS_D

/* In the order in which the engine reads them; a directory ends with a slash. */
static const char *const podman_files[] = {
	"/usr/share/containers/containers.conf",
	"/usr/share/containers/containers.conf.d/",
	"/etc/containers/containers.conf",
	CONTAINERS_D,
	NULL,
};
static const char *const crio_files[] = {
	"/etc/crio/crio.conf",
	"/etc/crio/crio.conf.d/",
	NULL,
};
static const char *const containerd_files[] = {
	"/etc/containerd/config.toml",
	"/etc/containerd/conf.d/",
	NULL,
};
static const char *const docker_files[] = {
	"/etc/docker/daemon.json",
	NULL,
};

/* Where hooks are if nothing else is said. */
static const char *const podman_hooks[] = { "/usr/share/containers/oci/hooks.d", NULL };
static const char *const crio_hooks[] = { "/usr/share/containers/oci/hooks.d",
					  "/etc/containers/oci/hooks.d", NULL };
static const char *const no_hooks[] = { NULL };

static const struct {
	const char *program;
	const char *const *files;
	const char *suffix; /* of a directory's files */
	const char *const *hooks;
	claim_read_fn *read;
} engines[ENGINES] = {
	[ENGINE_PODMAN] = { "podman", podman_files, ".conf", podman_hooks,
			    claim_read_podman },
	[ENGINE_CRIO] = { "crio", crio_files, ".conf", crio_hooks, claim_read_crio },
	[ENGINE_CONTAINERD] = { "containerd", containerd_files, ".toml", no_hooks,
				claim_read_containerd },
	[ENGINE_DOCKER] = { "dockerd", docker_files, ".json", no_hooks,
			    claim_read_docker },
};

struct reading {
	const struct sysroot *sysroot;
	struct engine_facts *facts;
	struct text_list directories; /* of hooks */
};

/* Returns the path of a program of this name, or NULL. The caller frees. */
static char *find_program(const struct sysroot *sysroot, const char *name)
{
	for (size_t i = 0; i < RUNTIME_DIRECTORIES; i++) {
		auto_free char *path = text_join(runtime_directories[i], "/", name, NULL);

		if (facts_file_exists(sysroot, path))
			return take_ptr(path);
	}
	return NULL;
}

static bool has_suffix(const char *name, const char *suffix)
{
	return name[0] != '.' && slice_ends(slice_from(name), slice_from(suffix));
}

static void read_file(struct reading *to, const char *path, claim_read_fn *read,
		      struct text_list *problems)
{
	auto_free char *name = sysroot_display(to->sysroot, path);
	auto_free char *text = NULL, *why = NULL;
	auto_error err = { 0 };
	size_t length = 0;
	int r = facts_file_read(to->sysroot, path, &text, &length);

	if (r == -ENOENT || r == -ENOTDIR)
		return;
	if (r < 0) {
		why = xasprintf(r == -EACCES ? "%s: only its owner or root may read it"
					     : "%s: can't be read",
				name);
		text_list_add(&to->facts->unread, why);
		return;
	}
	if (read(name, (struct slice) { text, length }, &to->facts->claims,
		 &to->directories, &err) < 0)
		text_list_add(problems, err.message);
}

static void read_directory(struct reading *to, const char *path, const char *suffix,
			   claim_read_fn *read, struct text_list *problems)
{
	auto_names names = { 0 };
	int r = facts_file_list(to->sysroot, path, &names);

	if (r == -EACCES) {
		auto_free char *name = sysroot_display(to->sysroot, path);
		auto_free char *why =
			text_join(name, ": only its owner or root may list it", NULL);

		text_list_add(&to->facts->unread, why);
	}
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *file = text_join(path, "/", names.items[i], NULL);

		if (has_suffix(names.items[i], suffix))
			read_file(to, file, read, problems);
	}
}

static void read_configuration(struct reading *to, enum engine engine)
{
	for (const char *const *file = engines[engine].files; *file; file++) {
		const size_t length = strlen(*file);

		if ((*file)[length - 1] == '/') {
			auto_free char *directory = xstrndup(*file, length - 1);

			read_directory(to, directory, engines[engine].suffix,
				       engines[engine].read, &to->facts->unread);
		} else {
			read_file(to, *file, engines[engine].read, &to->facts->unread);
		}
	}
}

static void read_hooks(struct reading *to, enum engine engine)
{
	const char *const *usual = engines[engine].hooks;
	const bool is_said = to->directories.count > 0;

	for (size_t i = 0; !is_said && usual[i]; i++)
		text_list_add(&to->directories, usual[i]);
	for (size_t i = 0; i < to->directories.count; i++)
		read_directory(to, to->directories.items[i], ".json", claim_read_hook,
			       &to->facts->broken);
}

/* What the wrapper runs: its link's name says so, else the configuration. */
static void find_real(const struct sysroot *sysroot, const char *runtime,
		      struct claim *claim)
{
	static const char prefix[] = "oci-vfio-";
	const char *name = path_name(claim->path);
	auto_free char *found = NULL;

	if (strncmp(name, prefix, sizeof prefix - 1) == 0 &&
	    !text_equal(name, "oci-vfio-runtime"))
		name += sizeof prefix - 1;
	else
		name = runtime ? runtime : "runc";
	if (name[0] == '/')
		found = facts_file_exists(sysroot, name) ? xstrdup(name) : NULL;
	else
		found = find_program(sysroot, name);
	claim->has_real = found != NULL;
	claim->real = found ? take_ptr(found) : xstrdup(name);
}

static void look_at_claims(const struct sysroot *sysroot, const char *runtime,
			   struct claims_list *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		struct claim *claim = &claims->items[i];

		claim->is_there = facts_file_exists(sysroot, claim->path);
		if (!claim->is_there)
			claim->instead = find_program(sysroot, path_name(claim->path));
		else if (claim->kind == CLAIM_RUNTIME)
			find_real(sysroot, runtime, claim);
	}
}

/* A file for podman where an earlier version's installation below /usr/local put it. */
static void find_elsewhere(const struct sysroot *sysroot, struct engine_facts *facts)
{
	static const char file[] = "oci-vfio-precreate.conf";
	auto_free char *path = text_join(LOCAL_CONTAINERS_D, file, NULL);

	if (!facts_file_exists(sysroot, path))
		return;
	facts->elsewhere = sysroot_display(sysroot, path);
	facts->proper = sysroot_display(sysroot, CONTAINERS_D);
}

void registration_facts_read(const struct sysroot *sysroot, const char *runtime,
			     struct engine_facts ret[ENGINES])
{
	for (enum engine i = 0; i < ENGINES; i++) {
		struct reading to = { .sysroot = sysroot, .facts = &ret[i] };
		auto_free char *program = find_program(sysroot, engines[i].program);

		ret[i] = (struct engine_facts) { .is_there = program != NULL };
		if (!program)
			continue;
		read_configuration(&to, i);
		read_hooks(&to, i);
		text_list_free(&to.directories);
		look_at_claims(sysroot, runtime, &ret[i].claims);
		if (i == ENGINE_PODMAN)
			find_elsewhere(sysroot, &ret[i]);
	}
}
