/* SPDX-License-Identifier: Apache-2.0 */
/* The device cgroup of a container: sends each step to what does it for v1, v2 and
 * systemd. */
#include "oci-vfio-hook/file.h"

#include "cgroup_internal.h"

int device_cgroup_open(int proc, pid_t pid, struct device_cgroup **ret, struct error *err)
{
	auto_device_cgroup *cgroup = xzalloc(sizeof *cgroup);
	int r;

	cgroup->directory = cgroup->scope = cgroup->allow = cgroup->deny = -1;
	r = cgroup_find(proc, pid, cgroup, err);
	if (r == 0 && cgroup->kind == DEVICE_CGROUP_V1)
		r = cgroup_v1_open(cgroup, err);
	else if (r == 0 && cgroup->kind == DEVICE_CGROUP_V2)
		r = cgroup_v2_open(cgroup, err);
	if (r < 0)
		return r;
	*ret = take_ptr(cgroup);
	return 0;
}

int device_cgroup_prepare(struct device_cgroup *cgroup,
			  const struct device_change *changes, size_t n_changes,
			  uint64_t deadline, struct messages *messages, struct error *err)
{
	cgroup_systemd_prepare(cgroup, changes, n_changes, deadline, messages);
	switch (cgroup->kind) {
	case DEVICE_CGROUP_V1:
		return cgroup_v1_prepare(cgroup, changes, n_changes, err);
	case DEVICE_CGROUP_V2:
		return cgroup_v2_prepare(cgroup, changes, n_changes, err);
	case DEVICE_CGROUP_NONE:
		break;
	}
	return 0;
}

static int commit_rules(struct device_cgroup *cgroup, struct error *err)
{
	switch (cgroup->kind) {
	case DEVICE_CGROUP_V1:
		return cgroup_v1_commit(cgroup, err);
	case DEVICE_CGROUP_V2:
		return cgroup_v2_commit(cgroup, err);
	case DEVICE_CGROUP_NONE:
		break;
	}
	return 0;
}

int device_cgroup_commit(struct device_cgroup *cgroup, struct error *err)
{
	int r;

	if (!cgroup)
		return 0;
	/* systemd's own program changes with its list. */
	r = cgroup_systemd_allow(cgroup, err);
	if (r == 0)
		r = commit_rules(cgroup, err);
	return r < 0 ? r : cgroup_systemd_pin(cgroup, err);
}

static int undo_rules(struct device_cgroup *cgroup)
{
	switch (cgroup->kind) {
	case DEVICE_CGROUP_V1:
		return cgroup_v1_undo(cgroup);
	case DEVICE_CGROUP_V2:
		return cgroup_v2_undo(cgroup);
	case DEVICE_CGROUP_NONE:
		break;
	}
	return 0;
}

int device_cgroup_undo(struct device_cgroup *cgroup)
{
	int pins, rules, allow;

	if (!cgroup)
		return 0;
	pins = cgroup_systemd_unpin(cgroup);
	rules = undo_rules(cgroup);
	allow = cgroup_systemd_disallow(cgroup);
	return pins < 0 ? pins : rules < 0 ? rules : allow;
}

void device_cgroup_free(struct device_cgroup *cgroup)
{
	if (!cgroup)
		return;
	for (size_t i = 0; i < cgroup->n_programs; i++) {
		bpf_program_close(&cgroup->programs[i].old);
		close_fd(&cgroup->programs[i].wider);
	}
	free(cgroup->programs);
	systemd_unit_close(&cgroup->unit);
	device_allow_free(&cgroup->unit_allow);
	error_free(&cgroup->unheard);
	cgroup_rules_free(&cgroup->rules);
	free(cgroup->changes);
	free(cgroup->path);
	free(cgroup->shown);
	close_fd(&cgroup->directory);
	close_fd(&cgroup->scope);
	close_fd(&cgroup->allow);
	close_fd(&cgroup->deny);
	free(cgroup);
}
