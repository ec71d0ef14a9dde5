/* SPDX-License-Identifier: Apache-2.0 */
/* A dialogue over a Unix socket, whose other end may be silent, or never stop. */
#ifndef VM_SOCKET_H
#define VM_SOCKET_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* An answer that is longer is none. */
#define VM_ANSWER_MAX ((size_t)16 << 20)

struct vm_socket {
	const char *name; /* of its path, for messages; borrowed */
	int fd;		  /* owned */
	uint64_t seconds; /* how long each step may take */
	uint64_t end;	  /* of this step, on the clock */
	struct buffer in; /* what has come, and isn't taken */
};

#define VM_SOCKET_INIT                                                                   \
	{                                                                                \
		.fd = -1                                                                 \
	}
#define auto_vm_socket __attribute__((cleanup(vm_socket_close))) struct vm_socket

/* ERROR_NO_INPUT, ERROR_DATA (not a socket), ERROR_UNAVAILABLE (nobody listens), ERROR_PERMISSION,
 * ERROR_IO. `name` is borrowed. */
int vm_socket_open(const char *path, const char *name, uint64_t seconds,
		   struct vm_socket *ret, struct error *err);

/* Sends all of it; the time for the answer begins. ERROR_IO, ERROR_TIMEOUT. */
int vm_socket_send(struct vm_socket *connection, const char *text, struct error *err);

/* Waits for more in connection->in; *ret_end: there is no more. ERROR_IO, ERROR_DATA (too long),
 * ERROR_TIMEOUT. */
int vm_socket_receive(struct vm_socket *connection, bool *ret_end, struct error *err);

void vm_socket_close(struct vm_socket *connection);

#endif
