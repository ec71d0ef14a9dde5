/* SPDX-License-Identifier: Apache-2.0 */
/* The judgements of check that need no tree: options of a kernel, kinds of IOMMU, limits and
 * libraries, files of engines. */
#include "helpers.h"

#include "oci-vfio-hook/kernel_check.h"
#include "oci-vfio-hook/process_check.h"
#include "oci-vfio-hook/registration_claim.h"

static void test_options(void **state)
{
	char options[KERNEL_OPTIONS] = { 0 };

	(void)state;
	kernel_check_read_options(
		SLICE("CONFIG_VFIO=m\n# CONFIG_VFIO_PCI is not set\n"
		      "CONFIG_IOMMUFD=y\nCONFIG_VFIO_GROUPS=y\n"
		      "CONFIG_VFIO_IOMMU_TYPE1=\"m\"\n#CONFIG_INTEL_IOMMU"),
		options);
	assert_int_equal(options[KERNEL_VFIO], 'm');
	assert_int_equal(options[KERNEL_VFIO_PCI], 'n');
	assert_int_equal(options[KERNEL_IOMMUFD], 'y');
	assert_int_equal(options[KERNEL_VFIO_GROUP], 0);
	assert_int_equal(options[KERNEL_VFIO_IOMMU_TYPE1], 0);
	assert_int_equal(options[KERNEL_INTEL_IOMMU], 0);
}

static void test_iommu_kind(void **state)
{
	static const struct {
		const char *name, *target;
		enum iommu_kind kind;
	} rows[] = {
		{ "dmar3", "", IOMMU_INTEL },
		{ "ivhd0", "", IOMMU_AMD },
		{ "smmu3.0x0000000009050000", "", IOMMU_ARM },
		{ "smmu.0x1", "", IOMMU_ARM },
		{ "0000:00:03.0", "", IOMMU_VIRTIO },
		{ "a003e00.virtio_mmio", "", IOMMU_OTHER },
		{ "a003e00.virtio_mmio",
		  "../../devices/platform/a003e00.virtio_mmio/virtio3/iommu/x",
		  IOMMU_VIRTIO },
		{ "s390-iommu.1", "", IOMMU_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (iommu_kind_of(slice_from(rows[i].name), slice_from(rows[i].target)) !=
		    rows[i].kind)
			fail_row(rows[i].name, "another kind");
	}
}

static void check_finding(const struct findings *findings, enum finding_level level,
			  const char *part, const char *remedy)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->level == level && strstr(finding->fact, part)) {
			if (remedy)
				assert_string_equal(finding->remedy, remedy);
			return;
		}
	}
	fail_row(part, "no such finding");
}

static void test_process(void **state)
{
	struct process_facts facts = { .memory_lock = UINT64_MAX };
	auto_findings findings = { 0 };

	(void)state;
	process_check(&facts, &findings);
	check_finding(&findings, FINDING_OK, "unlimited", NULL);
	check_finding(
		&findings, FINDING_WARNING,
		"libmount.so.1 can't be loaded, which is needed to find a cgroup v1 hierarchy elsewhere",
		"apt-get install libmount1");
	check_finding(&findings, FINDING_WARNING, "needed to load vfio-pci with --bind",
		      "apt-get install libkmod2");
	facts.memory_lock = 8 << 20;
	for (size_t i = 0; i < PROCESS_LIBRARIES; i++)
		facts.has_library[i] = true;
	findings_free(&findings);
	process_check(&facts, &findings);
	check_finding(
		&findings, FINDING_WARNING,
		"8192 KiB: a container that inherits this limit may not map more memory for its device",
		"\"memlock\": \"unlimited\" in the entries of the map, or podman run --ulimit memlock=-1:-1");
	check_finding(&findings, FINDING_OK, "all can be loaded", NULL);
	facts.maps_raise_it = true;
	process_check(&facts, &findings);
	check_finding(&findings, FINDING_OK,
		      "8192 KiB, which the entries of the maps raise", NULL);
}

/* Each statement of a file that says who calls us. */
static void test_claims(void **state)
{
	static const struct {
		claim_read_fn *read;
		const char *text;
		enum error_class class;
		enum claim_kind kind;
		const char *path; /* NULL: nothing of us */
		const char *directories;
	} rows[] = {
		{ claim_read_podman, "", ERROR_NONE, 0, NULL, "usual," },
		{ claim_read_podman, "[engine]\nhooks_dir=[\"/a\",'/b']\n", ERROR_NONE, 0,
		  NULL, "/a,/b," },
		{ claim_read_podman, "[engine]\nhooks_dir=[\"/a\",{append=true}]\n",
		  ERROR_NONE, 0, NULL, "usual,/a," },
		{ claim_read_podman, "[engine]\nhooks_dir=[2]\n", ERROR_DATA, 0, NULL,
		  "usual," },
		{ claim_read_podman,
		  "engine.runtimes.x = [\"/none\", \"/opt/oci-vfio-runc\"]\n", ERROR_NONE,
		  CLAIM_RUNTIME, "/opt/oci-vfio-runc", "usual," },
		{ claim_read_crio,
		  "[crio.runtime]\nhooks_dir=[\"/h\"]\n[crio.runtime.runtimes.x]\nruntime_path=\"/oci-vfio-runtime\"\n",
		  ERROR_NONE, CLAIM_RUNTIME, "/oci-vfio-runtime", "/h," },
		{ claim_read_crio, "[crio.runtime.runtimes.runc]\nruntime_path=\"\"\n",
		  ERROR_NONE, 0, NULL, "usual," },
		{ claim_read_containerd,
		  "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.y.options]\nBinaryName='/oci-vfio-crun'\n",
		  ERROR_NONE, CLAIM_RUNTIME, "/oci-vfio-crun", "usual," },
		{ claim_read_containerd, "x = [\n", ERROR_DATA, 0, NULL, "usual," },
		{ claim_read_docker,
		  "{\"runtimes\":{\"a\":{\"path\":\"runc\"},\"b\":{\"path\":\"oci-vfio-runc\"},\"c\":{},\"d\":null}}",
		  ERROR_NONE, CLAIM_RUNTIME, "oci-vfio-runc", "usual," },
		{ claim_read_docker, "{\"runtimes\":null}", ERROR_NONE, 0, NULL,
		  "usual," },
		{ claim_read_docker, "{\"runtimes\":[]}", ERROR_DATA, 0, NULL, "usual," },
		{ claim_read_hook,
		  "{\"hook\":{\"path\":\"/x\",\"args\":[\"oci-vfio-hook: why\",1]},\"stages\":[\"precreate\"]}",
		  ERROR_NONE, CLAIM_HOOK, "/x", "usual," },
		{ claim_read_hook, "{\"hook\":{\"path\":\"/x\"},\"stages\":null}",
		  ERROR_NONE, CLAIM_FOREIGN, "/x", "usual," },
		{ claim_read_hook, "{\"hook\":{\"path\":1}}", ERROR_DATA, 0, NULL,
		  "usual," },
		{ claim_read_hook, "[]", ERROR_DATA, 0, NULL, "usual," },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *what = rows[i].text;
		auto_claims_list claims = { 0 };
		auto_text_list directories = { 0 };
		auto_buffer list = { 0 };
		auto_error err = { 0 };
		int r;

		text_list_add(&directories, "usual");
		r = rows[i].read("file", slice_from(what), &claims, &directories, &err);
		if (rows[i].class)
			check_error(what, r, &err, rows[i].class, "file");
		else
			check_done(what, r, &err);
		for (size_t j = 0; j < directories.count; j++)
			buffer_printf(&list, "%s,", directories.items[j]);
		check_text(what, buffer_slice(&list), rows[i].directories);
		if (claims.count != (rows[i].path != NULL))
			fail_row(what, "%zu claims", claims.count);
		if (rows[i].path) {
			assert_int_equal(claims.items[0].kind, rows[i].kind);
			assert_string_equal(claims.items[0].path, rows[i].path);
			assert_string_equal(claims.items[0].file, "file");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_iommu_kind),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
