/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of JSON (RFC 8259), written down a second time to compare our parser with. */
#ifndef TESTS_FUZZ_JSON_GRAMMAR_H
#define TESTS_FUZZ_JSON_GRAMMAR_H

#include "oci-vfio-hook/text.h"

/* Is the text one JSON value and white space, nested no deeper than `depth`? Strings may
 * hold any bytes from 0x20 up. */
bool json_grammar_holds(struct slice text, unsigned int depth);

#endif
