/* SPDX-License-Identifier: Apache-2.0 */
/* What the forms of a report share. Internal to the model. */
#ifndef OCI_VFIO_HOOK_REPORT_PART_H
#define OCI_VFIO_HOOK_REPORT_PART_H

#include "oci-vfio-hook/report.h"

void report_headline(const struct report *report, struct buffer *ret);
/* The functions that would be bound first, instead of the headline. */
void report_binding(const struct report *report, struct buffer *ret);
/* The files that led to each function that the spec asks for, with what they say. */
void report_looked_up(const struct report *report, struct buffer *ret);
/* The entries of the map that the spec doesn't name. */
void report_unnamed(const struct report *report, struct buffer *ret);
void report_warnings(const struct report *report, struct buffer *ret);

#endif
