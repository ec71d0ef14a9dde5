/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a spec: arguments, environment, annotations. The index of a spec doesn't have
 * them, since few runs look at one: they are found in the JSON text. Pure. */
#ifndef OCI_VFIO_HOOK_SPEC_TEXTS_H
#define OCI_VFIO_HOOK_SPEC_TEXTS_H

#include "oci-vfio-hook/spec.h"

struct spec_text {
	size_t index;		       /* of the element or member */
	bool is_key;		       /* annotations: the key; else the value */
	struct json_place key, string; /* the member's key: annotations only */
};

struct spec_texts {
	const struct spec *spec; /* borrowed */
	enum spec_text_list list;
	size_t at, end; /* bytes of the spec's text */
	unsigned int depth;
	size_t index;
	struct json_place key;
	struct spec_text last;
};

/* A list that isn't there, or isn't one, is empty. */
void spec_texts_begin(const struct spec *spec, enum spec_text_list list,
		      struct spec_texts *ret);

/* The next text; false: there is no more. Values that aren't strings are passed over. */
bool spec_texts_next(struct spec_texts *texts, struct spec_text *ret);

/* The text that has the byte at `place`, which isn't before what was asked for last; false:
 * none has. */
bool spec_texts_find(struct spec_texts *texts, size_t place, struct spec_text *ret);

/* Is it our annotation, or its key? */
bool spec_text_is_ours(const struct spec *spec, const struct spec_text *text);

/* Decodes a string: borrowed from the spec's text or from *ret_doc, which the caller frees.
 * False: it has a NUL, half a surrogate pair or the like, so *ret is only to be looked at. */
bool spec_string_read(const struct spec *spec, const struct json_place *string,
		      struct json *ret_doc, struct slice *ret);

#endif
