/* SPDX-License-Identifier: Apache-2.0 */
/* A dialogue over a Unix socket. */
#include "vm_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/file.h"

static int open_error(const char *name, int number, struct error *err)
{
	return error_set(err, error_class_of_errno(number), "%s: can't be opened: %s",
			 name, strerror(number));
}

/* Opens the socket by its descriptor, since its path may be longer than an address has room for. */
static int connect_to(const char *path, const char *name, int fd, struct error *err)
{
	auto_close int file = open(path, O_PATH | O_CLOEXEC);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0)
		return open_error(name, errno, err);
	if (!S_ISSOCK(status.st_mode))
		return error_set(err, ERROR_DATA, "%s: is not a socket", name);
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return 0;
	if (errno == ECONNREFUSED || errno == EAGAIN)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: nobody takes a connection there; is the virtual machine running, and nobody else connected?",
			name);
	return open_error(name, errno, err);
}

int vm_socket_open(const char *path, const char *name, uint64_t seconds,
		   struct vm_socket *ret, struct error *err)
{
	auto_close int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return open_error(name, errno, err);
	r = connect_to(path, name, fd, err);
	if (r < 0)
		return r;
	ret->name = name;
	ret->seconds = seconds ? seconds : 1;
	ret->end = clock_end(ret->seconds * CLOCK_SECOND, 0);
	ret->fd = take_fd(fd);
	return 0;
}

static int wait_for(struct vm_socket *connection, short events, struct error *err)
{
	struct pollfd ready = { .fd = connection->fd, .events = events };
	const uint64_t left = clock_left(connection->end);
	int n = RETRY_ON_EINTR(poll(&ready, 1, (int)((left + 999) / 1000)));

	if (n > 0)
		return 0;
	return error_set(
		err, ERROR_TIMEOUT,
		"%s: does not answer within %ju s: it is another kind of socket, or somebody else is connected to it, as libvirt is to its own; or give it longer with --timeout",
		connection->name, (uintmax_t)connection->seconds);
}

static int transfer_error(const struct vm_socket *connection, int number,
			  struct error *err)
{
	return error_set(err, ERROR_IO, "%s: the connection has failed: %s",
			 connection->name, strerror(number));
}

int vm_socket_send(struct vm_socket *connection, const char *text, struct error *err)
{
	const size_t length = strlen(text);
	size_t at = 0;

	connection->end = clock_end(connection->seconds * CLOCK_SECOND, 0);
	while (at < length) {
		ssize_t n = RETRY_ON_EINTR(
			send(connection->fd, text + at, length - at, MSG_NOSIGNAL));
		int r = 0;

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			r = wait_for(connection, POLLOUT, err);
		else
			r = transfer_error(connection, errno, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int vm_socket_receive(struct vm_socket *connection, bool *ret_end, struct error *err)
{
	struct buffer *in = &connection->in;
	const size_t size = 65536;
	ssize_t n;
	int r = wait_for(connection, POLLIN, err);

	if (r < 0)
		return r;
	n = fd_read(connection->fd, buffer_room(in, size + 1), size);
	if (n < 0)
		return transfer_error(connection, (int)-n, err);
	in->length += (size_t)n;
	in->data[in->length] = '\0';
	*ret_end = n == 0;
	if (in->length <= VM_ANSWER_MAX)
		return 0;
	return error_set(err, ERROR_DATA, "%s: an answer is larger than %zu bytes",
			 connection->name, VM_ANSWER_MAX);
}

void vm_socket_close(struct vm_socket *connection)
{
	close_fd(&connection->fd);
	buffer_free(&connection->in);
}
