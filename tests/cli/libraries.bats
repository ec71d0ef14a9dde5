#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The libraries that the programs load when they need them: their ELF notes name those for whoever packages the programs
# (https://systemd.io/ELF_DLOPEN_METADATA), and name all of them.
# Clang's sanitizers put room around the notes.
# bats file_tags=unsanitized

setup() {
	set -o pipefail
}

# PROGRAM: what its notes say.
notes() {
	python3 "$BATS_TEST_DIRNAME/dlopen_notes.py" "$1" | sort
}

# PROGRAM: the sonames that its code has, whatever they are for.
sonames() {
	objcopy -O binary --only-section .rodata "$1" /dev/stdout | strings | grep -xE 'lib[a-z0-9]+\.so\.[0-9]+' | sort
}

# PROGRAM, what its notes must say on stdin.
assert_notes() {
	cat > "$BATS_TEST_TMPDIR/expected"
	[ "$(readelf --section-headers --wide "$1" | grep -cE ' \.note\.dlopen +NOTE .* A ')" = 1 ]
	notes "$1" > "$BATS_TEST_TMPDIR/notes"
	diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/notes"
	diff <(sonames "$1") <(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/notes")
}

@test "oci-vfio-hook" {
	assert_notes "$OCI_VFIO_HOOK" <<-'NOTES'
	libkmod.so.2 kernel-modules suggested
	libmount.so.1 cgroup-mounts suggested
	libsystemd.so.0 systemd-units recommended
	libudev.so.1 hotplug suggested
	NOTES
}

@test "oci-vfio-admin" {
	assert_notes "${OCI_VFIO_HOOK%/*}/oci-vfio-admin" <<-'NOTES'
	libkmod.so.2 kernel-modules suggested
	libmount.so.1 cgroup-mounts suggested
	libpci.so.3 pci-names suggested
	libsystemd.so.0 systemd-units recommended
	libudev.so.1 hotplug suggested
	libxml2.so.2 libvirt suggested
	libz.so.1 kernel-configuration suggested
	NOTES
}

@test "oci-vfio-runtime" {
	assert_notes "$OCI_VFIO_RUNTIME" <<-'NOTES'
	libkmod.so.2 kernel-modules suggested
	libudev.so.1 hotplug suggested
	NOTES
}
