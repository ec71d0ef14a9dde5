/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration of an engine says of us: which of our programs it calls. Pure: texts in,
 * claims out. */
#ifndef OCI_VFIO_HOOK_REGISTRATION_CLAIM_H
#define OCI_VFIO_HOOK_REGISTRATION_CLAIM_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text_list.h"

enum claim_kind {
	CLAIM_HOOK,    /* oci-vfio-hook, as a hook */
	CLAIM_RUNTIME, /* the wrapper, as a runtime */
	CLAIM_FOREIGN, /* somebody else's hook */
};

struct claim {
	enum claim_kind kind;
	char *file; /* where it stands, as messages name it; owned, as all that follows */
	char *name; /* of the runtime, or NULL */
	char *path; /* the program */
	bool precreate; /* a hook for this stage */
	/* What the machine has, which the edge looks at. */
	bool is_there;
	char *instead; /* the program is here; NULL: nowhere */
	char *real;    /* the runtime that the wrapper runs */
	bool has_real;
};

struct claims_list {
	struct claim *items;
	size_t count, capacity;
	char *usual_runtime; /* podman's, where its files say so; owned */
};

#define auto_claims_list __attribute__((cleanup(claims_list_free))) struct claims_list

void claims_list_free(struct claims_list *list);

/* What a file of an engine says, appended; `name` is the file's for messages. ERROR_DATA: it
 * isn't understood. */
typedef int claim_read_fn(const char *name, struct slice text, struct claims_list *ret,
			  struct text_list *directories, struct error *err);

/* A hook's JSON file. */
claim_read_fn claim_read_hook;
/* containers.conf: hooks_dir replaces `directories`; its runtimes. */
claim_read_fn claim_read_podman;
/* crio.conf: the same. */
claim_read_fn claim_read_crio;
/* containerd's config.toml, docker's daemon.json. */
claim_read_fn claim_read_containerd, claim_read_docker;

#endif
