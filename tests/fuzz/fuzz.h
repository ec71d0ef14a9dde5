/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share: the entry point that libFuzzer calls, checks that end the
 * process, cutting an input into parts. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* libFuzzer's name for it; LLVM, docs/LibFuzzer.rst. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, so that libFuzzer keeps the input, unless `truth`. */
void fuzz_check(bool truth, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, for checks that say what is wrong: NULL is good. Frees it. */
void fuzz_check_null(char *wrong);

/* A failed call has recorded one line and a class, a good one nothing. */
void fuzz_check_error(int r, const struct error *err);

/* A copy of exactly the text's size, so that a read past it is found. The caller frees.
 */
char *fuzz_copy(struct slice text);

/* The part of *rest before the next byte 0xff, which is in no UTF-8 text, or all of it.
 */
struct slice fuzz_part(struct slice *rest);

uint32_t fuzz_hash(struct slice text);

#endif
