#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# enable and disable: the files of podman, CRI-O, containerd and docker below --root. What is made of their texts is in
# tests/unit/test_registration.c; that the engines understand it, in tests/vm/engines.bats.

load helpers

setup() {
	machine
	mkdir -p "$ROOT/usr/bin"
	touch "$ROOT/usr/bin/oci-vfio-runtime"
	ENGINE=$ROOT/etc
}

# STATUS ARGUMENT...: sets `output` to what both streams get.
at_root() {
	local expected=$1 status=0
	shift
	output=$("$OCI_VFIO_HOOK" --root "$ROOT" "$@" 2>&1 < /dev/null) || status=$?
	[ $status = "$expected" ] || fail "status $status: $output"
}

# TEXT: is in the output.
says() {
	[[ $output == *"$1"* ]] || fail "no \"$1\" in: $output"
}

files() {
	(cd "$ENGINE" && find . -type f | sort | tr '\n' ' ')
}

@test "podman: three files, the same the second time, and none in the end" {
	at_root 0 enable --programs /usr/bin podman
	[ "$(files)" = './containers/containers.conf.d/oci-vfio-precreate.conf ./containers/containers.conf.d/oci-vfio-runtime.conf ./containers/oci-vfio-hook/oci-vfio-hook.json ' ]
	[[ $output == "$ENGINE/containers/oci-vfio-hook/oci-vfio-hook.json: written"*'nothing has to be restarted'* ]]
	gojq -e '.hook.path == "/usr/bin/oci-vfio-hook" and .stages == ["precreate"]' "$ENGINE/containers/oci-vfio-hook/oci-vfio-hook.json"
	at_root 0 --programs=/usr/bin enable podman
	says 'oci-vfio-hook.json: is as it shall be'
	[[ $output != *written* ]]
	at_root 0 disable podman
	says 'oci-vfio-precreate.conf: removed'
	says 'podman calls oci-vfio-hook no more'
	[ "$(files)" = '' ]
	[ ! -e "$ENGINE/containers/oci-vfio-hook" ]
	at_root 0 disable podman
	says "oci-vfio-precreate.conf: isn't there"
	[[ $output != *'no more'* ]]
}

@test "podman: lists of other files are kept, and our directory keeps what isn't ours" {
	mkdir -p "$ROOT/usr/share/containers" "$ENGINE"/containers/{containers.conf.d,oci-vfio-hook}
	touch "$ENGINE/containers/oci-vfio-hook/mine"
	printf '[engine]\nhooks_dir = ["/usr/site"]\n' > "$ROOT/usr/share/containers/containers.conf"
	printf '[engine]\nhooks_dir = ["/drop-in", {append=true}]\n' > "$ENGINE/containers/containers.conf.d/a.conf"
	printf 'not read' > "$ENGINE/containers/containers.conf.d/b.conf.old"
	at_root 0 enable --programs /usr/bin podman
	[ "$(grep $'^\t' "$ENGINE/containers/containers.conf.d/oci-vfio-precreate.conf" | tr -d '\t\n')" = \
		'"/usr/site","/drop-in","/etc/containers/oci-vfio-hook",' ]
	at_root 0 disable podman
	[ -e "$ENGINE/containers/oci-vfio-hook/mine" ]
	[ -e "$ENGINE/containers/containers.conf.d/a.conf" ]
}

@test "crio, containerd and docker: what is to be typed, and everything as it was in the end" {
	local engine
	mkdir -p "$ENGINE"/{containerd,docker}
	echo 'version = 2' > "$ENGINE/containerd/config.toml"
	echo '{"debug": true}' > "$ENGINE/docker/daemon.json"
	chmod 0600 "$ENGINE/docker/daemon.json"
	(umask 077; at_root 0 enable --programs /usr/bin crio)
	[ "$(stat -c %a "$ENGINE/crio/crio.conf.d" "$ENGINE/crio/crio.conf.d/oci-vfio.conf" | tr '\n' ' ')" = '755 644 ' ]
	at_root 0 enable --programs /usr/bin containerd
	says 'config.toml: changed'
	says 'type: systemctl restart containerd'
	at_root 0 enable --programs /usr/bin docker
	says 'type: systemctl reload docker'
	gojq -e '.debug and .runtimes["oci-vfio"].path == "/usr/bin/oci-vfio-runtime"' "$ENGINE/docker/daemon.json"
	[ "$(stat -c %a "$ENGINE/docker/daemon.json")" = 600 ]
	for engine in crio containerd docker; do at_root 0 disable $engine; done
	[ "$(files)" = './containerd/config.toml ./docker/daemon.json ' ]
	[ "$(cat "$ENGINE/containerd/config.toml" "$ENGINE/docker/daemon.json")" = $'version = 2\n{"debug": true}' ]
}

@test "cdi: a unit and a rule, and what is to be typed" {
	local unit=$ENGINE/systemd/system/oci-vfio-hook-cdi.service rule=$ENGINE/udev/rules.d/70-oci-vfio-hook-cdi.rules
	touch "$ROOT/usr/bin/oci-vfio-hook"
	at_root 0 enable --programs /usr/bin cdi
	says 'systemctl daemon-reload && systemctl enable --now oci-vfio-hook-cdi.service'
	grep -qxF 'ExecStart="/usr/bin/oci-vfio-hook" cdi --output /run/cdi/oci-vfio-hook.json' "$unit"
	grep -qF 'SUBSYSTEM=="vfio|vfio-dev"' "$rule"
	at_root 0 enable --programs /usr/bin cdi
	says 'is as it shall be'
	mkdir -p "$ROOT/opt/100%\$HOME"
	touch "$ROOT/opt/100%\$HOME/oci-vfio-runtime"
	at_root 0 enable --print --programs "/opt/100%\$HOME" cdi
	says '# Devices may come and go often.'
	says "# A group's node, or a handle, comes or goes with a driver of VFIO's."
	# shellcheck disable=SC2016 # systemd's own escapes
	says 'ExecStart="/opt/100%%$$HOME/oci-vfio-hook" cdi'
	at_root 0 disable cdi
	says 'rm -f /run/cdi/oci-vfio-hook.json'
	[ "$(files)" = '' ]
	mkdir -p "${rule%/*}"
	echo mine > "$rule"
	at_root 65 enable cdi --programs /usr/bin
	says 'was not made by oci-vfio-hook: move it away, or rename it'
	[ ! -e "$unit" ]
	# systemd understands it.
	rm "$rule"
	at_root 0 enable --programs /usr/bin cdi
	sed "s|/usr/bin/|${OCI_VFIO_HOOK%/*}/|" "$unit" > "$BATS_TEST_TMPDIR/oci-vfio-hook-cdi.service"
	systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/oci-vfio-hook-cdi.service"
}

@test "the directory of the program is found, below --root and elsewhere" {
	cp "$OCI_VFIO_HOOK" "${OCI_VFIO_HOOK%/*}/oci-vfio-admin" "$ROOT/usr/bin"
	OCI_VFIO_HOOK=$ROOT/usr/bin/oci-vfio-hook at_root 0 enable crio
	grep -qxF 'runtime_path = "/usr/bin/oci-vfio-runtime"' "$ENGINE/crio/crio.conf.d/oci-vfio.conf"
	at_root 0 enable --print crio
	says "runtime_path = \"${OCI_VFIO_HOOK%/*}/oci-vfio-runtime\""
	at_root 66 enable crio
	says 'the wrapper must be beside oci-vfio-hook; --programs names another directory'
}

# In a container the machine is below --root, and the program runs beside it.
@test "--copy brings the programs along, and takes them away; --stay waits for SIGTERM" {
	local own=$BATS_TEST_TMPDIR/own pid status=0
	mkdir "$own"
	cp "$OCI_VFIO_HOOK" "${OCI_VFIO_HOOK%/*}/oci-vfio-admin" "$own"
	OCI_VFIO_HOOK=$own/oci-vfio-hook
	at_root 66 enable --programs /opt/a/bin --copy crio
	says "$own/oci-vfio-runtime: isn't there: --copy takes the programs that are beside this one"
	[ "$(files)" = '' ]
	echo wrapper > "$own/oci-vfio-runtime"
	# Owner and mode of what was there are not the programs', nor is a link that leads elsewhere.
	mkdir -p "$ROOT/opt/a/bin"
	echo old > "$ROOT/opt/a/bin/oci-vfio-hook"
	cp "$own/oci-vfio-admin" "$ROOT/opt/a/bin"
	[ "$EUID" != 0 ] || chown 1000:1000 "$ROOT"/opt/a/bin/*
	chmod 4777 "$ROOT"/opt/a/bin/*
	ln -s /home/u/evil "$ROOT/opt/a/bin/oci-vfio-crun"
	at_root 65 enable --programs /opt/a/bin --copy crio
	says 'opt/a/bin/oci-vfio-crun: is not a link to oci-vfio-runtime; move it away'
	[ "$(stat -c '%u %g %a' "$ROOT"/opt/a/bin/oci-vfio-{hook,admin} | sort -u)" = "$EUID $(id -g) 755" ]
	at_root 0 disable --programs /opt/a/bin --copy crio
	[ "$(readlink "$ROOT/opt/a/bin/oci-vfio-crun")" = /home/u/evil ]
	rm -r "$ROOT/opt/a"
	at_root 0 enable --programs /opt/a/bin --copy crio
	says "$ROOT/opt/a/bin/oci-vfio-runtime: written"
	[ "$(stat -c %a "$ROOT/opt/a/bin/oci-vfio-runtime")" = 755 ]
	[ "$(cat "$ROOT/opt/a/bin/oci-vfio-crun")" = wrapper ]
	echo other > "$own/oci-vfio-runtime"
	"$OCI_VFIO_HOOK" --root "$ROOT" enable --programs /opt/a/bin --copy --stay crio > "$BATS_TEST_TMPDIR/said" 3>&- &
	pid=$!
	until [[ $(cat "$BATS_TEST_TMPDIR/said") == *'crio.conf.d/oci-vfio.conf'* ]]; do sleep 0.02; done
	kill "$pid"
	wait "$pid" || status=$?
	[ $status = 0 ]
	grep -qF 'oci-vfio-runtime: changed' "$BATS_TEST_TMPDIR/said"
	[ "$(cat "$ROOT/opt/a/bin/oci-vfio-runc")" = other ]
	at_root 0 disable --programs /opt/a/bin --copy crio
	says "$ROOT/opt/a/bin: the programs are removed"
	[ ! -e "$ROOT/opt/a/bin" ]
	at_root 0 disable --programs /opt/a/bin --copy crio
	at_root 64 enable --copy crio
	says '--programs must say where to'
}

@test "--print changes nothing; of containerd it shows the tables, also where they can't be added" {
	mkdir -p "$ENGINE/containerd"
	printf 'version = 3\nplugins = {}\n' > "$ENGINE/containerd/config.toml"
	at_root 0 enable --print --programs /usr/bin podman
	says "==> $ENGINE/containers/containers.conf.d/oci-vfio-precreate.conf <=="
	at_root 0 enable --print --programs /usr/bin containerd
	says $'[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.oci-vfio]\n'
	at_root 65 enable --programs /usr/bin containerd
	says 'line 2: no table can be added to what is set here in one line'
	[ "$(files)" = './containerd/config.toml ' ]
}

@test "refused: other engines, other files, nothing half-written" {
	at_root 64 enable lxc
	says '"lxc": not an engine that is known here; podman, crio, containerd, docker or cdi'
	at_root 64 enable --programs usr/bin docker
	says '--programs needs an absolute path'
	at_root 64 plan --programs /usr/bin bundle
	says '--programs is for enable and disable, not for plan; remove it'
	at_root 64 disable
	says 'disable: the argument ENGINE is missing'
	at_root 0 disable --help
	says 'usage: oci-vfio-hook [--root DIR] enable'
	mkdir -p "$ENGINE"/{docker,containerd,crio/crio.conf.d/oci-vfio.conf} "$ENGINE/containers/containers.conf.d"
	ln -s other.json "$ENGINE/docker/daemon.json"
	at_root 65 enable --programs /usr/bin docker
	says 'daemon.json: is a symbolic link: put the file itself in its place; nothing was changed'
	at_root 65 enable --programs /usr/bin crio
	says 'oci-vfio.conf: must be a regular file; nothing was changed'
	echo '[engine]' > "$ENGINE/containers/containers.conf.d/oci-vfio-precreate.conf"
	at_root 65 enable --programs /usr/bin podman
	says 'oci-vfio-precreate.conf: was not made by oci-vfio-hook: move it away, or rename it'
	[ "$(files)" = './containers/containers.conf.d/oci-vfio-precreate.conf ' ]
}

@test "refused: where it isn't allowed to write" {
	needs_root
	mkdir "$ENGINE/docker"
	echo '{}' > "$ENGINE/docker/daemon.json"
	open_to_nobody
	run as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" enable --programs /usr/bin docker
	[ "$status" = 77 ]
	says "daemon.json: can't make a new file beside it: Permission denied"
	run as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" enable --programs /usr/bin crio
	[ "$status" = 77 ]
	says "oci-vfio.conf: the directory for it can't be made: Permission denied"
	[ "$(cat "$ENGINE/docker/daemon.json")" = '{}' ]
}

# bats test_tags=unsanitized
@test "refused: where /proc isn't mounted, and no directory is named" {
	needs_root
	run unshare --mount sh -c 'mount -t tmpfs none /proc; exec "$@"' sh "$OCI_VFIO_HOOK" --root "$ROOT" enable crio
	[ "$status" = 74 ]
	says "/proc/self/exe: can't be read: No such file or directory: mount /proc, or use --programs"
}
