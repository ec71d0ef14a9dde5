/* SPDX-License-Identifier: Apache-2.0 */
/* The environment variables of the SR-IOV device plugin: PCIDEVICE_<resource> (addresses
 * joined by commas) and PCIDEVICE_<resource>_INFO (a JSON object). Which addresses and
 * VFIO paths they name, and their text with these replaced. Pure. */
#ifndef OCI_VFIO_HOOK_ENVIRONMENT_H
#define OCI_VFIO_HOOK_ENVIRONMENT_H

#include "oci-vfio-hook/annotation.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/pci.h"
#include "oci-vfio-hook/spec.h"

enum env_reference_kind {
	ENV_ADDRESS,	 /* a PCI address */
	ENV_ADDRESS_KEY, /* a PCI address that is the key of a member */
	ENV_PATH,	 /* a VFIO node's path (INFO only) */
};

/* One whole string of a variable that may need translation. */
struct env_reference {
	enum env_reference_kind kind;
	size_t start, end;	    /* LIST: bytes of the value */
	uint32_t json;		    /* INFO: of the inner JSON */
	struct pci_address address; /* ENV_ADDRESS, ENV_ADDRESS_KEY */
	char *path;		    /* ENV_PATH: cleaned; owned */
};

struct env_variable {
	const struct spec_variable *source; /* borrowed from the spec */
	bool info;
	struct json inner; /* INFO; borrows the spec's text */
	bool broken;	   /* INFO that is no JSON object: left as it is */
	bool done;	   /* an earlier run translated it */
	struct env_reference *references;
	size_t n_references, capacity;
};

struct environment {
	struct env_variable *variables; /* in the order of the spec */
	size_t count;
	size_t *by_name; /* indexes of the variables, sorted by name; owned */
};

#define auto_environment __attribute__((cleanup(environment_free))) struct environment

/* Finds the tokens of the spec's variables. */
void environment_parse(const struct spec *spec, struct environment *ret);

/* A variable is done if every address in it is a guest that an earlier run listed
 * (without any, if every path is a listed final one): it was translated whole or left
 * whole. */
void environment_mark_done(struct environment *environment,
			   const struct annotation *annotation);

/* Is there an address that isn't done? */
bool environment_has_addresses(const struct environment *environment);

/* Does any variable that isn't done name this address? */
bool environment_has_address(const struct environment *environment,
			     const struct pci_address *address);

void environment_free(struct environment *environment);

/* What to put for an address or path. */
enum translation_result {
	TRANSLATION_DONE, /* replaced (also by itself) */
	TRANSLATION_KEPT, /* stays, and the variable may still be translated; `why` is a
			   * warning or NULL */
	TRANSLATION_NONE, /* the variable stays whole; `why` says why, NULL: in silence */
};

/* Returns the text for the token in *ret, or the reason in *why; the callee's strings are
 * owned by the caller. */
typedef enum translation_result environment_translate_fn(
	void *context, const struct env_reference *token, char **ret, char **why);

/* The new `NAME=VALUE` of a variable. */
struct env_change {
	const struct env_variable *variable;
	char *text; /* owned */
};

struct env_changes {
	struct env_change *items; /* in the order of the spec */
	size_t count, capacity;
};

void env_changes_free(struct env_changes *changes);

/* Translates every variable whole or leaves it whole, with a warning in `messages`. An
 * _INFO is translated only if the variable that it belongs to was. Unchanged text is no
 * change. */
void environment_translate(const struct environment *environment,
			   environment_translate_fn *translate, void *context,
			   struct env_changes *ret, struct messages *messages);

#endif
