/* SPDX-License-Identifier: Apache-2.0 */
/* The device cgroup of v2: the programs of the container's own cgroup are replaced by
 * wider ones; those of the cgroups above stay, and must allow what is wanted. All of them
 * must allow an access, so that adding a program could only narrow. */
#include <errno.h>
#include <stdio.h>

#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/user_namespace.h"

#include "cgroup_internal.h"

static int query_failed(const struct device_cgroup *cgroup, int number, struct error *err)
{
	return error_set(err, number == EPERM ? ERROR_PERMISSION : ERROR_UNAVAILABLE,
			 "%s: its device programs can't be read: %s%s", cgroup->shown,
			 strerror(number),
			 number == EPERM ? " (CAP_BPF and CAP_NET_ADMIN are needed)"
					 : "");
}

static int add_program(struct device_cgroup *cgroup, uint32_t id, int directory,
		       uint32_t flags, struct error *err)
{
	struct bpf_program program;
	int r = bpf_program_open(id, &program);

	if (r < 0)
		return query_failed(cgroup, -r, err);
	*array_append(cgroup->programs, cgroup->n_programs, cgroup->programs_capacity) =
		(struct device_cgroup_program) {
			.old = program,
			.directory = directory,
			.flags = flags,
			.wider = -1,
		};
	return 0;
}

static int add_own(struct device_cgroup *cgroup, int directory, struct error *err)
{
	auto_bpf_attachment attached = { 0 };
	int r = bpf_attachment_read(directory, false, &attached);

	if (r < 0)
		return query_failed(cgroup, -r, err);
	for (size_t i = 0; i < attached.count && r == 0; i++)
		r = add_program(cgroup, attached.ids[i], directory, attached.flags, err);
	return r;
}

/* Adds those that decide here and aren't the container's own: the kernel knows them even
 * where this cgroup namespace doesn't show their cgroup. */
static int add_above(struct device_cgroup *cgroup, struct error *err)
{
	auto_bpf_attachment effective = { 0 };
	size_t n_own = cgroup->n_programs;
	int r = bpf_attachment_read(cgroup->directory, true, &effective);

	if (r < 0)
		return query_failed(cgroup, -r, err);
	for (size_t i = 0; i < n_own; i++)
		for (size_t j = 0; j < effective.count; j++)
			if (effective.ids[j] == cgroup->programs[i].old.id) {
				effective.ids[j] = 0;
				break;
			}
	for (size_t i = 0; i < effective.count && r == 0; i++)
		if (effective.ids[i] != 0)
			r = add_program(cgroup, effective.ids[i], -1, 0, err);
	return r;
}

/* Opens the systemd scope around the cgroup if it is this container's alone: crun keeps
 * the container in a sub-cgroup of its scope, and from 1.23 on its program at the scope.
 * A scope with other processes or cgroups in it is somebody else's. */
static int open_scope(const struct device_cgroup *cgroup)
{
	auto_close int fd = -1, processes = -1;
	const char *end = strrchr(cgroup->path, '/');
	struct stat status;
	char byte;

	if ((size_t)(end - cgroup->path) <= cgroup->mount_length ||
	    !slice_ends(slice_from_to(slice_from(cgroup->path), 0,
				      (size_t)(end - cgroup->path)),
			SLICE(".scope")))
		return -1;
	fd = sysroot_openat(&sysroot_real, cgroup->directory, "..",
			    O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_nlink != 3)
		return -1;
	processes = sysroot_openat(&sysroot_real, fd, "cgroup.procs", O_RDONLY);
	if (processes < 0 || read(processes, &byte, 1) != 0)
		return -1;
	return take_fd(fd);
}

/* May a runtime in this user namespace, where we may not look, have filtered devices? */
static bool can_have_programs(void)
{
	struct user_namespace user_namespace;
	auto_error err = { 0 };

	return user_namespace_read(&user_namespace, &err) < 0 || user_namespace.initial;
}

int cgroup_v2_open(struct device_cgroup *cgroup, struct error *err)
{
	auto_bpf_attachment probe = { 0 };
	int r = bpf_attachment_read(cgroup->directory, false, &probe);

	/* Rootless: programs need rights over the machine, so the runtime attached none,
	 * and there is nothing to do. */
	if (r == -EPERM && !can_have_programs()) {
		cgroup->kind = DEVICE_CGROUP_NONE;
		return 0;
	}
	if (r < 0)
		return query_failed(cgroup, -r, err);
	if (!cgroup->shared) {
		cgroup->scope = open_scope(cgroup);
		r = add_own(cgroup, cgroup->directory, err);
		if (r == 0 && cgroup->scope >= 0)
			r = add_own(cgroup, cgroup->scope, err);
	}
	return r < 0 ? r : add_above(cgroup, err);
}

static bool has_program(const char *path, uint32_t id)
{
	auto_close int fd =
		sysroot_openat(&sysroot_real, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);

	return fd >= 0 && bpf_is_attached(fd, id);
}

/* Returns the name of the cgroup, this one or above, to which a program is attached. The
 * caller frees. */
static char *find_owner(const struct device_cgroup *cgroup, uint32_t id)
{
	auto_free char *path = xstrndup(cgroup->path, strlen(cgroup->path));

	while (!has_program(path, id)) {
		char *end = strrchr(path, '/');

		if ((size_t)(end - path) < cgroup->mount_length)
			return xasprintf("a cgroup above %.*s", (int)cgroup->mount_length,
					 path);
		*end = '\0';
	}
	return path_display(path);
}

/* A program at a cgroup that isn't the container's own: does it allow all new devices? */
static int check_above(const struct device_cgroup *cgroup,
		       const struct device_cgroup_program *program,
		       const struct device_change *changes, size_t n_changes,
		       struct error *err)
{
	for (size_t i = 0; i < n_changes; i++) {
		const struct device_change *change = &changes[i];
		auto_free char *owner = NULL;
		uint32_t access;
		bool allowed;
		int r;

		if (!change->has_new || device_access_parse(change->access, &access) < 0)
			continue;
		r = device_program_allows(&program->old.code, &change->number, access,
					  &allowed, err);
		if (r == 0 && allowed)
			continue;
		owner = find_owner(cgroup, program->old.id);
		if (r < 0)
			return error_prefix(err, "%s: device program %.16s", owner,
					    program->old.name);
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: its device program %.16s refuses device %s to the container's cgroup %s: allow it there (systemd: DeviceAllow=)",
			owner, program->old.name, DEVICE_NUMBER_TEXT(&change->number),
			cgroup->shown);
	}
	return 0;
}

static int load_wider(const struct device_cgroup *cgroup,
		      struct device_cgroup_program *program,
		      const struct device_change *changes, size_t n_changes,
		      struct error *err)
{
	auto_device_program wider = { 0 };
	int r;

	if (device_program_fits(&program->old.code, changes, n_changes))
		return 0;
	r = device_program_widen(&program->old.code, changes, n_changes, &wider, err);
	if (r < 0)
		return error_prefix(err, "%s: device program %.16s", cgroup->shown,
				    program->old.name);
	program->wider = bpf_program_load(&wider, &program->old);
	if (program->wider < 0)
		return error_set(err,
				 program->wider == -EPERM ? ERROR_PERMISSION
							  : ERROR_UNAVAILABLE,
				 "%s: a wider device program can't be loaded: %s",
				 cgroup->shown, strerror(-program->wider));
	return 0;
}

/* What the spec refuses is left to the programs that are there: do they refuse it? */
static int check_refused(const struct device_cgroup *cgroup,
			 const struct device_change *change, struct error *err)
{
	for (const char *letter = change->refused; *letter != '\0'; letter++) {
		const char one[] = { *letter, '\0' };
		bool allowed = true;
		uint32_t access;
		int r = device_access_parse(one, &access);

		for (size_t i = 0; r == 0 && allowed && i < cgroup->n_programs; i++)
			r = device_program_allows(&cgroup->programs[i].old.code,
						  &change->number, access, &allowed, err);
		if (r < 0)
			return r;
		if (allowed)
			return device_change_refused(change, cgroup->shown, err);
	}
	return 0;
}

int cgroup_v2_prepare(struct device_cgroup *cgroup, const struct device_change *changes,
		      size_t n_changes, struct error *err)
{
	int r = 0;

	/* All that may refuse comes before anything is loaded. */
	for (size_t i = 0; i < n_changes && r == 0; i++)
		r = check_refused(cgroup, &changes[i], err);
	for (size_t i = 0; i < cgroup->n_programs && r == 0; i++)
		if (cgroup->programs[i].directory < 0)
			r = check_above(cgroup, &cgroup->programs[i], changes, n_changes,
					err);
	for (size_t i = 0; i < cgroup->n_programs && r == 0; i++)
		if (cgroup->programs[i].directory >= 0)
			r = load_wider(cgroup, &cgroup->programs[i], changes, n_changes,
				       err);
	return r;
}

int cgroup_v2_commit(struct device_cgroup *cgroup, struct error *err)
{
	for (size_t i = 0; i < cgroup->n_programs; i++) {
		struct device_cgroup_program *program = &cgroup->programs[i];
		int r;

		if (program->wider < 0)
			continue;
		r = bpf_program_replace(program->directory, program->flags,
					program->old.fd, program->wider);
		/* systemd has made a new one of the new rules. */
		if (r == -ENOENT && cgroup->unit_changed &&
		    !bpf_is_attached(program->directory, program->old.id))
			continue;
		if (r < 0)
			return error_set(
				err, r == -EPERM ? ERROR_PERMISSION : ERROR_UNAVAILABLE,
				"%s: device program %.16s can't be replaced: %s",
				cgroup->shown, program->old.name,
				r == -ENOENT
					? "it is attached by a link, or was detached a moment ago"
					: strerror(-r));
		program->replaced = true;
	}
	return 0;
}

int cgroup_v2_undo(struct device_cgroup *cgroup)
{
	int result = 0;

	for (size_t i = 0; i < cgroup->n_programs; i++) {
		struct device_cgroup_program *program = &cgroup->programs[i];
		int r;

		if (!program->replaced)
			continue;
		r = bpf_program_replace(program->directory, program->flags,
					program->wider, program->old.fd);
		program->replaced = r < 0;
		result = result < 0 ? result : r;
	}
	return result;
}
