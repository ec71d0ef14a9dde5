/* SPDX-License-Identifier: Apache-2.0 */
/* enable ENGINE, disable ENGINE: what makes an engine call us. */
#include "command.h"

#include "oci-vfio-hook/enable.h"

static int change(const struct command_line *line, const struct hook_run *run,
		  bool disable, struct error *err)
{
	auto_buffer text = { 0 };
	const struct enable_request request = {
		.engine = registration_find(line->arguments[0]),
		.programs = line->programs,
		.disable = disable,
		.print = line->print,
	};
	int r;

	if (!request.engine)
		return usage_error(
			err, line->arguments[0],
			"not an engine that is known here; " REGISTRATION_ENGINES);
	if (request.programs && *request.programs != '/')
		return usage_error(err, request.programs,
				   "--programs needs an absolute path");
	r = enable_run(&run->sysroot, &request, &text, err);
	return r < 0 ? r : print_data(buffer_slice(&text), err);
}

int command_enable(const struct command_line *line, struct hook_run *run,
		   struct error *err)
{
	return change(line, run, false, err);
}

int command_disable(const struct command_line *line, struct hook_run *run,
		    struct error *err)
{
	return change(line, run, true, err);
}

const char enable_help[] =
	"usage: oci-vfio-hook [--root DIR] enable [--print] [--programs DIR] ENGINE\n"
	"       oci-vfio-hook [--root DIR] disable [--print] ENGINE\n"
	"\n"
	"Makes an engine call oci-vfio-hook or its wrapper, or undoes that. Other settings stay as\n"
	"they are, and no engine is restarted: what is to be typed for that is printed.\n"
	"\n"
	"  podman      precreate for all containers, and the wrapper for --runtime oci-vfio-crun:\n"
	"              two files in /etc/containers/containers.conf.d\n"
	"  crio        the runtime handler oci-vfio: a file in /etc/crio/crio.conf.d\n"
	"  containerd  the same: tables at the end of /etc/containerd/config.toml\n"
	"  docker      the runtime oci-vfio: a member of /etc/docker/daemon.json\n"
	"\n"
	"  --print          print the files instead of writing them\n"
	"  --programs DIR   where oci-vfio-hook and oci-vfio-runtime are; without it the directory\n"
	"                   of this program\n";
