/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of several engines have in common. */
#ifndef REGISTRATION_PARTS_H
#define REGISTRATION_PARTS_H

#include "oci-vfio-hook/registration.h"
#include "oci-vfio-hook/toml.h"

/* The first line of a file that is ours alone. */
#define REGISTRATION_MARK "# Made by oci-vfio-hook"

/* A file of ours: may it be replaced? ERROR_DATA. */
int registration_check_own(const struct registration_input *input, struct error *err);

/* ERROR_DATA if one of the others has `key`, which names a default runtime, with a name that
 * begins with "oci-vfio": without us the engine would start nothing. */
int registration_check_default(const struct registration_input *input, const char *key,
			       struct error *err);

registration_make_fn registration_no_file;
registration_make_fn registration_podman_hook, registration_podman_precreate,
	registration_podman_runtime, registration_podman_no_runtime,
	registration_podman_no_precreate;
registration_make_fn registration_crio, registration_no_crio;
registration_make_fn registration_containerd, registration_no_containerd,
	registration_containerd_tables;
registration_make_fn registration_docker, registration_no_docker;
registration_make_fn registration_cdi_unit, registration_cdi_rule, registration_no_cdi;

#endif
