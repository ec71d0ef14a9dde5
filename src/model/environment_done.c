/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables an earlier run has seen to. */
#include "oci-vfio-hook/environment.h"

/* What there is in variables that belong together. */
struct tally {
	size_t devices, guests;
	size_t finals, stale; /* paths that are final; that ought to have become so */
};

static void count(const struct annotation *annotation,
		  const struct env_reference *reference, struct tally *ret)
{
	struct device_name name;

	switch (reference->kind) {
	case ENV_ADDRESS:
	case ENV_ADDRESS_KEY:
	case ENV_UUID:
		ret->devices++;
		ret->guests += env_reference_get_name(reference, &name) &&
			       annotation_has_guest(annotation, &name);
		break;
	case ENV_PATH:
		if (annotation_find_final(annotation, env_reference_text(reference)))
			ret->finals++;
		else
			ret->stale += path_is_vfio_node(env_reference_text(reference)) ||
				      annotation_find_container_path(
					      annotation, env_reference_text(reference));
		break;
	}
}

static bool is_done(const struct environment *environment,
		    const struct annotation *annotation, size_t leader)
{
	struct tally tally = { 0 };

	for (size_t i = leader; i < environment->count;
	     i = environment->variables[i].next) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references; k++)
			count(annotation, &variable->references[k], &tally);
	}
	return tally.devices ? tally.guests == tally.devices
			     : tally.finals && tally.stale == 0;
}

void environment_mark_done(struct environment *environment,
			   const struct annotation *annotation)
{
	if (annotation->n_addresses == 0 && annotation->n_nodes == 0)
		return;
	for (size_t i = 0; i < environment->count; i++) {
		bool done = false;

		if (environment->variables[i].leader != i)
			continue;
		done = is_done(environment, annotation, i);
		for (size_t k = i; k < environment->count;
		     k = environment->variables[k].next)
			environment->variables[k].done = done;
	}
	environment_collect_names(environment);
}
