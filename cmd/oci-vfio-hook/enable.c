/* SPDX-License-Identifier: Apache-2.0 */
/* enable ENGINE, disable ENGINE: what makes an engine call us. */
#include <signal.h>

#include "command.h"

#include "oci-vfio-hook/enable.h"

/* A container of a DaemonSet that ends is started again. As process 1 it gets no signal that it
 * doesn't wait for. */
static void block_ends(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	(void)sigprocmask(SIG_BLOCK, ret, NULL);
}

static int change(const struct command_line *line, const struct hook_run *run,
		  bool disable, struct error *err)
{
	auto_buffer text = { 0 };
	const struct enable_request request = {
		.engine = registration_find(line->arguments[0]),
		.programs = line->programs,
		.disable = disable,
		.print = line->print,
		.copy = line->copy,
	};
	sigset_t ends;
	int r, ignored;

	if (!request.engine)
		return usage_error(
			err, line->arguments[0],
			"not an engine that is known here; " REGISTRATION_ENGINES);
	if (request.programs && *request.programs != '/')
		return usage_error(err, request.programs,
				   "--programs needs an absolute path");
	if (request.copy && !request.programs)
		return usage_error(err, "--copy", "--programs must say where to");
	if (line->stay)
		block_ends(&ends);
	r = enable_run(&run->sysroot, &request, &text, err);
	if (r == 0)
		r = print_data(buffer_slice(&text), err);
	if (r == 0 && line->stay)
		(void)sigwait(&ends, &ignored);
	return r;
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
	"usage: oci-vfio-hook [--root DIR] enable|disable [--print] [--programs DIR [--copy]]\n"
	"                     [--stay] ENGINE\n"
	"\n"
	"Makes an engine call oci-vfio-hook or its wrapper, or undoes that. Other settings stay as\n"
	"they are, and no engine is restarted: what is to be typed for that is printed.\n"
	"\n"
	"  podman      precreate for all containers, and the wrapper for --runtime oci-vfio-crun:\n"
	"              two files in /etc/containers/containers.conf.d\n"
	"  crio        the runtime handler oci-vfio: a file in /etc/crio/crio.conf.d\n"
	"  containerd  the same: tables at the end of /etc/containerd/config.toml\n"
	"  docker      the runtime oci-vfio: a member of /etc/docker/daemon.json\n"
	"  cdi         for engines that read CDI specs: a unit of systemd's and a rule of udev's\n"
	"              that have cdi write /run/cdi/oci-vfio-hook.json at boot and at each change\n"
	"\n"
	"  --print          print the files instead of writing them\n"
	"  --programs DIR   where oci-vfio-hook and oci-vfio-runtime are; without it the directory\n"
	"                   of this program\n"
	"  --copy           copy the programs there first, or remove them in the end\n"
	"  --stay           stay until SIGTERM, as a container of a DaemonSet must\n";
