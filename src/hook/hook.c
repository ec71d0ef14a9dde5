/* SPDX-License-Identifier: Apache-2.0 */
/* The story of one run. */
#include "hook_internal.h"

#include <errno.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/map_source.h"
#include "oci-vfio-hook/remapping.h"
#include "oci-vfio-hook/token.h"
#include "oci-vfio-hook/trusted_file.h"

int hook_configure(struct hook_run *run, const struct hook_options *options,
		   struct error *err)
{
	const char *path = options->config ? options->config : CONFIG_PATH;
	auto_free char *text = NULL, *name = NULL;
	size_t length;
	int r;

	settings_init(&run->settings);
	run->settings.remedies = options->remedies;
	r = sysroot_open(options->root, &run->sysroot, err);
	if (r < 0)
		return r;
	r = trusted_file_read(options->config ? NULL : &run->sysroot, path, &text,
			      &length, err);
	if (r != 0)
		return r < 0 ? r : 0;
	name = options->config ? path_display(path)
			       : sysroot_display(&run->sysroot, path);
	return settings_parse(name, (struct slice) { text, length }, &run->settings, err);
}

/* What tells the container from others. Without a bundle there may be nothing. */
static struct annotation_binding binding_of(const struct hook_run *run)
{
	struct annotation_binding binding = { .cgroups_path = run->spec.cgroups_path,
					      .root_path = run->spec.root_path };
	struct stat status;

	if (annotation_needs_bundle(&binding) && run->bundle.directory >= 0 &&
	    fstat(run->bundle.directory, &status) == 0) {
		binding.has_bundle = true;
		binding.device = status.st_dev;
		binding.inode = status.st_ino;
	}
	return binding;
}

void hook_read_annotation(struct hook_run *run)
{
	struct annotation_binding binding;
	auto_annotation annotation = { 0 };
	uint8_t key[SIPHASH_KEY_SIZE];
	auto_error err = { 0 };
	int r;

	if (!run->spec.has_annotation)
		return;
	binding = binding_of(run);
	r = token_read(&run->sysroot, key, &err);
	if (r < 0)
		messages_add(&run->messages, MESSAGE_WARNING,
			     "no annotation " ANNOTATION_KEY " can be checked: %s",
			     err.message);
	r = annotation_parse(run->spec.annotation, r == 0 ? key : NULL, &binding,
			     &annotation);
	*(r == 0 ? &run->annotation : &run->claimed) = take_struct(annotation);
	if (r != 0)
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"%s: the annotation " ANNOTATION_KEY
			" was not written for this container on this machine since it booted; ignored",
			run->spec.doc.name);
}

static void read_environment(struct hook_run *run)
{
	environment_parse(&run->spec, &run->environment);
	environment_mark_done(&run->environment, &run->annotation);
}

static int parse_spec(const struct hook_run *run, const char *name, struct slice text,
		      struct spec *ret, struct error *err)
{
	return run->far_mounts
		       ? spec_parse(name, text, &run->settings.prefixes, ret, err)
		       : spec_parse_near(name, text, &run->settings.prefixes, ret, err);
}

/* What was left out of the spec may matter, now that the maps are known. */
static int read_far_mounts(struct hook_run *run, struct error *err)
{
	const struct slice text = run->spec.doc.text;
	const char *name = run->spec.doc.name;
	int r;

	if (run->spec.process_only || run->far_mounts ||
	    !request_needs_far_mounts(&run->map, &run->annotation))
		return 0;
	run->far_mounts = true;
	environment_free(&run->environment);
	spec_free(&run->spec);
	r = parse_spec(run, name, text, &run->spec, err);
	if (r == 0)
		read_environment(run);
	return r;
}

static int read_maps(struct hook_run *run, const struct hook_options *options,
		     struct error *err)
{
	int r = map_source_add_options(options->maps, options->n_maps, &run->map,
				       &run->messages, err);
	auto_device_map machine = { 0 };
	auto_error broken = { 0 };

	if (r < 0 ||
	    !request_may_need_map(&run->spec, &run->environment, &run->annotation))
		return r;
	if (run->map.exists ||
	    request_needs_map(&run->spec, &run->environment, &run->annotation))
		return map_source_add_machine(&run->sysroot, &run->settings.sources,
					      &run->map, &run->messages, err);
	/* A container that asks for no device is never stopped by a machine map that is
	 * broken, or that somebody could have written. */
	r = map_source_add_machine(&run->sysroot, &run->settings.sources, &machine,
				   &run->messages, &broken);
	if (r == 0)
		run->map = take_struct(machine);
	else
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"%s; this container asks for nothing that a map is needed for",
			broken.message);
	return 0;
}

static int make_plan(struct hook_run *run, const struct hook_options *options,
		     enum hook_purpose purpose, struct error *err)
{
	struct plan_input input = {
		.spec = &run->spec,
		.environment = &run->environment,
		.map = &run->map,
		.annotation = &run->annotation,
		.request = &run->request,
		.inventory = &run->inventory,
		.unmapped = run->settings.unmapped,
		.remedies = run->settings.remedies,
		.by_address = run->settings.by_address,
		.leftover = run->settings.leftover,
		.require_host_dev = run->settings.require_host_dev,
		.bind = run->settings.bind,
		.explain = purpose == HOOK_SHOW,
		.result = purpose != HOOK_START || options->created,
	};
	const struct request_policy policy = { run->settings.unmapped,
					       run->settings.by_address,
					       run->settings.match };
	int r = request_build(&run->spec, &run->environment, &run->map, &run->annotation,
			      &policy, &run->request, err);

	return r < 0 ? r : hook_look(run, &input, err);
}

/* The annotation, proven by this boot's token. Returns why there is none, which the caller
 * frees, or NULL. */
static char *add_proven_annotation(struct hook_run *run)
{
	const struct annotation_binding binding = binding_of(run);
	uint8_t key[SIPHASH_KEY_SIZE];
	auto_error err = { 0 };

	if (!annotation_can_bind(&binding))
		return xstrdup(
			"nothing in the spec tells the container from others (neither linux.cgroupsPath nor an absolute root.path)");
	if (token_make(&run->sysroot, key, &err) < 0)
		return take_ptr(err.message);
	plan_add_annotation(&run->plan, &run->spec, key, &binding);
	return NULL;
}

/* A container that starts is worth more than a second run that knows of the first, unless
 * that would give it another device. */
static int add_annotation(struct hook_run *run, enum hook_purpose purpose,
			  struct error *err)
{
	const struct annotation_binding unbound = { 0 };
	auto_free char *why = NULL;
	int r;

	if (run->plan.n_changes == 0)
		return 0;
	if (purpose == HOOK_SHOW) {
		plan_add_annotation(&run->plan, &run->spec, NULL, &unbound);
		return 0;
	}
	why = add_proven_annotation(run);
	if (!why)
		return 0;
	r = remapping_check_plan(&run->spec, &run->environment, &run->map, &run->plan,
				 why, err);
	if (r == 0)
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"no annotation " ANNOTATION_KEY
			" is written, so another front end would not know what is done: %s",
			why);
	return r;
}

/* Parses the new text again: is it what was planned? */
static int verify(struct hook_run *run, struct error *err)
{
	auto_buffer text = { 0 };
	auto_error again = { 0 };
	auto_spec after = { 0 };

	if (run->plan.n_changes == 0)
		return 0;
	splices_apply(&run->splices, run->spec.doc.text, &text);
	if (parse_spec(run, run->spec.doc.name, buffer_slice(&text), &after, &again) < 0)
		return error_set(
			err, ERROR_INTERNAL,
			"the edited text is not a spec (%s); nothing was written, please report this with the spec",
			again.message);
	return plan_verify(&run->plan, &run->spec, &after, err);
}

int hook_plan_spec(struct hook_run *run, const struct hook_options *options,
		   enum hook_purpose purpose, struct error *err)
{
	int r;

	hook_read_annotation(run);
	read_environment(run);
	r = read_maps(run, options, err);
	if (r == 0)
		r = read_far_mounts(run, err);
	if (r == 0)
		r = remapping_check_claim(&run->spec, &run->environment, &run->map,
					  &run->claimed, err);
	return r < 0 ? r : make_plan(run, options, purpose, err);
}

/* Arguments and environment of a created container's first process have been read by the
 * runtime: nobody changes them now. */
static int check_arguments(struct hook_run *run, struct error *err)
{
	const struct plan_replaced *replaced = &run->plan.replaced[SPEC_TEXTS_ARGS];

	if (replaced->count == 0)
		return 0;
	if (!run->settings.env_warn) {
		auto_free char *accept =
			remedy_setting(run->settings.remedies, "env", "warn");

		return error_set(
			err, ERROR_DATA,
			"%s: process.args[%zu]: the arguments have to change, which is too late at this stage: " HOOK_EARLIER
			"; or accept it with %s",
			run->spec.doc.name, replaced->first, accept);
	}
	messages_add(
		&run->messages, MESSAGE_WARNING,
		"%s: the arguments of the container's first process keep the host's names: " HOOK_EARLIER,
		run->spec.doc.name);
	return 0;
}

static int check_environment(struct hook_run *run, struct error *err)
{
	const struct env_changes *env = &run->plan.env;
	const struct plan_replaced *replaced = &run->plan.replaced[SPEC_TEXTS_ENV];

	if (env->count == 0 && replaced->count == 0)
		return 0;
	if (!run->settings.env_warn) {
		auto_free char *accept =
			remedy_setting(run->settings.remedies, "env", "warn");

		return error_set(
			err, ERROR_DATA,
			"%s: process.env[%zu]: the environment has to change, which is too late at this stage: " HOOK_EARLIER
			"; or accept it with %s",
			run->spec.doc.name,
			env->count ? env->items[0].variable->source->index
				   : replaced->first,
			accept);
	}
	messages_add(
		&run->messages, MESSAGE_WARNING,
		"%s: the environment of the container's first process keeps the host's addresses: " HOOK_EARLIER,
		run->spec.doc.name);
	return 0;
}

int hook_plan(struct hook_run *run, const struct hook_options *options, const char *name,
	      struct slice text, enum hook_purpose purpose, struct error *err)
{
	const size_t many = 256; /* places: for fewer it isn't worth the calls */
	int r = parse_spec(run, name, text, &run->spec, err);

	if (r == 0)
		r = hook_plan_spec(run, options, purpose, err);
	/* Only who shows the plan asks for them. */
	if (r == 0 && purpose == HOOK_START &&
	    run->spec.n_devices + run->spec.n_mounts + run->spec.n_variables > many) {
		inventory_free(&run->inventory);
		request_free(&run->request);
	}
	if (r == 0 && options->created)
		r = check_arguments(run, err);
	if (r == 0 && options->created)
		r = check_environment(run, err);
	if (r == 0)
		hook_tell_of_memory_lock(run, options->created, purpose == HOOK_START);
	if (r == 0)
		r = add_annotation(run, purpose, err);
	if (r == 0)
		r = plan_splices(&run->plan, &run->spec, &run->splices, err);
	return r < 0 || purpose == HOOK_START ? r : verify(run, err);
}

int hook_plan_bundle(struct hook_run *run, const struct hook_options *options,
		     const char *bundle, const char *file, enum hook_purpose purpose,
		     struct error *err)
{
	int r = bundle_open(bundle, file, &run->bundle, err);

	if (r < 0)
		return r;
	run->options = *options;
	run->purpose = purpose;
	run->n_said = run->messages.count;
	return hook_plan_text(run, err);
}

int hook_plan_text(struct hook_run *run, struct error *err)
{
	const struct slice text = { run->bundle.text, run->bundle.length };

	return hook_plan(run, &run->options, run->bundle.name, text, run->purpose, err);
}

void hook_forget_plan(struct hook_run *run)
{
	binding_free(&run->binding);
	splices_free(&run->splices);
	plan_free(&run->plan);
	inventory_free(&run->inventory);
	request_free(&run->request);
	device_map_free(&run->map);
	annotation_free(&run->annotation);
	annotation_free(&run->claimed);
	environment_free(&run->environment);
	spec_free(&run->spec);
	messages_cut(&run->messages, run->n_said);
	/* Another text may name other functions. */
	hook_put_back(run);
}

int hook_check_restore(const struct hook_run *run, struct error *err)
{
	for (size_t i = 0; i < run->plan.n_nodes; i++) {
		const struct plan_node *node = &run->plan.nodes[i];
		auto_free char *path = text_quote(slice_from(
			node->container_path ? node->container_path : node->final_path));

		if (plan_node_changes(node))
			return error_set(
				err, ERROR_UNAVAILABLE,
				"%s: device %s would have to change, but a restored container has the nodes that it was checkpointed with; restore the bundle that it ran with, whose annotation " ANNOTATION_KEY
				" says what it has, or start a new container",
				run->spec.doc.name, path);
	}
	return 0;
}

struct report hook_report(const struct hook_run *run)
{
	return (struct report) { .name = run->bundle.name,
				 .plan = &run->plan,
				 .splices = &run->splices,
				 .binding = &run->binding,
				 .messages = &run->messages,
				 .spec = &run->spec,
				 .environment = &run->environment,
				 .map = &run->map,
				 .annotation = &run->annotation,
				 .request = &run->request,
				 .inventory = &run->inventory };
}

struct log_record hook_summarize(const struct hook_run *run, const struct error *err,
				 uint64_t started)
{
	struct log_record record = { .level = MESSAGE_DEBUG,
				     .is_last = true,
				     .duration_us = clock_read() - started };

	if (err->class != ERROR_NONE) {
		record.level = MESSAGE_ERROR;
		record.text = err->message;
		return record;
	}
	if (run->plan.n_changes)
		record.level = MESSAGE_INFO;
	record.plan = &run->plan;
	record.changes = run->plan.n_changes;
	return record;
}
