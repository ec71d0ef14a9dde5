/* The story of one run.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/hook.h"

#include "oci-vfio-hook/map_source.h"
#include "oci-vfio-hook/sysfs.h"
#include "oci-vfio-hook/token.h"

int hook_configure(struct hook_run *run, const struct hook_options *options,
		   struct error *err)
{
	const char *path = options->config ? options->config : CONFIG_PATH;
	auto_free char *text = NULL;
	auto_error missing = { 0 };
	size_t length;
	int r;

	settings_init(&run->settings);
	r = machine_open(options->root, &run->machine, err);
	if (r < 0)
		return r;
	r = trusted_file_read(options->config ? NULL : &run->machine, path, &text,
			      &length, options->config ? err : &missing);
	if (r < 0 && !options->config && missing.class == ERROR_NO_INPUT)
		return 0;
	if (r < 0 && !options->config)
		return error_set(err, missing.class, "%s", missing.message);
	if (r < 0)
		return r;
	return settings_parse(path, (struct slice) { text, length }, &run->settings, err);
}

/* What earlier runs did, if the annotation is ours. */
static int read_applied(struct hook_run *run, struct error *err)
{
	char token[TOKEN_LENGTH + 1];
	int r;

	if (!run->spec.has_applied)
		return 0;
	r = token_read(&run->machine, token, err);
	if (r < 0)
		return r;
	if (applied_parse(run->spec.applied, r == 0 ? token : NULL, &run->applied) > 0)
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"%s: the annotation " APPLIED_KEY
			" is not of this machine since its boot; it counts as absent",
			run->spec.json.name);
	return 0;
}

static int read_maps(struct hook_run *run, const struct hook_options *options,
		     struct error *err)
{
	int r = map_source_add_options(options->maps, options->n_maps, &run->map,
				       &run->messages, err);

	/* A container that asks for nothing of ours is never stopped by a broken machine
	 * map. */
	if (r < 0 || !request_may_need_map(&run->spec, &run->environment, &run->applied))
		return r;
	return map_source_add_machine(&run->machine, run->settings.fw_cfg, &run->map,
				      &run->messages, err);
}

static int make_plan(struct hook_run *run, struct error *err)
{
	const struct plan_input input = {
		.spec = &run->spec,
		.environment = &run->environment,
		.map = &run->map,
		.applied = &run->applied,
		.request = &run->request,
		.guest = &run->guest,
		.unmapped = run->settings.unmapped,
	};
	int r = request_build(&run->spec, &run->environment, &run->map, &run->applied,
			      &run->request, err);

	if (r == 0)
		r = sysfs_look_up(&run->machine, &run->request, &run->guest, err);
	if (r == 0)
		r = plan_build(&input, &run->plan, err);
	return r;
}

/* The annotation with this boot's token. Without one it is better left out: a container
 * that starts is worth more than a second run that knows of the first. */
static void add_applied(struct hook_run *run, enum hook_purpose purpose)
{
	char token[TOKEN_LENGTH + 1] = "";
	auto_error err = { 0 };

	if (run->plan.n_changes == 0)
		return;
	if (purpose == HOOK_WRITE && token_make(&run->machine, token, &err) < 0) {
		messages_add(&run->messages, MESSAGE_WARNING,
			     "no annotation " APPLIED_KEY
			     " is added, for want of a token: %s",
			     err.message);
		return;
	}
	plan_add_applied(&run->plan, &run->spec, token);
}

/* Parses the new text again: is it what was planned? */
static int verify(struct hook_run *run, struct error *err)
{
	auto_buffer text = { 0 };
	auto_error again = { 0 };
	auto_spec after = { 0 };

	if (run->plan.n_changes == 0)
		return 0;
	splices_apply(&run->splices, run->spec.json.text, &text);
	if (spec_parse(run->spec.json.name, buffer_slice(&text), &run->settings.prefixes,
		       &after, &again) < 0)
		return error_set(
			err, ERROR_INTERNAL,
			"the edited text is no spec (%s); nothing was written, please "
			"report this with the spec",
			again.message);
	return plan_verify(&run->plan, &run->spec, &after, err);
}

int hook_plan_bundle(struct hook_run *run, const struct hook_options *options,
		     const char *bundle, enum hook_purpose purpose, struct error *err)
{
	struct slice text;
	int r = bundle_open(bundle, "config.json", purpose == HOOK_WRITE, &run->bundle,
			    err);

	if (r < 0)
		return r;
	text = (struct slice) { run->bundle.text, run->bundle.length };
	r = spec_parse(run->bundle.name, text, &run->settings.prefixes, &run->spec, err);
	if (r == 0)
		r = read_applied(run, err);
	if (r < 0)
		return r;
	environment_parse(&run->spec, &run->environment);
	r = read_maps(run, options, err);
	if (r == 0)
		r = make_plan(run, err);
	if (r < 0)
		return r;
	add_applied(run, purpose);
	r = plan_splices(&run->plan, &run->spec, &run->splices, err);
	if (r == 0)
		r = verify(run, err);
	return r;
}

static struct iovec part(const char *data, size_t length)
{
	return (struct iovec) { .iov_base = (void *)(uintptr_t)data, .iov_len = length };
}

int hook_write(struct hook_run *run, const char *output, struct error *err)
{
	const struct splices *splices = &run->splices;
	const struct slice text = run->spec.json.text;
	auto_free struct iovec *parts = NULL;
	size_t at = 0, n = 0;

	if (splices->count == 0 && !output)
		return 0;
	/* Pieces of the old text and the edits between them, so that there is no second
	 * copy of the text. */
	parts = memory_zalloc((2 * splices->count + 1) * sizeof *parts);
	for (size_t i = 0; i < splices->count; i++) {
		const struct splice *splice = &splices->items[i];

		parts[n++] = part(text.data + at, splice->start - at);
		parts[n++] = part(splice->with, splice->length);
		at = splice->end;
	}
	parts[n++] = part(text.data + at, text.length - at);
	if (output)
		return bundle_write_to(&run->bundle, output, parts, n, err);
	return bundle_replace(&run->bundle, parts, n, err);
}

void hook_run_free(struct hook_run *run)
{
	messages_free(&run->messages);
	splices_free(&run->splices);
	plan_free(&run->plan);
	guest_free(&run->guest);
	request_free(&run->request);
	device_map_free(&run->map);
	applied_free(&run->applied);
	environment_free(&run->environment);
	spec_free(&run->spec);
	bundle_close(&run->bundle);
	settings_free(&run->settings);
	machine_close(&run->machine);
}
