/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of an OCI runtime (runc, crun) as far as the wrapper must know it:
 * which file the runtime is going to read. Pure. */
#ifndef OCI_VFIO_HOOK_RUNTIME_CALL_H
#define OCI_VFIO_HOOK_RUNTIME_CALL_H

#include <stdbool.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

enum runtime_action {
	RUNTIME_PASS,	   /* nothing for us to do */
	RUNTIME_BUNDLE,	   /* create, run, restore: reads config.json of a bundle */
	RUNTIME_PROCESS,   /* exec --process FILE */
	RUNTIME_RESOURCES, /* update --resources FILE */
};

/* Strings are borrowed from argv. */
struct runtime_call {
	enum runtime_action action;
	const char *bundle;  /* RUNTIME_BUNDLE; default "." */
	const char *config;  /* RUNTIME_BUNDLE: the file in it; default "config.json" */
	const char *process; /* RUNTIME_PROCESS */
	/* RUNTIME_RESOURCES: the file, "-" for stdin. It is the end of argv[target_at]. */
	const char *resources;
	int target_at;
	/* For messages; NULL where they weren't reached, or there are none. */
	const char *subcommand, *container;
	const char *root; /* --root; NULL: not given */
	const char *log;  /* --log, without crun's "file:"; NULL: none */
	bool log_json;	  /* --log-format json */
};

/* Understands argv[1..argc). ERROR_USAGE for what can't be understood for sure: an option
 * before the subcommand that it doesn't know, one that could be another spelling of the
 * bundle's, the config's, the process's or the resources', a value that is missing. What
 * was understood until then is in *ret, so that the error can be logged; the action, too,
 * if it was the subcommand's options that weren't understood.
 *
 * `log` is never set by anything after the subcommand: that may be the container's. */
int runtime_call_parse(int argc, char *const *argv, struct runtime_call *ret,
		       struct error *err);

/* Where a runtime that was started with these arguments, each with a NUL after it as in
 * /proc/PID/cmdline, keeps its containers: the value of --root. The caller frees; NULL: it
 * doesn't say. */
char *runtime_call_find_root(struct slice command_line);

/* The runtime that a program of this name (argv[0]) runs: what follows "oci-vfio-" in its
 * last component; NULL for oci-vfio-runtime and any other name: the configuration
 * decides. */
const char *runtime_of_program(const char *program);

#endif
