/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share: cmocka with its own needs, and checks of our values that say
 * what was expected where they fail. */
#ifndef TESTS_UNIT_HELPERS_H
#define TESTS_UNIT_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/text.h"

/* Ends the test, with a message about `what`, the row of a table. */
_Noreturn void fail_row(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text is `expected`. */
void check_text(const char *what, struct slice text, const char *expected);

/* The number that a function returned and the error that it recorded fit each other, and
 * the error is of this class and has `part` (NULL: any text) in its one line. */
void check_error(const char *what, int r, const struct error *err, enum error_class class,
		 const char *part);

/* No error was recorded. */
void check_done(const char *what, int r, const struct error *err);

/* One of the messages has this level and text in it. */
void check_message(const char *what, const struct messages *messages,
		   enum message_level level, const char *part);

/* Appends to `ret` what the index holds, node by node: a letter for the type (Z null, B,
 * N, S, O, A, K for a key) and the bytes of its span, with "|" between nodes. */
void dump_index(const struct json *doc, struct buffer *ret);

/* The first node of which the span is this text. */
uint32_t find_node(const struct json *doc, const char *raw);

/* The test dies when it has used so many seconds of the processor from now on, however busy
 * the machine is; 0: no more. */
void limit_processor_time(unsigned int seconds);

#endif
