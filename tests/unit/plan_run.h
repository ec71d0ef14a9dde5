/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the whole model without a machine: from the texts of spec and maps to the new
 * text of the spec, and the invariants of every such run. For unit tests and fuzzing;
 * knows nothing of cmocka. */
#ifndef TESTS_UNIT_PLAN_RUN_H
#define TESTS_UNIT_PLAN_RUN_H

#include "oci-vfio-hook/plan.h"
#include "oci-vfio-hook/report.h"

/* The token of this boot. */
#define PLAN_RUN_TOKEN "0123456789abcdef0123456789abcdef"

/* The bundle's directory, to which the annotation is bound. */
#define PLAN_RUN_DEVICE 1
#define PLAN_RUN_INODE 2

/* Answers a request as the edge does: functions and nodes at the request's indices, the
 * groups that are asked for, the control node's numbers. The arrays are allocated. */
typedef void plan_answer_fn(const void *sysroot, const struct request *request,
			    struct inventory *ret);

struct plan_run_input {
	struct slice spec;
	struct slice map;	  /* one --device-map; data NULL: none */
	struct slice machine_map; /* one file of devices.d; data NULL: none */
	enum unmapped_policy unmapped;
	enum by_address_policy by_address;
	enum leftover_policy leftover;
	bool require_host_dev;
	bool match;
	plan_answer_fn *answer;
	const void *sysroot;
	bool annotate; /* with our annotation */
	bool brief;    /* without explanations, as all runs that show nothing */
	bool show;     /* that without its code, as for a person */
	bool bind;
	bool waiting;
};

struct plan_run {
	struct spec spec;
	struct environment environment;
	struct device_map map;
	struct annotation annotation, claimed;
	bool had_applied; /* the spec had our annotation, with the right code */
	struct messages messages;
	struct request request;
	struct inventory inventory;
	struct plan plan;
	struct splices splices;
	struct buffer text; /* the new text */
};

#define auto_plan_run __attribute__((cleanup(plan_run_free))) struct plan_run

/* What hook_plan_bundle() does, with hand-made maps and machine. The spec's text must
 * outlive *ret, which the caller frees, also after an error. */
int plan_run(const struct plan_run_input *input, struct plan_run *ret, struct error *err);
void plan_run_free(struct plan_run *run);

/* What a person is told of the run, which nothing has to be bound for. */
struct report plan_run_report(const struct plan_run *run, const char *name);

/* Parses a spec with the default prefixes. */
int plan_run_parse(struct slice text, struct spec *ret, struct error *err);

/* Returns NULL if all holds that must hold after every successful run, else what doesn't;
 * the caller frees: the new text is a spec and what was planned, its bytes outside of the
 * edits are the old ones, no change means no edit. */
char *plan_run_check(const struct plan_run *run);

/* Returns NULL if a second run on the new text, with the same maps and machine, changes
 * nothing, else what it does. Asked of an annotated run. The caller frees. */
char *plan_run_check_second(const struct plan_run_input *input,
			    const struct plan_run *run);

#endif
