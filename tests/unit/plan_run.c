/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the whole model without a machine. */
#include "plan_run.h"

#include "oci-vfio-hook/hex.h"
#include "oci-vfio-hook/remapping.h"
#include "oci-vfio-hook/settings.h"

int plan_run_parse(struct slice text, struct spec *ret, struct error *err)
{
	auto_settings settings = { 0 };

	settings_init(&settings);
	return spec_parse("config.json", text, &settings.prefixes, ret, err);
}

static int read_maps(const struct plan_run_input *input, struct plan_run *run,
		     struct error *err)
{
	int r = 0;

	if (input->map.data)
		r = device_map_add(&run->map, MAP_SOURCE_OPTION, "map.json", input->map,
				   &run->messages, err);
	if (r == 0)
		r = device_map_close_source(&run->map, &run->messages, err);
	if (r < 0 || !input->machine_map.data ||
	    !request_may_need_map(&run->spec, &run->environment, &run->annotation))
		return r;
	r = device_map_add(&run->map, MAP_SOURCE_DIRECTORY, "devices.d/a.json",
			   input->machine_map, &run->messages, err);
	return r < 0 ? r : device_map_close_source(&run->map, &run->messages, err);
}

static int make_plan(const struct plan_run_input *input, struct plan_run *run,
		     struct error *err)
{
	const struct plan_input all = {
		.spec = &run->spec,
		.environment = &run->environment,
		.map = &run->map,
		.annotation = &run->annotation,
		.request = &run->request,
		.inventory = &run->inventory,
		.unmapped = input->unmapped,
		.by_address = input->by_address,
		.leftover = input->leftover,
		.require_host_dev = input->require_host_dev,
		.explain = !input->brief,
		.result = true,
		.bind = input->bind,
		.waiting = input->waiting,
	};
	const struct request_policy policy = { input->unmapped, input->by_address,
					       input->match };
	int r = request_build(&run->spec, &run->environment, &run->map, &run->annotation,
			      &policy, &run->request, err);

	if (r < 0)
		return r;
	input->answer(input->sysroot, &run->request, &run->inventory);
	return plan_build(&all, &run->plan, &run->messages, err);
}

static void read_annotation(struct plan_run *run, const uint8_t *key,
			    const struct annotation_binding *binding)
{
	auto_annotation annotation = { 0 };

	if (!run->spec.has_annotation)
		return;
	run->had_applied =
		annotation_parse(run->spec.annotation, key, binding, &annotation) == 0;
	*(run->had_applied ? &run->annotation : &run->claimed) = take_struct(annotation);
}

int plan_run(const struct plan_run_input *input, struct plan_run *ret, struct error *err)
{
	struct annotation_binding binding;
	uint8_t key[SIPHASH_KEY_SIZE];
	int r = plan_run_parse(input->spec, &ret->spec, err);

	if (r == 0)
		r = hex_parse(SLICE(PLAN_RUN_TOKEN), key, sizeof key);
	if (r < 0)
		return r;
	binding =
		(struct annotation_binding) { ret->spec.cgroups_path, ret->spec.root_path,
					      true, PLAN_RUN_DEVICE, PLAN_RUN_INODE };
	read_annotation(ret, key, &binding);
	environment_parse(&ret->spec, &ret->environment);
	environment_mark_done(&ret->environment, &ret->annotation);
	r = read_maps(input, ret, err);
	if (r == 0)
		r = remapping_check_claim(&ret->spec, &ret->environment, &ret->map,
					  &ret->claimed, err);
	if (r == 0)
		r = make_plan(input, ret, err);
	if (r < 0)
		return r;
	if (input->annotate)
		plan_add_annotation(&ret->plan, &ret->spec, input->show ? NULL : key,
				    &binding);
	r = plan_splices(&ret->plan, &ret->spec, &ret->splices, err);
	if (r == 0)
		splices_apply(&ret->splices, input->spec, &ret->text);
	return r;
}

void plan_run_free(struct plan_run *run)
{
	buffer_free(&run->text);
	splices_free(&run->splices);
	plan_free(&run->plan);
	inventory_free(&run->inventory);
	request_free(&run->request);
	messages_free(&run->messages);
	annotation_free(&run->annotation);
	annotation_free(&run->claimed);
	device_map_free(&run->map);
	environment_free(&run->environment);
	spec_free(&run->spec);
}

/* Walks old and new text side by side, by the edits alone. */
static char *check_outside(const struct splices *splices, struct slice old,
			   struct slice value)
{
	size_t at = 0, new_at = 0;

	for (size_t i = 0; i <= splices->count; i++) {
		const struct splice *splice =
			i < splices->count ? &splices->items[i] : NULL;
		size_t start = splice ? splice->start : old.length;

		if (start < at || start > old.length ||
		    new_at + (start - at) > value.length ||
		    memcmp(old.data + at, value.data + new_at, start - at) != 0)
			return xasprintf("bytes differ before edit %zu", i);
		new_at += start - at;
		if (!splice)
			break;
		if (splice->end < splice->start || splice->end > old.length ||
		    new_at + splice->length > value.length ||
		    (splice->length &&
		     memcmp(value.data + new_at, splice->with, splice->length) != 0))
			return xasprintf("edit %zu is not in the new text", i);
		new_at += splice->length;
		at = splice->end;
	}
	if (new_at != value.length)
		return xasprintf("the new text is longer than its parts");
	return NULL;
}

char *plan_run_check(const struct plan_run *run)
{
	struct slice old = run->spec.doc.text, value = buffer_slice(&run->text);
	auto_error err = { 0 };
	auto_spec after = { 0 };

	if ((run->plan.n_changes == 0) != (run->splices.count == 0))
		return xasprintf("%zu changes made %zu edits", run->plan.n_changes,
				 run->splices.count);
	if (value.length != splices_length(&run->splices, old.length))
		return xasprintf("the new text has another length than foretold");
	if (plan_run_parse(value, &after, &err) < 0)
		return xasprintf("the new text is not a spec: %s", err.message);
	if (plan_verify(&run->plan, &run->spec, &after, &err) < 0)
		return xasprintf("%s", err.message);
	return check_outside(&run->splices, old, value);
}

char *plan_run_check_second(const struct plan_run_input *input,
			    const struct plan_run *run)
{
	struct plan_run_input again = *input;
	auto_plan_run second = { 0 };
	auto_error err = { 0 };

	again.spec = buffer_slice(&run->text);
	again.annotate = true;
	if (plan_run(&again, &second, &err) < 0)
		return xasprintf("the second run fails: %s", err.message);
	if (second.plan.n_changes == 0)
		return NULL;
	return xasprintf("the second run makes %zu changes: %s", second.plan.n_changes,
			 second.text.data);
}

struct report plan_run_report(const struct plan_run *run, const char *name)
{
	static const struct binding nothing = { 0 };

	return (struct report) { .name = name,
				 .plan = &run->plan,
				 .splices = &run->splices,
				 .binding = &nothing,
				 .messages = &run->messages,
				 .spec = &run->spec,
				 .environment = &run->environment,
				 .map = &run->map,
				 .annotation = &run->annotation,
				 .request = &run->request,
				 .inventory = &run->inventory };
}
