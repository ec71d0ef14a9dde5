/* SPDX-License-Identifier: Apache-2.0 */
/* The engines and their files. What stands in them is in registration_*.c. */
#include "registration.h"

#include "oci-vfio-hook/cdi.h"

static const struct registration_file podman_files[] = {
	{ "/etc/containers/oci-vfio-hook/oci-vfio-hook.json", registration_podman_hook,
	  registration_no_file, NULL },
	{ "/etc/containers/containers.conf.d/oci-vfio-runtime.conf",
	  registration_podman_runtime, registration_podman_no_runtime, NULL },
	{ "/etc/containers/containers.conf.d/oci-vfio-precreate.conf",
	  registration_podman_precreate, registration_podman_no_precreate, NULL },
};
static const char *const podman_others[] = {
	"/usr/share/containers/containers.conf",
	"/etc/containers/containers.conf",
	"/usr/share/containers/containers.conf.d/",
	"/etc/containers/containers.conf.d/",
};

static const struct registration_file crio_files[] = {
	{ "/etc/crio/crio.conf.d/oci-vfio.conf", registration_crio, registration_no_crio,
	  NULL },
};
static const char *const crio_others[] = {
	"/etc/crio/crio.conf",
	"/etc/crio/crio.conf.d/",
};

static const struct registration_file containerd_files[] = {
	{ "/etc/containerd/config.toml", registration_containerd,
	  registration_no_containerd, registration_containerd_tables },
};

static const struct registration_file docker_files[] = {
	{ "/etc/docker/daemon.json", registration_docker, registration_no_docker, NULL },
};

static const struct registration_file cdi_files[] = {
	{ "/etc/systemd/system/oci-vfio-hook-cdi.service", registration_cdi_unit,
	  registration_no_cdi, NULL },
	{ "/etc/udev/rules.d/70-oci-vfio-hook-cdi.rules", registration_cdi_rule,
	  registration_no_cdi, NULL },
};

#define FILES(list) list, ARRAY_SIZE(list)

static const struct registration_engine engines[] = {
	{ "podman", FILES(podman_files), FILES(podman_others),
	  "podman calls oci-vfio-hook at each start of a container from now on; nothing has to be restarted.\n"
	  "The wrapper instead: podman run --runtime oci-vfio-crun ...\n",
	  "podman calls oci-vfio-hook no more; nothing has to be restarted.\n",
	  "/etc/containers/oci-vfio-hook" },
	{ "crio", FILES(crio_files), FILES(crio_others),
	  "CRI-O reads this when it starts; type: systemctl restart crio\n"
	  "Pods ask for it by a RuntimeClass with the handler " REGISTRATION_HANDLER
	  ".\n",
	  "CRI-O reads this when it starts; type: systemctl restart crio\n", NULL },
	{ "containerd", FILES(containerd_files), NULL, 0,
	  "containerd reads this when it starts; type: systemctl restart containerd\n"
	  "Then containerd config dump | grep " REGISTRATION_HANDLER
	  " shows whether a file of its imports has replaced it.\n"
	  "Pods ask for it by a RuntimeClass with the handler " REGISTRATION_HANDLER
	  ".\n",
	  "containerd reads this when it starts; type: systemctl restart containerd\n",
	  NULL },
	{ "docker", FILES(docker_files), NULL, 0,
	  "docker reads this when it is told to; type: systemctl reload docker\n"
	  "Then: docker run --runtime " REGISTRATION_HANDLER " ...\n",
	  "docker reads this when it is told to; type: systemctl reload docker\n", NULL },
	{ "cdi", FILES(cdi_files), NULL, 0,
	  "Type: systemctl daemon-reload && systemctl enable --now oci-vfio-hook-cdi.service\n"
	  "Then: podman run --device " CDI_KIND "=ADDRESS ...\n",
	  "Type: systemctl disable --now oci-vfio-hook-cdi.service; systemctl daemon-reload; "
	  "rm -f /run/cdi/oci-vfio-hook.json\n",
	  NULL },
};

const struct registration_engine *registration_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		if (text_equal(engines[i].name, name))
			return &engines[i];
	}
	return NULL;
}
