#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Does the check of the version find what it is there for?

setup() {
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir "$TREE"
	echo 'project(oci-vfio-hook VERSION 1.2.3 LANGUAGES C' > "$TREE/CMakeLists.txt"
	news 1.2.3 unreleased
}

# VERSION DAY
news() {
	printf 'News\n\n%s (%s)\n\n1.2.2 (2020-01-02)\n' "$1" "$2" > "$TREE/NEWS"
}

# TAG: puts the tree under version control, with this tag.
tag() {
	git -C "$TREE" init --quiet
	git -C "$TREE" -c user.name=a -c user.email=a@example.org commit --quiet --allow-empty --message a
	git -C "$TREE" tag "$1"
}

# TEXT: is said of the tree.
refused() {
	run "${BATS_TEST_FILENAME%.bats}" "$TREE"
	echo "$output"
	[ "$status" = 1 ] && [[ $output == *"$1"* ]]
}

@test "CMakeLists.txt, NEWS and tag agree" {
	"${BATS_TEST_FILENAME%.bats}" "$TREE"
	news 1.2.3 2020-02-03
	tag v1.2.3
	"${BATS_TEST_FILENAME%.bats}" "$TREE"
}

@test "NEWS begins with another version" {
	news 1.2.2 unreleased
	refused 'NEWS begins with 1.2.2, CMakeLists.txt has 1.2.3'
}

@test "NEWS says neither a day nor unreleased" {
	news 1.2.3 soon
	refused 'write "1.2.3 (unreleased)"'
}

@test "the tag is another version" {
	tag v1.2.4
	refused 'the tag is v1.2.4'
}

@test "what is tagged is unreleased" {
	tag v1.2.3
	refused 'NEWS says that it is unreleased'
}
