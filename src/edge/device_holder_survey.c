/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the VFIO nodes of a machine open: processes and their containers, by /proc. */
#include "oci-vfio-hook/container_id.h"
#include "oci-vfio-hook/device_holder.h"
#include "oci-vfio-hook/proc_cgroup.h"

#define CGROUP_SIZE 16384

/* The caller frees. */
static char *process_path(int64_t process, const char *file)
{
	return xasprintf("/proc/%lld/%s", (long long)process, file);
}

static void find_command(const struct sysroot *sysroot, struct survey_holder *holder,
			 struct text_pool *texts)
{
	auto_free char *path = process_path(holder->process, "comm");
	char command[64];

	if (sysroot_read_attribute(sysroot, AT_FDCWD, path, command, sizeof command) == 0)
		holder->command = text_pool_add(texts, slice_from(command));
}

static void find_container(const struct sysroot *sysroot, struct survey_holder *holder,
			   struct text_pool *texts)
{
	auto_free char *path = process_path(holder->process, "cgroup");
	auto_free char *text = xmalloc(CGROUP_SIZE);
	struct container_id container;
	struct slice cgroup = { 0 };

	if (sysroot_read_attribute(sysroot, AT_FDCWD, path, text, CGROUP_SIZE) < 0 ||
	    proc_cgroup_parse(slice_from(text), &cgroup) == DEVICE_CGROUP_NONE ||
	    !container_id_find(cgroup, &container))
		return;
	holder->container = text_pool_add(texts, container.id);
	holder->engine = container.engine;
}

int device_holders_survey(const struct sysroot *sysroot, struct survey *survey,
			  struct error *err)
{
	auto_free struct device_number *numbers = NULL;
	auto_device_holders found = { 0 };
	int r;

	if (survey->n_nodes == 0)
		return 0;
	numbers = array_zalloc(survey->n_nodes, numbers);
	for (size_t i = 0; i < survey->n_nodes; i++)
		numbers[i] = survey->nodes[i].number;
	r = device_holders_list(sysroot, numbers, survey->n_nodes, SIZE_MAX, &found, err);
	if (r < 0)
		return r;
	survey->n_hidden = found.n_hidden;
	for (size_t i = 0; i < found.count; i++) {
		struct survey_holder *holder = survey_add_holder(survey);

		holder->number = found.items[i].number;
		holder->process = found.items[i].process;
		find_command(sysroot, holder, &survey->texts);
		find_container(sysroot, holder, &survey->texts);
	}
	survey_arrange_holders(survey);
	return 0;
}
