#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The .deb in fresh systems of Debian 12 and 13: installed with what it depends on, used, removed, purged. PACKAGES is the
# directory that packaging/build made. It downloads each system.

load ../cli/helpers
# shellcheck disable=SC1091 # beside the guests
. "$BATS_TEST_DIRNAME/../vm/suite.bash"

setup() {
	needs_root
	TREE=$BATS_TEST_TMPDIR/tree
	DEB=$(echo "$PACKAGES"/oci-vfio-hook_*.deb)
}

teardown() {
	if mountpoint --quiet "$TREE/proc"; then umount "$TREE/proc"; fi
}

in_tree() {
	chroot "$TREE" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

list_tree() {
	(cd "$TREE" && find . \( -path ./proc -o -path './var/lib/*' -o -path './var/cache/*' -o -path './var/log/*' -o -path ./oci-vfio-hook.deb \) \
		-prune -o -print | sort)
}

# SUITE
debian() {
	local before mirror
	mirror=$(own_mirror)
	debootstrap --variant=minbase "$1" "$TREE" "$mirror" > "$BATS_TEST_TMPDIR/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$BATS_TEST_TMPDIR/debootstrap.log"; return 1; }
	mountpoint --quiet "$TREE/proc" || mount --bind /proc "$TREE/proc"
	before=$(list_tree)
	cp "$DEB" "$TREE/oci-vfio-hook.deb"
	in_tree apt-get -q -y -o APT::Sandbox::User=root install --no-install-recommends /oci-vfio-hook.deb
	# shellcheck disable=SC2016 # dpkg's own
	[ "$(in_tree dpkg-query -W -f '${Status}' oci-vfio-hook)" = 'install ok installed' ]
	in_tree oci-vfio-hook --version
	in_tree oci-vfio-hook enable containerd
	[ -e "$TREE/etc/containers/containers.conf.d/oci-vfio-precreate.conf" ]
	echo '[]' > "$TREE/etc/oci-vfio-hook/devices.d/mine.json"
	in_tree apt-get -q -y -o APT::Sandbox::User=root remove oci-vfio-hook
	left=$(comm -13 <(echo "$before") <(list_tree) | tr '\n' ' ')
	[ "$left" = './etc/containerd ./etc/containers ./etc/containers/containers.conf.d ./etc/oci-vfio-hook ./etc/oci-vfio-hook/devices.d ./etc/oci-vfio-hook/devices.d/mine.json ' ] ||
		fail "left: $left"
	in_tree dpkg --purge oci-vfio-hook
}

@test "Debian 12" { debian bookworm; }
@test "Debian 13" { debian trixie; }
