/* SPDX-License-Identifier: Apache-2.0 */
/* The story of `exec --process`. */
#include "oci-vfio-hook/process.h"

#include "hook_internal.h"

static int open_process(struct hook_run *run, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	auto_free char *directory =
		slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	int r = bundle_open(directory, slash ? slash + 1 : path, &run->bundle, err);

	if (r < 0)
		return r;
	/* The engine's own file, often in a directory that others share. */
	run->shared = true;
	return spec_parse_process(run->bundle.name,
				  (struct slice) { run->bundle.text, run->bundle.length },
				  &run->settings.prefixes, &run->spec, err);
}

/* Reads the spec of the container and what was done to it. False where that isn't known,
 * whatever the reason: then the machine's maps decide. */
static bool read_container(const struct hook_run *run,
			   const struct container_reference *container,
			   struct hook_run *ret)
{
	auto_free char *bundle = container_bundle_find(container);
	auto_error ignored = { 0 };

	ret->sysroot = run->sysroot;
	if (!bundle || bundle_open(bundle, "config.json", &ret->bundle, &ignored) < 0 ||
	    spec_parse(ret->bundle.name,
		       (struct slice) { ret->bundle.text, ret->bundle.length },
		       &run->settings.prefixes, &ret->spec, &ignored) < 0)
		return false;
	hook_read_annotation(ret);
	return ret->annotation.n_addresses > 0 || ret->annotation.n_nodes > 0;
}

int process_plan(struct hook_run *run, const char *path,
		 const struct container_reference *container, struct error *err)
{
	const struct hook_options options = { 0 };
	/* Not freed, as no run is. */
	struct hook_run created = HOOK_RUN_INIT;
	int r = open_process(run, path, err);

	if (r < 0)
		return r;
	if (run->spec.n_variables > 0 && read_container(run, container, &created)) {
		environment_parse(&run->spec, &run->environment);
		plan_process(&run->spec, &run->environment, &created.spec,
			     &created.annotation, &run->plan, &run->messages);
	} else {
		r = hook_plan_spec(run, &options, HOOK_START, err);
	}
	return r < 0 ? r : plan_splices(&run->plan, &run->spec, &run->splices, err);
}
