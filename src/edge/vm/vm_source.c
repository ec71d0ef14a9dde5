/* SPDX-License-Identifier: Apache-2.0 */
/* What asks a monitor of virtual machines: QEMU by QMP, Cloud Hypervisor by its API. libvirt's XML is
 * vm_libvirt.c's. */
#include "oci-vfio-hook/vm_source.h"

#include "oci-vfio-hook/file.h"
#include "oci-vfio-hook/http_answer.h"
#include "oci-vfio-hook/qom.h"
#include "oci-vfio-hook/vm_info.h"

#include "vm_socket.h"

#define FILE_SIZE_MAX ((size_t)64 << 20)

/* Takes the next line off what comes. The caller frees. */
static int read_line(struct vm_socket *connection, char **ret, struct error *err)
{
	struct buffer *in = &connection->in;
	const char *newline;
	bool end = false;

	while (!(newline = in->length ? memchr(in->data, '\n', in->length) : NULL)) {
		int r = vm_socket_receive(connection, &end, err);

		if (r < 0)
			return r;
		if (end)
			return error_set(
				err, ERROR_IO,
				"%s: the connection was closed in the middle of an answer",
				connection->name);
	}
	*ret = xstrndup(in->data, (size_t)(newline - in->data));
	in->length -= (size_t)(newline - in->data) + 1;
	memmove(in->data, newline + 1, in->length);
	return 0;
}

/* The next line that isn't an event. */
static int read_message(struct vm_socket *connection, char **ret,
			enum qmp_message *ret_kind, struct error *err)
{
	for (;;) {
		auto_free char *line = NULL;
		int r;

		*ret_kind = QMP_EVENT;
		r = read_line(connection, &line, err);
		if (r < 0 || !line)
			return r;
		r = qmp_message_parse(connection->name, slice_from(line), ret_kind, err);
		if (r < 0)
			return r;
		if (*ret_kind == QMP_EVENT)
			continue;
		*ret = take_ptr(line);
		return 0;
	}
}

static int ask(void *context, const char *command, char **ret, struct error *err)
{
	struct vm_socket *connection = context;
	enum qmp_message kind;
	int r = vm_socket_send(connection, command, err);

	return r < 0 ? r : read_message(connection, ret, &kind, err);
}

/* QEMU speaks first, and must be told that we understand it. */
static int greet(struct vm_socket *connection, struct error *err)
{
	auto_free char *greeting = NULL, *reply = NULL;
	enum qmp_message kind;
	int r = read_message(connection, &greeting, &kind, err);

	return r < 0 ? r : ask(connection, QMP_CAPABILITIES, &reply, err);
}

int vm_source_qmp(const char *path, uint64_t seconds, struct vm_devices *ret,
		  struct error *err)
{
	auto_free char *name = path_display(path);
	auto_vm_socket connection = VM_SOCKET_INIT;
	const struct qom qom = { name, ask, &connection };
	int r = vm_socket_open(path, name, seconds, &connection, err);

	if (r == 0)
		r = greet(&connection, err);
	return r < 0 ? r : qom_find_devices(&qom, ret, err);
}

static int refused(const struct vm_socket *connection, const struct http_answer *answer,
		   struct error *err)
{
	const struct slice text = buffer_slice(&connection->in);
	auto_free char *quoted =
		text_quote(slice_from_to(text, answer->body, text.length));

	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: Cloud Hypervisor refuses vm.info with %u: %s; is there a VM?",
		connection->name, answer->status, quoted);
}

/* Receives all of an answer; its body is in connection->in from *ret on. */
static int receive_answer(struct vm_socket *connection, struct http_answer *ret,
			  struct error *err)
{
	const struct buffer *in = &connection->in;
	bool end = false;

	*ret = (struct http_answer) { 0 };
	while (!end && !(ret->has_head && ret->has_length &&
			 in->length - ret->body >= ret->length)) {
		int r = vm_socket_receive(connection, &end, err);

		if (r == 0 && !ret->has_head)
			r = http_answer_parse(connection->name, buffer_slice(in), ret,
					      err);
		if (r < 0)
			return r;
	}
	if (ret->has_head && (!ret->has_length || in->length - ret->body == ret->length))
		return 0;
	return error_set(err, ERROR_DATA,
			 "%s: the answer is cut short or too long: %zu bytes came",
			 connection->name, in->length);
}

static int ask_cloud_hypervisor(const char *path, const char *name, uint64_t seconds,
				struct vm_devices *ret, struct error *err)
{
	auto_vm_socket connection = VM_SOCKET_INIT;
	struct http_answer answer = { 0 };
	struct slice text;
	int r = vm_socket_open(path, name, seconds, &connection, err);

	if (r == 0)
		r = vm_socket_send(
			&connection,
			"GET /api/v1/vm.info HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n",
			err);
	if (r == 0)
		r = receive_answer(&connection, &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 200)
		return refused(&connection, &answer, err);
	text = buffer_slice(&connection.in);
	return vm_info_find_devices(name, slice_from_to(text, answer.body, text.length),
				    ret, err);
}

int vm_source_cloud_hypervisor(const char *path, uint64_t seconds, struct vm_devices *ret,
			       struct error *err)
{
	auto_free char *name = NULL, *text = NULL;
	struct stat status;
	size_t length;
	int r;

	if (stat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
		name = path_display(path);
		return ask_cloud_hypervisor(path, name, seconds, ret, err);
	}
	r = file_read_input(path, false, FILE_SIZE_MAX, &name, &text, &length, err);
	return r < 0 ? r
		     : vm_info_find_devices(name, (struct slice) { text, length }, ret,
					    err);
}
