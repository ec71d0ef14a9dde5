#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The packages are installed, used and removed, each in a small tree that has no more than a shell and the libraries that
# the programs are linked with; the tarball's has neither. PACKAGES is the directory that packaging/build made. Whole
# Debian systems: debian.bats.

load ../cli/helpers

setup_file() {
	umask 022
	DEB=$(echo "$PACKAGES"/oci-vfio-hook_*.deb)
	RPM=$(echo "$PACKAGES"/oci-vfio-hook-*.rpm)
	TARBALL=$(echo "$PACKAGES"/oci-vfio-hook-*-static-*.tar.gz)
	export DEB RPM TARBALL
}

setup() {
	needs_root
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE"
}

# A shell, libc, and of dpkg and rpm what they want to find.
small_tree() {
	local library
	mkdir -p "$TREE"/{bin,usr/{bin,share/{bash-completion/completions,doc,man/man5,man/man8}},etc,proc,var/{tmp,lib/{dpkg/info,rpm}},demo}
	touch "$TREE/var/lib/dpkg/"{status,available}
	cp "$(command -v busybox)" "$TREE/bin/sh"
	for library in $(ldd "$PACKAGES/work/shared/cmd/oci-vfio-hook/oci-vfio-hook" | grep -o '/[^ ]*'); do
		cp --parents "$library" "$TREE"
	done
	mount --bind /proc "$TREE/proc"
	MOUNTED=$TREE/proc
}

teardown() {
	[ -z "${MOUNTED:-}" ] || umount "$MOUNTED"
}

# Everything in the tree but dpkg's and rpm's own databases.
list_tree() {
	(cd "$TREE" && find . -path ./proc -prune -o -path ./demo -prune -o -path './var*' -prune -o -print | sort)
}

# The sample of ./run demo, by the installed program.
use_programs() {
	mkdir -p "$TREE/demo"
	cp -R --no-dereference "$BATS_TEST_DIRNAME"/../cases/demo/{root,bundle} "$TREE/demo"
	chmod -R go-w "$TREE/demo"
	[[ $(chroot "$TREE" /usr/bin/oci-vfio-hook --root /demo/root plan /demo/bundle) == *'/dev/vfio/45'*'/dev/vfio/3'* ]]
	[ "$(readlink "$TREE/usr/bin/oci-vfio-crun")" = oci-vfio-runtime ]
	[ -x "$TREE/usr/bin/oci-vfio-runtime" ]
}

# What podman reads names what is there.
is_registered() {
	local hook=$TREE/etc/containers/oci-vfio-hook/oci-vfio-hook.json
	grep -qF '"/etc/containers/oci-vfio-hook",' "$TREE/etc/containers/containers.conf.d/oci-vfio-precreate.conf"
	[ -x "$TREE$(gojq -r .hook.path "$hook")" ]
}

install_deb() {
	dpkg --root="$TREE" --force-depends --install "$DEB" 2>&1
}

# After removal: configuration, and no more. BEFORE
only_configuration_left() {
	local left
	left=$(comm -13 <(echo "$1") <(list_tree) | tr '\n' ' ')
	[ "$left" = './etc/containers ./etc/containers/containers.conf.d ./etc/docker ./etc/docker/daemon.json ./etc/oci-vfio-hook ./etc/oci-vfio-hook/devices.d ./etc/oci-vfio-hook/devices.d/mine.json ' ] ||
		fail "left: $left"
	[ "$(cat "$TREE/etc/docker/daemon.json")" = '{"debug": true}' ]
}

# Configuration of an administrator's.
configure_tree() {
	echo '[]' > "$TREE/etc/oci-vfio-hook/devices.d/mine.json"
	mkdir "$TREE/etc/docker"
	echo '{"debug": true}' > "$TREE/etc/docker/daemon.json"
	chroot "$TREE" /usr/bin/oci-vfio-hook enable docker
}

@test ".deb: installed, used, disabled, installed again, removed" {
	local before
	small_tree
	before=$(list_tree)
	install_deb
	use_programs
	is_registered
	configure_tree
	chroot "$TREE" /usr/bin/oci-vfio-hook disable podman
	install_deb
	[ ! -e "$TREE/etc/containers/oci-vfio-hook" ]
	chroot "$TREE" /usr/bin/oci-vfio-hook enable podman
	dpkg --root="$TREE" --remove oci-vfio-hook
	only_configuration_left "$before"
}

@test ".rpm: installed, used, removed" {
	local before
	small_tree
	before=$(list_tree)
	rpm --root "$TREE" --dbpath /var/lib/rpm --nodeps --install "$RPM"
	use_programs
	is_registered
	configure_tree
	rpm --root "$TREE" --dbpath /var/lib/rpm --nodeps --erase oci-vfio-hook
	only_configuration_left "$before"
}

@test "tarball: unpacked and used where nothing else is" {
	tar -C "$TREE" -xzf "$TARBALL"
	use_programs
	mkdir -p "$TREE/etc"
	chroot "$TREE" /usr/bin/oci-vfio-hook enable --programs /usr/bin crio
	grep -qxF 'runtime_path = "/usr/bin/oci-vfio-runtime"' "$TREE/etc/crio/crio.conf.d/oci-vfio.conf"
	# Of root, and of one time.
	[ "$(tar -tvzf "$TARBALL" --numeric-owner --full-time | awk '{ print $2, $4, $5 }' | sort -u | wc -l)" = 1 ]
}

@test "tarball: in the root file system of Kata's guest the hook is where the agent looks for it" {
	"$BATS_TEST_DIRNAME/../../packaging/kata/add-to-rootfs" "$TREE" "$TARBALL"
	chroot "$TREE" /usr/share/oci/hooks/prestart/oci-vfio-hook --version
	grep -qxF "ExtraTrees=${TARBALL##*/}" "$BATS_TEST_DIRNAME/../../packaging/mkosi/mkosi.conf"
}

@test "lintian and rpmlint show no error" {
	lintian --allow-root --fail-on error "$DEB"
	rpmlint --config "$BATS_TEST_DIRNAME/../../packaging/rpm/rpmlint.toml" "$RPM"
}

@test "made again: the same bytes" {
	local copy=$BATS_TEST_TMPDIR/before package
	mkdir "$copy"
	mv "$DEB" "$RPM" "$TARBALL" "$copy"
	PACKAGED_BUILD=$(realpath "$PACKAGES/work/shared") "$BATS_TEST_DIRNAME/../../packaging/build" "$PACKAGES" > "$BATS_TEST_TMPDIR/log" 2>&1 || cat "$BATS_TEST_TMPDIR/log"
	for package in "$copy"/*; do cmp "$package" "$PACKAGES/${package##*/}"; done
}

# The default prefix of a build by hand, on this machine itself, but for what the installation changes.
# shellcheck disable=SC2016 # for that bash
@test "cmake --install: podman is told for the whole machine, and otherwise what to type; uninstall undoes it" {
	local build=$PACKAGES/work/shared manifest
	manifest=$(cat "$build/install_manifest.txt" 2> /dev/null) || true
	DESTDIR=$BATS_TEST_TMPDIR/staged run cmake --install "$build" --prefix /usr/local
	[[ $output == *'podman does not call oci-vfio-hook yet: this is not yet the machine it is for'* ]]
	[[ $output == *'To have it do so, type: /usr/local/bin/oci-vfio-hook enable podman'* ]]
	grep -qF '"path": "/usr/local/bin/oci-vfio-hook"' "$BATS_TEST_TMPDIR/staged/usr/local/share/oci-vfio-hook/examples/createRuntime/oci-vfio-hook.json"
	run cmake --install "$build" --prefix "$BATS_TEST_TMPDIR/elsewhere"
	[[ $output == *"type: $BATS_TEST_TMPDIR/elsewhere/bin/oci-vfio-hook enable podman"* ]]
	mkdir -p /etc/containers
	BUILD=$build unshare --mount bash -euc '
		mount -t tmpfs none /usr/local
		mount -t tmpfs none /etc/containers
		cmake --install "$BUILD" --prefix /usr/local | grep -xF -- "-- podman calls /usr/local/bin/oci-vfio-hook at each start of a container from now on"
		grep -qF "\"path\": \"/usr/local/bin/oci-vfio-hook\"" /etc/containers/oci-vfio-hook/oci-vfio-hook.json
		cmake --build "$BUILD" --target uninstall
		[ "$(find /usr/local /etc/containers ! -type d)" = "" ]'
	if [ -n "$manifest" ]; then echo "$manifest" > "$build/install_manifest.txt"; else rm "$build/install_manifest.txt"; fi
}
