/* SPDX-License-Identifier: Apache-2.0 */
/* The device cgroup of v1: devices.list, devices.allow and devices.deny
 * (Documentation/admin-guide/cgroup-v1/devices.rst). */
#include <errno.h>
#include <stdio.h>

#include "oci-vfio-hook/sysroot.h"

#include "cgroup_internal.h"

#define LIST_MAX (1 << 20)
/* With three letters of access. */
#define RULE_SIZE (DEVICE_NUMBER_SIZE + sizeof("rwm"))

static int read_rules(struct device_cgroup *cgroup, struct error *err)
{
	auto_close int fd = sysroot_openat(&sysroot_real, cgroup->directory,
					   "devices.list", O_RDONLY);
	auto_free char *text = NULL;
	size_t length;
	int r;

	if (fd < 0)
		return error_set(err, error_class_of_errno(-fd),
				 "%s/devices.list: can't be opened: %s", cgroup->shown,
				 strerror(-fd));
	r = file_read(fd, "devices.list", 0, LIST_MAX, &text, &length, err);
	if (r < 0)
		return error_prefix(err, "%s", cgroup->shown);
	if (cgroup_rules_parse((struct slice) { text, length }, &cgroup->rules) < 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s/devices.list: has an unknown format", cgroup->shown);
	return 0;
}

static int open_control(const struct device_cgroup *cgroup, const char *name,
			struct error *err)
{
	int fd = sysroot_openat(&sysroot_real, cgroup->directory, name, O_WRONLY);

	if (fd < 0)
		return error_set(err, error_class_of_errno(-fd),
				 "%s/%s: can't be opened: %s", cgroup->shown, name,
				 strerror(-fd));
	return fd;
}

int cgroup_v1_open(struct device_cgroup *cgroup, struct error *err)
{
	int r = read_rules(cgroup, err);

	if (r < 0 || cgroup->shared)
		return r;
	r = cgroup->allow = open_control(cgroup, "devices.allow", err);
	if (r >= 0)
		r = cgroup->deny = open_control(cgroup, "devices.deny", err);
	return r < 0 ? r : 0;
}

/* The kernel doesn't show the exceptions of an open cgroup, and can't make an exception from
 * one with a wildcard: that what the spec refuses stays refused can't be made sure of. */
static int check_open(const struct device_cgroup *cgroup,
		      const struct device_change *change, struct error *err)
{
	if (!cgroup->rules.open || cgroup->shared)
		return 0;
	if (change->has_new && change->excepted)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: a rule of the spec with a wildcard refuses device %s, and cgroup v1 makes no exception of it",
			cgroup->shown, DEVICE_NUMBER_TEXT(&change->number));
	if (*change->refused != '\0')
		return device_change_refused(change, cgroup->shown, err);
	return 0;
}

int cgroup_v1_prepare(struct device_cgroup *cgroup, const struct device_change *changes,
		      size_t n_changes, struct error *err)
{
	for (size_t i = 0; i < n_changes; i++) {
		uint32_t access;
		int r = check_open(cgroup, &changes[i], err);

		if (r < 0)
			return r;
		if (changes[i].has_new &&
		    device_access_parse(changes[i].access, &access) < 0)
			return error_set(err, ERROR_DATA,
					 "\"%.3s\" is not an access to a device",
					 changes[i].access);
		if (cgroup->shared && changes[i].has_new &&
		    !cgroup_rules_allow(&cgroup->rules, &changes[i].number, access))
			return error_set(
				err, ERROR_UNAVAILABLE,
				"%s: does not allow device %s, and is not the container's own cgroup",
				cgroup->shown, DEVICE_NUMBER_TEXT(&changes[i].number));
		*array_append(cgroup->changes, cgroup->n_changes,
			      cgroup->changes_capacity) = changes[i];
	}
	return 0;
}

/* 0 or -errno. */
static int write_rule(int fd, const struct device_number *number, const char *access)
{
	char rule[RULE_SIZE];
	int length =
		snprintf(rule, sizeof(rule), "%s %s", DEVICE_NUMBER_TEXT(number), access);
	ssize_t n = RETRY_ON_EINTR(write(fd, rule, (size_t)length));

	return n < 0 ? -errno : n == length ? 0 : -EIO;
}

static int write_failed(const struct device_cgroup *cgroup, const char *file,
			const struct device_number *number, int error, struct error *err)
{
	if (error == EPERM)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s/%s: %s is refused, because a cgroup above it doesn't allow this device",
			cgroup->shown, file, DEVICE_NUMBER_TEXT(number));
	return error_set(err, ERROR_IO, "%s/%s: %s can't be written: %s", cgroup->shown,
			 file, DEVICE_NUMBER_TEXT(number), strerror(error));
}

static int write_changes(struct device_cgroup *cgroup, struct error *err)
{
	/* In an open cgroup a refusal couldn't be told from one that was there before. */
	bool refuse = !cgroup->rules.open;

	for (size_t i = 0; i < cgroup->n_changes; i++) {
		const struct device_change *change = &cgroup->changes[i];
		int r;

		if (!refuse || !change->has_old || change->old_stays)
			continue;
		r = write_rule(cgroup->deny, &change->old, "rwm");
		if (r < 0)
			return write_failed(cgroup, "devices.deny", &change->old, -r,
					    err);
	}
	for (size_t i = 0; i < cgroup->n_changes; i++) {
		const struct device_change *change = &cgroup->changes[i];
		int r;

		if (!change->has_new)
			continue;
		r = write_rule(cgroup->allow, &change->number, change->access);
		if (r < 0)
			return write_failed(cgroup, "devices.allow", &change->number, -r,
					    err);
	}
	return 0;
}

int cgroup_v1_commit(struct device_cgroup *cgroup, struct error *err)
{
	if (cgroup->shared)
		return 0;
	cgroup->changed = true;
	return write_changes(cgroup, err);
}

/* Puts back what the list had for exactly these numbers. 0 or -errno. */
static int restore(const struct device_cgroup *cgroup, const struct device_number *number)
{
	const struct cgroup_rule *rule = cgroup_rules_find(&cgroup->rules, number);
	int r = write_rule(cgroup->deny, number, "rwm"), allowed = 0;

	if (rule)
		allowed = write_rule(cgroup->allow, number, rule->access);
	return r < 0 ? r : allowed;
}

/* An open cgroup had the new device already, but for an exception of just its numbers,
 * which the spec tells of. */
static int refuse_again(const struct device_cgroup *cgroup,
			const struct device_change *change)
{
	if (!change->has_new || *change->denied == '\0')
		return 0;
	return write_rule(cgroup->deny, &change->number, change->denied);
}

int cgroup_v1_undo(struct device_cgroup *cgroup)
{
	int result = 0;

	if (!cgroup->changed)
		return 0;
	for (size_t i = 0; i < cgroup->n_changes; i++) {
		const struct device_change *change = &cgroup->changes[i];
		int r = 0;

		if (cgroup->rules.open) {
			r = refuse_again(cgroup, change);
			result = result < 0 ? result : r;
			continue;
		}
		if (change->has_old && !change->old_stays)
			r = restore(cgroup, &change->old);
		result = result < 0 ? result : r;
		if (change->has_new)
			r = restore(cgroup, &change->number);
		result = result < 0 ? result : r;
	}
	cgroup->changed = result < 0;
	return result;
}
