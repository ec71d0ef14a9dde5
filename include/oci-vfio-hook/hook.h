/* The story of one run: spec and maps in, look, plan, act. Prints nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_HOOK_H
#define OCI_VFIO_HOOK_HOOK_H

#include "oci-vfio-hook/bundle.h"
#include "oci-vfio-hook/plan.h"
#include "oci-vfio-hook/settings.h"

/* What the user asked for; everything is borrowed. */
struct hook_options {
	const char *root;	 /* --root; NULL: the machine itself */
	const char *config;	 /* --config; NULL: CONFIG_PATH, if it is there */
	const char *const *maps; /* --device-map */
	size_t n_maps;
};

/* One run. Initialise with HOOK_RUN_INIT; its parts are filled as the story goes. */
struct hook_run {
	struct machine machine;
	struct settings settings;
	struct bundle bundle;
	struct spec spec;
	struct environment environment;
	struct applied applied;
	struct device_map map;
	struct request request;
	struct guest guest;
	struct plan plan;
	struct splices splices;
	struct messages messages; /* of every step but the plan */
};

#define auto_hook_run __attribute__((cleanup(hook_run_free))) struct hook_run
#define HOOK_RUN_INIT                                                                    \
	{                                                                                \
		.machine = MACHINE_INIT, .bundle = BUNDLE_INIT                           \
	}

/* Opens the machine and reads the configuration into run->settings, which the caller may
 * then override. */
int hook_configure(struct hook_run *run, const struct hook_options *options,
		   struct error *err);

/* What the run is for. */
enum hook_purpose {
	HOOK_SHOW,  /* nothing on the machine is changed, no token is made */
	HOOK_WRITE, /* the bundle is locked, the annotation gets this boot's token */
};

/* Opens the bundle and makes the plan and its edits; nothing is written yet. Parses the
 * new text again and compares it with the plan. */
int hook_plan_bundle(struct hook_run *run, const struct hook_options *options,
		     const char *bundle, enum hook_purpose purpose, struct error *err);

/* Writes the new text to config.json, if it differs, or, with `output`, always there. */
int hook_write(struct hook_run *run, const char *output, struct error *err);

void hook_run_free(struct hook_run *run);

#endif
