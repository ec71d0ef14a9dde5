#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Does the check of the messages find one that no test quotes? On a small tree of its own.

setup() {
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE"/{src/base,cmd/program,include/program,tests/cli}
	for ((i = 0; i < 100; i++)); do
		printf 'static const char *message_%d = "the message number %d";\n' $i $i
	done > "$TREE/src/base/many.c"
	printf '@test "all" {\n\techo "the message number 0"\n}\n' > "$TREE/tests/cli/case.bats"
}

# TEXT...: the check says these of the tree, and fails.
assert_found() {
	local text
	run "${BATS_TEST_FILENAME%.bats}" "$TREE"
	echo "$output"
	[ "$status" = 1 ]
	for text; do
		[[ $output == *"$text"* ]]
	done
}

@test "each message is quoted" {
	run "${BATS_TEST_FILENAME%.bats}" "$TREE"
	[ "$status" = 0 ]
	[[ $output == '100 messages, 0 that no test quotes' ]]
}

@test "a message of a reporting function" {
	printf 'f() { return error_set(err, "%%s: gone away", name); }\n' > "$TREE/cmd/program/main.c"
	assert_found 'cmd/program/main.c:1: no test quotes "%s: gone away"' '101 messages, 1 that'
	echo 'gone away' >> "$TREE/tests/cli/case.bats"
	run "${BATS_TEST_FILENAME%.bats}" "$TREE"
	[ "$status" = 0 ]
}

@test "a sentence that another one takes up, in parts, in a header" {
	printf '#define REMEDY \\\n\t"buy a new " \\\n\t"computer"\n\n' > "$TREE/include/program/program.h"
	assert_found 'include/program/program.h:2: no test quotes "buy a new computer"'
}

@test "what stands between two directives, and is quoted in part" {
	printf 'f() { refuse("%%s: the second group %%u of the bus has %%s\\n"); }\n' > "$TREE/src/base/more.c"
	assert_found 'src/base/more.c:1: no test quotes "%s: the second group %u of the bus has %s\n"'
	echo 'of the bus' >> "$TREE/tests/cli/case.bats"
	assert_found '1 that no test quotes'
	echo 'the second group' >> "$TREE/tests/cli/case.bats"
	run "${BATS_TEST_FILENAME%.bats}" "$TREE"
	[ "$status" = 0 ]
}

@test "a tree without messages" {
	: > "$TREE/src/base/many.c"
	assert_found 'only 0 messages were found'
}
