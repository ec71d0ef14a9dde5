/* SPDX-License-Identifier: Apache-2.0 */
/* The story of check: reads facts, has them judged, and asks for a plan where a bundle is
 * named. */
#include "check_internal.h"

#include "oci-vfio-hook/kernel_facts.h"
#include "oci-vfio-hook/library.h"
#include "oci-vfio-hook/node_facts.h"
#include "oci-vfio-hook/process_check.h"
#include "oci-vfio-hook/process_limit.h"
#include "oci-vfio-hook/registration_facts.h"
#include "oci-vfio-hook/sysfs_survey.h"

static void check_configuration(const struct hook_run *run, const char *why,
				struct findings *findings)
{
	auto_free char *path = sysroot_display(&run->sysroot, CONFIG_PATH);
	auto_free char *correct = text_join("correct ", path, NULL);

	if (why)
		findings_add_message(findings, FINDING_FAILURE, "configuration", why,
				     correct);
}

static void check_kernel(const struct hook_run *run, struct findings *findings)
{
	struct kernel_facts facts;

	kernel_facts_read(&run->sysroot, &facts);
	kernel_check(&facts, findings);
	kernel_facts_free(&facts);
}

static void check_nodes(const struct hook_run *run, const struct survey *survey,
			bool has_driverctl, struct findings *findings)
{
	struct node_facts facts;

	group_check(survey, has_driverctl, findings);
	node_facts_read(&run->sysroot, survey, &facts);
	node_check(&facts, findings);
	node_facts_free(&facts);
}

static void check_engines(const struct hook_run *run, struct findings *findings)
{
	struct engine_facts engines[ENGINES];

	registration_facts_read(&run->sysroot, run->settings.runtime, engines);
	registration_check(engines, findings);
	for (size_t i = 0; i < ENGINES; i++)
		engine_facts_free(&engines[i]);
}

/* Of the system that runs, which a picture of another one says nothing of. */
static void check_processes(const struct hook_run *run, bool maps_raise,
			    struct findings *findings)
{
	struct process_facts facts = { .maps_raise_it = maps_raise };
	struct process_limit own;

	if (!run->sysroot.real)
		return;
	facts.memory_lock = process_limit_read(0, &own) == 0 ? own.soft : UINT64_MAX;
	for (size_t i = 0; i < PROCESS_LIBRARIES; i++)
		facts.has_library[i] = library_exists(process_libraries[i].soname);
	process_check(&facts, findings);
}

static bool has_driverctl(const struct hook_run *run)
{
	auto_close int fd =
		sysroot_openat(&run->sysroot, AT_FDCWD, "/usr/sbin/driverctl", O_PATH);

	return fd >= 0;
}

void check_machine(struct hook_run *run, const char *configuration,
		   struct findings *findings)
{
	const bool driverctl = has_driverctl(run);
	auto_survey survey = { 0 };
	auto_error why = { 0 };
	bool raised;

	check_kernel(run, findings);
	if (sysfs_survey(&run->sysroot, SURVEY_USE, &survey, &why) < 0)
		findings_add(findings, FINDING_UNKNOWN, "PCI",
			     "could not be measured: %s", why.message);
	else if (!survey.has_pci)
		findings_add(findings, FINDING_UNKNOWN, "PCI",
			     "could not be measured: there is no /sys/bus/pci");
	check_nodes(run, &survey, driverctl, findings);
	check_configuration(run, configuration, findings);
	raised = check_maps(run, &survey, driverctl, findings);
	check_engines(run, findings);
	check_processes(run, raised, findings);
}

#define TOPIC "container"

/* "/dev/vfio/45 -> /dev/vfio/3" for each device that changes. */
static void describe_plan(const struct plan *plan, struct buffer *ret)
{
	for (size_t i = 0; i < plan->n_nodes; i++) {
		const struct plan_node *node = &plan->nodes[i];

		if (!node->container_path)
			continue;
		buffer_printf(ret, "%s%s -> %s", ret->length ? ", " : "",
			      node->container_path,
			      node->final_path ? node->final_path : "removed");
	}
}

/* What the entry that the plan failed of needs has been found already, and more exactly. */
static const char *find_remedy(const struct hook_run *run, const char *why,
			       const struct findings *findings)
{
	const char *topic = NULL;

	for (size_t i = 0; i < run->map.n_entries && !topic; i++) {
		const struct map_entry *entry = &run->map.entries[i];

		if (slice_starts(slice_from(why), slice_from(entry->where)))
			topic = entry->container_path;
	}
	for (size_t i = 0; topic && i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->level == FINDING_FAILURE && finding->remedy &&
		    text_equal(finding->topic, topic))
			return finding->remedy;
	}
	return NULL;
}

static void add_failure(const struct hook_run *run, const char *why, const char *bundle,
			struct findings *findings)
{
	const char *known = find_remedy(run, why, findings);
	auto_free char *remedy = known ? xstrdup(known) : NULL;

	findings_add_message(findings, FINDING_FAILURE, TOPIC, why, NULL);
	if (remedy)
		findings_mend(findings, "%s", remedy);
	else if (!findings->items[findings->count - 1].remedy)
		findings_mend(findings, "oci-vfio-hook plan %s", bundle);
}

void check_bundle(struct hook_run *run, const struct hook_options *options,
		  const char *bundle, struct findings *findings)
{
	auto_free char *name = path_display(bundle);
	auto_buffer what = { 0 };
	auto_error why = { 0 };

	/* Nothing is waited for: it is asked why this can't start now. */
	run->settings.timeout = 0;
	if (hook_plan_bundle(run, options, bundle, "config.json", HOOK_SHOW, &why) < 0) {
		add_failure(run, why.message, name, findings);
		return;
	}
	for (size_t i = 0; i < run->messages.count; i++) {
		if (run->messages.items[i].level == MESSAGE_WARNING) {
			findings_add_message(findings, FINDING_WARNING, TOPIC,
					     run->messages.items[i].text, NULL);
			if (!findings->items[findings->count - 1].remedy)
				findings_mend(findings, "oci-vfio-hook plan -v %s", name);
		}
	}
	describe_plan(&run->plan, &what);
	if (run->binding.count)
		findings_add(findings, FINDING_OK, TOPIC,
			     "--bind gives vfio-pci to %zu of its functions first",
			     run->binding.count);
	else if (run->plan.n_changes == 0)
		findings_add(findings, FINDING_OK, TOPIC, "nothing to change");
	else
		findings_add(findings, FINDING_OK, TOPIC, "%zu change%s%s%s",
			     run->plan.n_changes, run->plan.n_changes == 1 ? "" : "s",
			     what.length ? ": " : "", what.length ? what.data : "");
}
