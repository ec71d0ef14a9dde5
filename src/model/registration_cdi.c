/* SPDX-License-Identifier: Apache-2.0 */
/* A unit that writes the CDI spec at boot, and a rule of udev's that has it written again
 * whenever VFIO gets or loses a device. */
#include "registration.h"

#define UNIT "oci-vfio-hook-cdi.service"

/* A word of a unit: systemd.service(5), "COMMAND LINES", takes % and $ for more than they are. */
static void add_word(struct buffer *ret, const char *path)
{
	auto_buffer doubled = { 0 };

	for (const char *byte = path; *byte; byte++) {
		buffer_add(&doubled, (struct slice) { byte, 1 });
		if (*byte == '%' || *byte == '$')
			buffer_add(&doubled, (struct slice) { byte, 1 });
	}
	toml_quote(ret, buffer_slice(&doubled));
}

int registration_cdi_unit(const struct registration_input *input, struct buffer *ret,
			  struct error *err)
{
	auto_free char *program = text_join(input->programs, "/oci-vfio-hook", NULL);

	buffer_add(ret, SLICE(REGISTRATION_MARK
			      " enable cdi; disable cdi removes it.\n"
			      "[Unit]\n"
			      "Description=CDI spec of the VFIO devices\n"
			      "Documentation=man:oci-vfio-hook(8)\n"
			      "Before=crio.service containerd.service docker.service\n"
			      "# Devices may come and go often.\n"
			      "StartLimitIntervalSec=0\n"
			      "\n"
			      "[Service]\n"
			      "Type=oneshot\n"
			      "RemainAfterExit=yes\n"
			      "RuntimeDirectory=cdi\n"
			      "RuntimeDirectoryPreserve=yes\n"
			      "ExecStart="));
	add_word(ret, program);
	buffer_add(ret, SLICE(" cdi --output /run/cdi/oci-vfio-hook.json\n"
			      "\n"
			      "[Install]\n"
			      "WantedBy=multi-user.target\n"));
	return registration_check_own(input, err);
}

int registration_cdi_rule(const struct registration_input *input, struct buffer *ret,
			  struct error *err)
{
	buffer_add(
		ret,
		SLICE(REGISTRATION_MARK
		      " enable cdi; disable cdi removes it.\n"
		      "# A group's node, or a handle, comes or goes with a driver of VFIO's.\n"
		      "ACTION==\"add|remove\", SUBSYSTEM==\"vfio|vfio-dev\", "
		      "RUN+=\"/usr/bin/systemctl --no-block try-restart " UNIT "\"\n"));
	return registration_check_own(input, err);
}

int registration_no_cdi(const struct registration_input *input, struct buffer *ret,
			struct error *err)
{
	(void)ret;
	return registration_check_own(input, err);
}
