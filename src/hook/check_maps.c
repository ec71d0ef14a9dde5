/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's maps: each file alone, then all together as a run reads them, then for each
 * entry the plan of a container that asks for it and for nothing else. */
#include "check_internal.h"

#include <errno.h>

#include "oci-vfio-hook/map_check.h"
#include "oci-vfio-hook/map_source.h"
#include "oci-vfio-hook/sysfs.h"
#include "oci-vfio-hook/trusted_file.h"

static const char topic[] = "map";

/* What somebody without privileges may not see is not broken. */
static enum finding_level level_of(const struct error *err, bool opened)
{
	return err->class == ERROR_PERMISSION && !opened && geteuid() != 0
		       ? FINDING_UNKNOWN
		       : FINDING_FAILURE;
}

static void add_warnings(const struct messages *messages, struct findings *findings)
{
	for (size_t i = 0; i < messages->count; i++) {
		const struct message *message = &messages->items[i];

		if (message->level == MESSAGE_WARNING)
			findings_add_message(findings, FINDING_WARNING, topic,
					     message->text, "correct the map there");
		else if (message->level == MESSAGE_INFO)
			findings_add(findings, FINDING_UNKNOWN, topic, "%s",
				     message->text);
	}
}

/* One file alone. Returns false if it is broken, and why is said. */
static bool check_file(const struct hook_run *run, const char *path,
		       struct findings *findings)
{
	auto_free char *name = sysroot_display(&run->sysroot, path);
	auto_free char *edit = text_join("correct ", name, NULL);
	auto_close int fd = trusted_file_open(&run->sysroot, path);
	auto_device_map map = { 0 };
	auto_messages messages = { 0 };
	auto_error why = { 0 };
	int r = map_source_add_file(&run->sysroot, path, &map, &messages, &why);

	if (r < 0) {
		findings_add_message(findings, level_of(&why, fd >= 0), topic,
				     why.message, edit);
		return false;
	}
	findings_add(findings, FINDING_OK, topic, "%s: %zu entr%s", name, map.n_entries,
		     map.n_entries == 1 ? "y" : "ies");
	return true;
}

/* A file that isn't read, though somebody put it there. */
static void tell_of_ignored(const struct hook_run *run, const char *directory,
			    const char *file, struct findings *findings)
{
	auto_free char *path = text_join(directory, "/", file, NULL);
	auto_free char *name = sysroot_display(&run->sysroot, path);
	const char *dot = strrchr(file, '.');
	auto_free char *stem =
		xstrndup(file, dot && dot > file ? (size_t)(dot - file) : strlen(file));
	auto_free char *better = text_join(directory, "/", stem, ".json", NULL);
	auto_free char *shown = sysroot_display(&run->sysroot, better);

	if (file[0] == '.')
		return; /* an editor's, or hidden on purpose */
	findings_add(findings, FINDING_WARNING, topic,
		     "%s: not read, its name doesn't end in .json", name);
	findings_mend(findings, "mv %s %s", name, shown);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_name(const struct names *names, const char *name)
{
	return bsearch(&name, names->items, names->count, sizeof *names->items,
		       compare_names) != NULL;
}

/* Checks the maps of a directory; of one name the earlier directory's is read. Returns false if
 * something is broken. */
static bool check_directory(const struct hook_run *run, const char *directory,
			    const struct names *earlier, struct names *ret,
			    struct findings *findings)
{
	auto_error why = { 0 };
	bool right = true;

	if (trusted_directory_list(&run->sysroot, directory, ret, &why) < 0) {
		findings_add_message(findings, level_of(&why, false), topic, why.message,
				     NULL);
		return false;
	}
	for (size_t i = 0; i < ret->count; i++) {
		auto_free char *path = text_join(directory, "/", ret->items[i], NULL);
		auto_free char *name = sysroot_display(&run->sysroot, path);

		if (!map_source_is_name(ret->items[i]))
			tell_of_ignored(run, directory, ret->items[i], findings);
		else if (earlier->count && has_name(earlier, ret->items[i]))
			findings_add(findings, FINDING_OK, topic,
				     "%s: not read, since %s has a file of this name",
				     name, map_source_directories[0]);
		else
			right &= check_file(run, path, findings);
	}
	return right;
}

/* All that plan_build() is made from, for one entry. */
struct entry_plan {
	struct buffer text;
	struct spec spec;
	struct environment environment;
	struct request request;
	struct inventory inventory;
	struct plan plan;
	struct messages messages;
	struct error why;
};

static void entry_plan_free(struct entry_plan *it)
{
	plan_free(&it->plan);
	inventory_free(&it->inventory);
	request_free(&it->request);
	environment_free(&it->environment);
	spec_free(&it->spec);
	messages_free(&it->messages);
	error_free(&it->why);
	buffer_free(&it->text);
}

/* As hook_plan() does it, without waiting and without binding. */
static void plan_entry(const struct hook_run *run, const struct device_map *map,
		       const struct map_entry *entry, struct entry_plan *ret)
{
	const struct annotation none = { 0 };
	const struct request_policy policy = { UNMAPPED_AUTO, BY_ADDRESS_REFUSE, false };
	const struct plan_input input = {
		.spec = &ret->spec,
		.environment = &ret->environment,
		.map = map,
		.annotation = &none,
		.request = &ret->request,
		.inventory = &ret->inventory,
		.require_host_dev = run->settings.require_host_dev,
	};
	int r;

	map_check_spec(entry, &ret->text);
	r = spec_parse("config.json", buffer_slice(&ret->text), &run->settings.prefixes,
		       &ret->spec, &ret->why);
	if (r < 0)
		return;
	environment_parse(&ret->spec, &ret->environment);
	r = request_build(&ret->spec, &ret->environment, map, &none, &policy,
			  &ret->request, &ret->why);
	if (r == 0)
		r = sysfs_look_up(&run->sysroot, &ret->request, &ret->inventory,
				  &ret->why);
	if (r == 0)
		plan_build(&input, &ret->plan, &ret->messages, &ret->why);
}

static struct map_check_entry entry_of(const struct map_entry *entry,
				       const struct entry_plan *plan)
{
	return (struct map_check_entry) { .entry = entry,
					  .request = &plan->request,
					  .inventory = &plan->inventory,
					  .why = plan->why.message,
					  .messages = &plan->messages };
}

static void check_entries(const struct hook_run *run, const struct device_map *map,
			  const struct survey *survey, bool has_driverctl,
			  struct findings *findings)
{
	auto_map_check check = { .survey = survey,
				 .has_driverctl = has_driverctl,
				 .binds = run->settings.bind };
	auto_free struct entry_plan *plans = array_zalloc(map->n_entries, plans);

	for (size_t i = 0; i < map->n_entries; i++) {
		struct map_check_entry entry;

		plan_entry(run, map, &map->entries[i], &plans[i]);
		entry = entry_of(&map->entries[i], &plans[i]);
		map_check_take(&check, &entry);
	}
	map_check_arrange(&check);
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_check_entry entry =
			entry_of(&map->entries[i], &plans[i]);

		map_check_entry(&check, &entry, findings);
		entry_plan_free(&plans[i]);
	}
	map_check_protection(map, findings);
}

static bool raises_memory_lock(const struct device_map *map)
{
	size_t n_vfio = 0;

	for (size_t i = 0; i < map->n_entries; i++) {
		n_vfio += map->entries[i].type == DEVICE_VFIO_PCI;
		if (map->entries[i].type == DEVICE_VFIO_PCI && !map->entries[i].memlock)
			return false;
	}
	return n_vfio > 0;
}

bool check_maps(struct hook_run *run, const struct survey *survey, bool has_driverctl,
		struct findings *findings)
{
	auto_device_map map = { 0 };
	auto_messages messages = { 0 };
	auto_names first = { 0 }, second = { 0 };
	auto_error why = { 0 };
	bool right;
	int r;

	right = check_directory(run, map_source_directories[0], &second, &first,
				findings);
	right &= check_directory(run, map_source_directories[1], &first, &second,
				 findings);
	r = map_source_add_machine(&run->sysroot, &run->settings.sources, &map, &messages,
				   &why);
	if (r < 0 && right)
		findings_add_message(findings, level_of(&why, false), topic, why.message,
				     NULL);
	if (r < 0)
		return false;
	add_warnings(&messages, findings);
	if (!map.exists)
		findings_add(
			findings, FINDING_OK, topic,
			"none: the VFIO devices of a spec are taken for this machine's own");
	else
		check_entries(run, &map, survey, has_driverctl, findings);
	return raises_memory_lock(&map);
}
