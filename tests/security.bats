#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Does the check of SECURITY.md's table find a test that isn't there?
# shellcheck disable=SC2016 # Markdown

setup() {
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE/tests/cli"
	printf '@test "%s" {\n\ttrue\n}\n' one "another's, with a comma; and more" > "$TREE/tests/cli/case.bats"
	sed -i '1i #' "$TREE/tests/cli/case.bats"
	table '`tests/cli/case.bats`: "one"'
}

# TESTS: the last column of its only row.
table() {
	printf '## Attacks\n\n| what is tried | what happens | test |\n|---|---|---|\n| a theft | 69 | %s |\n' "$1" > "$TREE/SECURITY.md"
}

# TEXT: is said of the tree.
assert_found() {
	run "${BATS_TEST_FILENAME%.bats}" "$TREE"
	echo "$output"
	[ "$status" = 1 ] && [[ $output == *"$1"* ]]
}

@test "each test exists" {
	"${BATS_TEST_FILENAME%.bats}" "$TREE"
	table '`tests/cli/case.bats`: "one", "another'\''s, with a comma; and more"; `tests/cli/case.bats`: "one"'
	"${BATS_TEST_FILENAME%.bats}" "$TREE"
}

@test "a test that isn't there, in a file that is or isn't" {
	table '`tests/cli/case.bats`: "one", "two"'
	assert_found 'a theft: tests/cli/case.bats has no test "two"'
	table '`tests/cli/none.bats`: "one"'
	assert_found 'a theft: tests/cli/none.bats has no test "one"'
}

@test "a row without a test, or with one that isn't quoted" {
	table ''
	assert_found 'a theft: the tests must be as'
	table '`tests/cli/case.bats`: one'
	assert_found 'a theft: the tests must be as'
}

@test "no table" {
	: > "$TREE/SECURITY.md"
	assert_found 'there is no table of attacks'
}
