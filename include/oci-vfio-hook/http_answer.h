/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an answer by HTTP/1.1 (RFC 9112), as far as a client of Cloud Hypervisor's API needs
 * it. Pure. */
#ifndef OCI_VFIO_HOOK_HTTP_ANSWER_H
#define OCI_VFIO_HOOK_HTTP_ANSWER_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* The answer to a request by HTTP/1.1, as far as it has come. */
struct http_answer {
	bool has_head; /* all of it: the rest is set only then */
	unsigned int status;
	size_t body;	 /* where it begins */
	bool has_length; /* so many bytes are to come; else all that comes */
	size_t length;
};

/* ERROR_DATA: it isn't HTTP. */
int http_answer_parse(const char *name, struct slice text, struct http_answer *ret,
		      struct error *err);

#endif
