/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of the machine: do they call us, and are the programs that they call there? Pure. */
#ifndef OCI_VFIO_HOOK_REGISTRATION_CHECK_H
#define OCI_VFIO_HOOK_REGISTRATION_CHECK_H

#include "oci-vfio-hook/finding.h"
#include "oci-vfio-hook/registration_claim.h"

enum engine {
	ENGINE_PODMAN,
	ENGINE_CRIO,
	ENGINE_CONTAINERD,
	ENGINE_DOCKER,
	ENGINES,
};
/* As enable(8)'s argument. */
extern const char *const engine_names[ENGINES];

struct engine_facts {
	bool is_there;
	struct claims_list claims;
	struct text_list unread; /* messages: what couldn't be read or understood */
	struct text_list broken; /* messages of hooks that are no hooks */
	char *elsewhere;	 /* a file of ours that this engine doesn't read; owned */
	char *proper;		 /* where it would; owned */
};

void registration_check(const struct engine_facts engines[ENGINES],
			struct findings *findings);

void engine_facts_free(struct engine_facts *facts);

#endif
