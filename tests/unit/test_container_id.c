/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a cgroup is one of. */
#include "helpers.h"

#include "oci-vfio-hook/container_id.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_find(void **state)
{
	static const struct {
		const char *path, *id, *engine;
	} rows[] = {
		{ "/machine.slice/libpod-" ID ".scope", ID, "podman" },
		{ "/machine.slice/libpod-" ID ".scope/container", ID, "podman" },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
		  ".scope/container",
		  ID, "podman" },
		/* --cgroup-manager=cgroupfs */
		{ "/libpod_parent/libpod-" ID, ID, "podman" },
		{ "/system.slice/docker-" ID ".scope", ID, "docker" },
		{ "/docker/" ID, ID, "docker" },
		{ "/docker/" ID "/init", ID, "docker" },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8c3e_1.slice/cri-containerd-" ID
		  ".scope",
		  ID, "containerd" },
		{ "/kubepods.slice/kubepods-pod8c3e.slice/crio-" ID ".scope/container",
		  ID, "cri-o" },
		{ "/kubepods/besteffort/pod12345678-1234-1234-1234-123456789012/" ID, ID,
		  NULL },
		/* An engine that asks for systemd's names of a runtime that has none. */
		{ "/system.slice/kubepods-besteffort-pod1.slice:cri-containerd:" ID, ID,
		  "containerd" },
		{ "/default/nerdctl-" ID, ID, "containerd" },
		{ "/machine.slice/unheard-of-" ID ".scope", ID, NULL },
		/* The outermost one: kind's nodes are docker's. */
		{ "/docker/" ID "/kubelet/kubepods/pod1/cri-containerd-" OTHER, ID,
		  "docker" },
		{ "/system.slice/crun-box.scope", "box", NULL },
		{ "/system.slice/runc-box-1.scope/container", "box-1", NULL },
		/* conmon is podman's process, not the container's. */
		{ "/machine.slice/libpod-conmon-" ID ".scope", NULL, NULL },
		{ "/kubepods.slice/crio-conmon-" ID ".scope", NULL, NULL },
		{ "/", NULL, NULL },
		{ "", NULL, NULL },
		{ "/user.slice/user-0.slice/session-1.scope", NULL, NULL },
		{ "/system.slice/crun-.scope", NULL, NULL },
		{ "/system.slice/crun-box.service", NULL, NULL },
		/* Other lengths and other digits. */
		{ "/docker/0" ID, NULL, NULL },
		{ "/docker/123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		  NULL, NULL },
		{ "/docker/G123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		  NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container_id found = { 0 };

		if (container_id_find(slice_from(rows[i].path), &found) !=
		    (rows[i].id != NULL))
			fail_row(rows[i].path, "found: %.*s", (int)found.id.length,
				 found.id.data ? found.id.data : "");
		if (!rows[i].id)
			continue;
		check_text(rows[i].path, found.id, rows[i].id);
		if (!found.engine != !rows[i].engine ||
		    (found.engine && !text_equal(found.engine, rows[i].engine)))
			fail_row(rows[i].path, "engine %s",
				 found.engine ? found.engine : "NULL");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
