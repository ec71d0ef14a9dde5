/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd knows of a container's devices. On a reload it applies a unit's device
 * rules again: those of DeviceAllow=, or the programs of BPFProgram=. A runtime's own
 * program, on a unit without either, is left alone. */
#include "cgroup_internal.h"

/* Returns the cgroup of the unit that is the container's alone, as in
 * /proc/PID/cgroup. */
static struct slice find_unit(const struct device_cgroup *cgroup)
{
	struct slice path = slice_from(cgroup->path + cgroup->mount_length);

	if (cgroup->scope >= 0)
		path.length =
			(size_t)((const char *)memrchr(path.data, '/', path.length) -
				 path.data);
	return path;
}

static void warn(const struct device_cgroup *cgroup, struct messages *messages,
		 const char *why)
{
	messages_add(
		messages, MESSAGE_WARNING,
		"%s: is a unit of systemd, whose daemon-reload may bring the old device rules back (%s); what acts before the container is created lasts: precreate (podman), oci-vfio-runtime, apply",
		cgroup->shown, why);
}

/* The program that is pinned, among those of the container's own cgroup; NULL: none. */
static struct device_cgroup_program *find_pinned(const struct device_cgroup *cgroup,
						 const char *pin)
{
	uint32_t id;

	if (bpf_pin_read(pin, &id) < 0)
		return NULL;
	for (size_t i = 0; i < cgroup->n_programs; i++)
		if (cgroup->programs[i].old.id == id &&
		    cgroup->programs[i].directory >= 0)
			return &cgroup->programs[i];
	return NULL;
}

static void find_pins(struct device_cgroup *cgroup, struct messages *messages)
{
	for (size_t i = 0; i < cgroup->unit.n_pins; i++) {
		const char *pin = cgroup->unit.pins[i];
		struct device_cgroup_program *program = find_pinned(cgroup, pin);
		auto_free char *why = NULL;

		if (program != NULL) {
			program->pin = pin;
			continue;
		}
		why = xasprintf("BPFProgram=device:%s is not one of its programs", pin);
		warn(cgroup, messages, why);
	}
}

void cgroup_systemd_prepare(struct device_cgroup *cgroup,
			    const struct device_change *changes, size_t n_changes,
			    uint64_t deadline, struct messages *messages)
{
	auto_error err = { 0 };

	if (cgroup->kind == DEVICE_CGROUP_NONE || cgroup->shared)
		return;
	if (systemd_unit_open(find_unit(cgroup), deadline, &cgroup->unit, &err) < 0) {
		warn(cgroup, messages, err.message);
		return;
	}
	find_pins(cgroup, messages);
	if (!cgroup->unit.closed)
		return;
	error_reserve(&cgroup->unheard);
	cgroup->unit_changes = device_allow_change(&cgroup->unit.allow, changes,
						   n_changes, &cgroup->unit_allow);
	/* Without an entry it would be open to all devices. */
	if (cgroup->unit.closed_by_list && cgroup->unit_allow.count == 0) {
		warn(cgroup, messages, "it names no other device in DeviceAllow=");
		cgroup->unit_changes = false;
	}
}

int cgroup_systemd_allow(struct device_cgroup *cgroup, struct error *err)
{
	int r;

	if (!cgroup->unit_changes)
		return 0;
	/* An answer that comes too late doesn't mean that nothing was changed. */
	cgroup->unit_changed = true;
	r = systemd_unit_set_allow(&cgroup->unit, &cgroup->unit_allow, err);
	return r < 0 ? error_prefix(err, "%s", cgroup->shown) : 0;
}

int cgroup_systemd_disallow(struct device_cgroup *cgroup)
{
	int r;

	if (!cgroup->unit_changed)
		return 0;
	r = systemd_unit_set_allow(&cgroup->unit, &cgroup->unit.allow, &cgroup->unheard);
	cgroup->unit_changed = r < 0;
	return r;
}

int cgroup_systemd_pin(struct device_cgroup *cgroup, struct error *err)
{
	for (size_t i = 0; i < cgroup->n_programs; i++) {
		struct device_cgroup_program *program = &cgroup->programs[i];
		int r;

		if (program->pin == NULL || !program->replaced)
			continue;
		r = bpf_program_pin(program->wider, program->pin);
		if (r < 0)
			return error_set(
				err, ERROR_UNAVAILABLE,
				"%s: the wider device program can't be pinned where systemd takes it from: %s",
				program->pin, strerror(-r));
		program->pinned = true;
	}
	return 0;
}

int cgroup_systemd_unpin(struct device_cgroup *cgroup)
{
	int result = 0;

	for (size_t i = 0; i < cgroup->n_programs; i++) {
		struct device_cgroup_program *program = &cgroup->programs[i];
		int r;

		if (!program->pinned)
			continue;
		r = bpf_program_pin(program->old.fd, program->pin);
		program->pinned = r < 0;
		result = result < 0 ? result : r;
	}
	return result;
}
