/* SPDX-License-Identifier: Apache-2.0 */
/* The story of one run: spec and maps in, look, plan, act. Prints nothing. */
#ifndef OCI_VFIO_HOOK_HOOK_H
#define OCI_VFIO_HOOK_HOOK_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/bundle.h"
#include "oci-vfio-hook/function_driver.h"
#include "oci-vfio-hook/log.h"
#include "oci-vfio-hook/plan.h"
#include "oci-vfio-hook/report.h"
#include "oci-vfio-hook/settings.h"
#include "oci-vfio-hook/state.h"
#include "oci-vfio-hook/survey.h"

/* What the user asked for; everything is borrowed. */
struct hook_options {
	const char *root;	 /* --root; NULL: the machine itself */
	const char *config;	 /* --config; NULL: CONFIG_PATH, if it is there */
	const char *const *maps; /* --device-map */
	size_t n_maps;
	bool created; /* the container is: too late for its first process's environment */
	enum remedy_style remedies; /* how messages name settings */
};

/* What to do where that is too late. */
#define HOOK_EARLIER                                                                     \
	"use a front end that acts before: precreate (podman), the wrapper "             \
	"oci-vfio-runtime, or apply"

/* What the run is for. */
enum hook_purpose {
	HOOK_SHOW,    /* nothing on the machine is changed, no token is made */
	HOOK_BY_HAND, /* the annotation is proven by this boot's token, which may be made */
	HOOK_START,   /* the same, at a container's start: not parsed again */
};

/* One run. Initialise with HOOK_RUN_INIT; its parts are filled as the story goes. Nothing
 * frees them: with the run the process ends, or becomes the runtime. */
struct hook_run {
	struct sysroot sysroot;
	struct settings settings;
	char *configuration_error; /* why it isn't read, where that is told of; owned */
	struct bundle bundle;
	struct state state; /* of a stage that gets one */
	char *input;	    /* what a caller read for a run without a bundle; owned */
	struct spec spec;   /* borrows the bundle's or the caller's text */
	struct environment environment;
	struct annotation annotation; /* what earlier runs did */
	struct annotation claimed;    /* what somebody says that they did */
	struct device_map map;
	struct request request;
	struct inventory inventory;
	struct binding binding; /* of a plan to be shown: it comes when this is done */
	struct bound_functions bound;
	uint64_t wait_end; /* hook_wait_end(); 0: not set yet */
	uint64_t deadline; /* of everything that is waited for, on the clock; 0: none */
	struct plan plan;
	struct splices splices;
	struct messages messages;
	/* How the plan for the bundle was made, and how many messages there were before. */
	struct hook_options options;
	enum hook_purpose purpose;
	size_t n_said;
	bool far_mounts; /* `spec` has those, too: see spec_parse_near() */
	bool shared; /* the file is in a directory of others: no lock is taken there */
};

#define HOOK_RUN_INIT                                                                    \
	{                                                                                \
		.sysroot = SYSROOT_INIT, .bundle = BUNDLE_INIT,                          \
		.bound = BOUND_FUNCTIONS_INIT                                            \
	}

/* Opens the machine and reads the configuration into run->settings, which the caller may
 * then override. */
int hook_configure(struct hook_run *run, const struct hook_options *options,
		   struct error *err);

/* The plan and its edits for the spec `text` (borrowed; `name` too, for messages).
 * Nothing is written yet. Except for HOOK_START the new text is parsed again and compared
 * with the plan. */
int hook_plan(struct hook_run *run, const struct hook_options *options, const char *name,
	      struct slice text, enum hook_purpose purpose, struct error *err);

/* The same for `file` (normally config.json) of a bundle, which is kept open. */
int hook_plan_bundle(struct hook_run *run, const struct hook_options *options,
		     const char *bundle, const char *file, enum hook_purpose purpose,
		     struct error *err);

/* Gives the functions that this run has bound back to the drivers that they had, where the
 * run failed. Says what came of it. */
void hook_put_back(struct hook_run *run);

/* What a program's function for want of memory does first: leaves nothing of the run in the
 * bundle, and no function with another driver. Takes no memory. */
void hook_abandon(struct hook_run *run);

/* ERROR_UNAVAILABLE if the plan would give a restored container other nodes than it was
 * checkpointed with: it keeps those, and its new cgroup refuses them. A bundle that was
 * mapped before, and says so by its annotation, has no such plan. */
int hook_check_restore(const struct hook_run *run, struct error *err);

/* If the plan for a bundle changes anything, takes the bundle's lock for hook_write().
 * Where config.json is no longer what was planned for, it is planned for again. (A run that
 * changes nothing takes no lock, and can't be held up by one.) ERROR_TIMEOUT: somebody else
 * holds it. Whoever does more than hook_write() with the plan must call it first. */
int hook_lock(struct hook_run *run, struct error *err);
/* Gives the lock back, and removes what hook_write() wrote and hook_commit() didn't put in
 * place. Takes no memory. */
void hook_unlock(struct hook_run *run);

/* Writes the new text, if it differs, beside the file that was opened: under the lock, which
 * is taken if it isn't held. */
int hook_write(struct hook_run *run, struct error *err);
/* Puts it in place, if it was written. Takes no memory: what was changed before then can
 * still be undone when it fails, and the caller adds to the error whether it was. */
int hook_commit(struct hook_run *run, struct error *err);
/* The same where nothing was, and the error says so. */
int hook_commit_alone(struct hook_run *run, struct error *err);
/* hook_write() and this, and hook_unlock(). */
int hook_replace(struct hook_run *run, struct error *err);
/* Writes it to another file, or to an open one, also if nothing changes. */
int hook_write_to(struct hook_run *run, const char *path, struct error *err);
int hook_write_fd(struct hook_run *run, int fd, const char *name, struct error *err);

/* What a person is told of the plan; borrows from the run. */
struct report hook_report(const struct hook_run *run);

/* The last line that a log gets of a run, which began at `started` (clock_read()): why it
 * failed, an error; what it changed, info; that there was nothing to change, only debug,
 * or each container of the machine would have such a line. Borrows from the run and the
 * error. */
struct log_record hook_summarize(const struct hook_run *run, const struct error *err,
				 uint64_t started);

/* For a person: looks at the whole machine of the configured run; `wanted` is of enum survey_want.
 * That there are no names or holders to be had is an info message. The caller frees *ret. */
int hook_survey(struct hook_run *run, unsigned int wanted, struct survey *ret,
		struct error *err);

/* Adds what the maps of this machine and of --device-map say of its devices: run->map. A map that
 * can't be used is a warning. */
void hook_survey_maps(struct hook_run *run, const struct hook_options *options,
		      struct survey *survey);

#endif
