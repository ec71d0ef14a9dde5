#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The engines start containers from specs that were written for another kernel: podman through `precreate`, and podman,
# containerd, docker, crun and runc through the wrapper, each as `oci-vfio-hook enable` registers it. None can without us, and
# where we can't do our work no container starts and the engine's user is told why. Runs as root in the guest that
# `boot` starts with machine.conf and map.json.
#
# PACKAGE is a directory into which everything was installed with the prefix /usr, PACKAGES the one that packaging/build
# made, with the tarball of static programs in it, ENGINES the one that `engines` prints,
# VFIO_PROBE the static program that runs in the containers (probe.c, where its exit statuses are).
#
# CRI-O isn't here, because Debian has none: of its drop-in is only tested that it names our program.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

# A function that no map has.
edu_root=0000:00:05.0
# The function of map.json that the host knew as 0000:3b:02.0, in group 45.
edu_port=0000:01:00.0
host_address=0000:3b:02.0
host_numbers=243:5
device="$edu_port 0x010000ed"
no_function="no PCI function $host_address"

examples=/usr/share/oci-vfio-hook/examples
run_maps=/run/oci-vfio-hook/devices.d
# The engines' directories are on a tmpfs: their overlays don't work on the guest's own.
state=/run/engines
host_node=$state/host-node
image=docker.io/library/probe:latest
export CONTAINERD_ADDRESS=$state/containerd.sock DOCKER_HOST=unix://$state/docker.sock

load helpers

setup_file() {
	PATH=$ENGINES/usr/bin:$ENGINES/usr/sbin:$PATH
	bind_to vfio-pci $edu_port
	bind_to vfio-pci $edu_root
	cp -R "$PACKAGE"/. /
	mkdir -p $state/{empty,image}
	configure_podman
	start_engines
	cp "$VFIO_PROBE" $state/image/probe
	cp "$(command -v busybox)" $state/image/busybox
	make_image
	# docker and containerd want a node, and take path and numbers from it.
	mknod $host_node c ${host_numbers/:/ }
}

teardown_file() {
	local pid
	for pid in "$state"/*.pid; do kill "$(cat "$pid")" || true; done
}

setup() {
	untraced
	bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle/rootfs"
	cp $state/image/* "$bundle/rootfs"
	name=test-$BATS_TEST_NUMBER
}

teardown() {
	rm -rf $run_maps /etc/oci-vfio-hook
}

# ---- the engines

configure_podman() {
	mkdir -p /etc/cdi
	oci-vfio-hook enable podman
	# With type and numbers given podman doesn't look for the node, which isn't here.
	jq -n --arg variable "PCIDEVICE_INTEL_COM_SRIOV=$host_address" --arg own "PCIDEVICE_OWN=$edu_root" \
		--slurpfile example $examples/createRuntime/oci-vfio-hook.json '{
		cdiVersion: "0.3.0", kind: "test.example/vfio",
		devices: [{name: "45", containerEdits: {
			env: [$variable],
			deviceNodes: [{path: "/dev/vfio/45", type: "c", major: 243, minor: 5, permissions: "rwm"}]}}]}
		| .devices += [.devices[0] | .name = "45-alone" | del(.containerEdits.env)]
		| .devices += [.devices[0] | .name = "stale" | .containerEdits.env = [$own]
			| .containerEdits.deviceNodes[0].path = "/dev/vfio/99" | .containerEdits.deviceNodes[0].minor = 99]
		| .devices += [.devices[1] | .name = "45-with-hook"
			| .containerEdits.hooks = [$example[0].hook + {hookName: "createRuntime"}]]' > /etc/cdi/vfio.json
	podman_in_guest $state/podman
}

# Both as `enable` leaves their own files. They come up while podman is tested.
start_engines() {
	mkdir -p /etc/containerd /etc/docker
	{
		echo "version = 2"
		echo "root = '$state/containerd/root'"
		echo "state = '$state/containerd/state'"
		printf '[grpc]\naddress = "%s"\n' $CONTAINERD_ADDRESS
		# The pod's first container is ours too, because there is no network to load another.
		printf '[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "%s"\n' $image
	} > /etc/containerd/config.toml
	printf '{"storage-driver": "overlay2", "bridge": "none"}\n' > /etc/docker/daemon.json
	oci-vfio-hook enable containerd
	oci-vfio-hook enable docker
	oci-vfio-hook enable crio
	start containerd --config /etc/containerd/config.toml
	start dockerd --config-file /etc/docker/daemon.json --host $DOCKER_HOST \
		--containerd $CONTAINERD_ADDRESS --data-root $state/docker/data --exec-root $state/docker/exec \
		--pidfile $state/docker/pid --exec-opt native.cgroupdriver=cgroupfs \
		--iptables=false --ip6tables=false
}

# Without bats' own descriptor: it would wait for them.
start() {
	"$@" > "$state/$1.log" 2>&1 3>&- &
	echo $! > "$state/$1.pid"
}

# SECONDS COMMAND...
wait_for() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			tail -n 20 "$state"/*.log >&2
			return 1
		fi
		sleep 0.2
	done
}

# An archive as `docker save` writes it, of one layer: what is in $state/image.
make_image() {
	local work=$state/archive layer
	mkdir -p $work
	tar -C $state/image -cf $work/layer.tar .
	layer=$(sha256sum < $work/layer.tar)
	jq -n --arg layer "sha256:${layer%% *}" '{architecture: "amd64", os: "linux", config: {Cmd: ["/busybox", "sleep", "600"]},
		rootfs: {type: "layers", diff_ids: [$layer]}}' > $work/config.json
	jq -n --arg image $image '[{Config: "config.json", RepoTags: [$image], Layers: ["layer.tar"]}]' > $work/manifest.json
	tar -C $work -cf $state/image.tar manifest.json config.json layer.tar
}

# ---- a container of each engine's, with the foreign device

podman_arguments() {
	arguments=(--name "$name" --device test.example/vfio=45 --rootfs "$bundle/rootfs")
}

# RUNTIME
podman_run() {
	local arguments
	podman_arguments
	podman --runtime "$1" run --rm "${arguments[@]}" /probe
}

# RUNTIME
podman_run_without_precreate() {
	local arguments
	podman_arguments
	podman --hooks-dir $state/empty --runtime "$1" run --rm "${arguments[@]}" /probe
}

# [GLOBAL-OPTION...]: one that stays, to run something in it. What CDI adds to the environment podman exec doesn't know.
podman_start() {
	local arguments
	podman_arguments
	podman "$@" run --detach --env PCIDEVICE_INTEL_COM_SRIOV=$host_address "${arguments[@]}" /busybox sleep 600
}

# RUNTIME
new_foreign_spec() {
	new_spec "$1"
	edit_spec --arg root "$bundle/rootfs" '.root.path = $root'
	add_device INTEL_COM_SRIOV $host_address 45 $host_numbers
}

# COMMAND [OPTION...]
oci_run() {
	"$@" run --bundle "$bundle" "$name"
}

# In two steps, as engines do; prints what the container's process printed.
oci_create_start() {
	local output=$BATS_TEST_TMPDIR/output
	"$1" create --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$name" > "$output" 2>&1 < /dev/null 3>&- ||
		{ cat "$output"; return 1; }
	"$1" start "$name"
	wait_for 60 oci_stopped "$1"
	cat "$output"
	"$1" delete "$name"
}

oci_stopped() {
	"$1" state "$name" | jq --exit-status '.status == "stopped"'
}

# [OPTION...]
ctr_run() {
	wait_for 60 ctr version
	ctr run --rm --config "$bundle/config.json" "$@" "$name"
}

# RUNTIME-HANDLER [NODE]: what a RuntimeClass names, and the node that gets the host's path.
pod_run() {
	wait_for 60 ctr version
	[ -n "$(ctr --namespace k8s.io images ls --quiet)" ] || ctr --namespace k8s.io images import $state/image.tar > /dev/null
	"$BATS_TEST_DIRNAME/cri" $CONTAINERD_ADDRESS "$1" $image "${2:-$host_node}" "$name-$1" /probe
}

# A user's podman binds a node: this machine's null gets the host's path, which the map must allow.
allow_stand_in() {
	mkdir -p /etc/oci-vfio-hook/devices.d
	jq '.[0].stand_in = true' < "$BATS_TEST_DIRNAME/map.json" > /etc/oci-vfio-hook/devices.d/map.json
	chmod 644 /etc/oci-vfio-hook/devices.d/map.json
}

# RUNTIME [NODE]
docker_run() {
	wait_for 60 docker version
	[ -n "$(docker image ls --quiet $image)" ] || docker load --quiet --input $state/image.tar > /dev/null
	docker run --rm --runtime "$1" --network none --device "${2:-$host_node}:/dev/vfio/45" \
		--env PCIDEVICE_INTEL_COM_SRIOV=$host_address $image /probe
}

# ---- the device is read from inside, and isn't without us

podman_precreate() {
	expect 11 "$no_function" podman_run_without_precreate "$1"
	expect 0 "$device" podman_run "$1"
}

@test "podman with crun, precreate" { podman_precreate crun; }
# bats test_tags=second
@test "podman with runc, precreate" { podman_precreate runc; }

# This machine's own device, whose group had another number when the container was described.
@test "podman, precreate: the node of today, by the address" {
	local command=(run --rm --device test.example/vfio=stale --rootfs "$bundle/rootfs" /probe)
	expect 12 '/dev/vfio/vfio' podman --hooks-dir $state/empty --runtime crun "${command[@]}"
	expect 0 "$edu_root 0x010000ed" podman --runtime crun "${command[@]}"
}

@test "podman, precreate: a container that is started again" {
	local arguments
	podman_arguments
	podman create "${arguments[@]}" /probe
	expect 0 "$device" podman start --attach "$name"
	expect 0 "$device" podman start --attach "$name"
	podman rm "$name"
}

# 2^64 - 1, which doesn't fit a double.
@test "podman, precreate: an unlimited memlock" {
	local arguments
	podman_arguments
	podman create --ulimit memlock=-1:-1 "${arguments[@]}" /busybox sh -c 'ulimit -l; exec /probe'
	expect 0 "unlimited"$'\n'"$device" podman start --attach "$name"
	grep -q '"hard":18446744073709551615' "$(podman inspect --format '{{.OCIConfigPath}}' "$name")"
	podman rm "$name"
}

# A user's podman binds this machine's nodes instead of making its own: what it puts on the host's path is its null, and
# the device must be the user's to open.
rootless_podman() {
	local user=tester
	if ! id $user > /dev/null 2>&1; then
		useradd --no-create-home $user
		usermod --add-subuids 200000-265535 --add-subgids 200000-265535 $user
		install -d -o $user $state/user /run/user/"$(id -u $user)"
	fi
	chown $user "/dev/vfio/$(group_of $edu_port)"
	chown -R $user "$bundle"
	chmod -R a+rX "$BATS_RUN_TMPDIR"
	# QEMU's is root's to read.
	allow_stand_in
	echo '{"fw_cfg": false}' > /etc/oci-vfio-hook/config.json
	HOME=$state/user XDG_RUNTIME_DIR=/run/user/$(id -u $user) setpriv --reuid $user --regid $user --clear-groups \
		podman --storage-driver vfs --root $state/user/graph --runroot $state/user/run "$@"
}

# ADDRESS
rootless_arguments() {
	arguments=(run --rm --cgroups disabled --device /dev/null:/dev/vfio/45 --device /dev/vfio/vfio
		--env "PCIDEVICE_INTEL_COM_SRIOV=$1" --rootfs "$bundle/rootfs" /probe)
}

@test "podman of a user, precreate" {
	local arguments
	rootless_arguments $host_address
	expect 11 "$no_function" rootless_podman --hooks-dir $state/empty --runtime crun "${arguments[@]}"
	expect 0 "$device" rootless_podman --runtime crun "${arguments[@]}"
}

@test "podman of a user, --runtime oci-vfio-crun" {
	local arguments
	rootless_arguments $host_address
	expect 0 "$device" rootless_podman --hooks-dir $state/empty --runtime oci-vfio-crun "${arguments[@]}"
}

@test "podman of a user, createRuntime" {
	local arguments
	rootless_arguments $edu_port
	expect 14 "/dev/vfio/$(group_of $edu_port): No such file" rootless_podman --hooks-dir $state/empty --runtime crun "${arguments[@]}"
	expect 0 "$device" rootless_podman --hooks-dir $examples/createRuntime --runtime crun "${arguments[@]}"
}

# buildah reads the same directories.
@test "podman build, with precreate configured" {
	printf '%s\n' 'FROM scratch' 'COPY busybox /' 'RUN ["/busybox", "true"]' > "$bundle/rootfs/Dockerfile"
	expect 0 'COMMIT' podman build --network none "$bundle/rootfs"
}

podman_wrapper() {
	expect 11 "$no_function" podman_run_without_precreate "$1"
	expect 0 "$device" podman_run_without_precreate "$2"
}

@test "podman --runtime oci-vfio-crun" { podman_wrapper crun oci-vfio-crun; }
# bats test_tags=second
@test "podman --runtime oci-vfio-runtime" { podman_wrapper runc oci-vfio-runtime; }

# podman takes the environment from its own copy of the spec, so that only the wrapper can translate it.
@test "podman exec" {
	podman_start --runtime crun
	expect 11 "$no_function" podman exec "$name" /probe
	podman rm --force --time 0 "$name"
	podman_start --hooks-dir $state/empty --runtime oci-vfio-crun
	expect 0 "$device" podman exec "$name" /probe
	podman rm --force --time 0 "$name"
}

wrapper() {
	new_foreign_spec "$1"
	expect 11 "$no_function" oci_run "$1"
	expect 0 "$device" oci_run "$2"
	new_foreign_spec "$1"
	expect 0 "$no_function" oci_create_start "$1"
	expect 0 "$device" oci_create_start "$2"
}

@test "crun through the wrapper: run, create and start" { wrapper crun oci-vfio-crun; }
@test "runc through the wrapper: run, create and start" { wrapper runc oci-vfio-runtime; }

@test "containerd" {
	local binary
	new_foreign_spec runc
	binary=$(containerd --config /etc/containerd/config.toml config dump |
		sed -n '/runtimes\.oci-vfio\.options\]/,/^$/s/^ *BinaryName = "\(.*\)"$/\1/p')
	[ "$binary" = /usr/bin/oci-vfio-runtime ]
	expect 11 "$no_function" ctr_run
	expect 0 "$device" ctr_run --runc-binary "$binary"
}

@test "containerd: a pod of the RuntimeClass" {
	local handler
	handler=$(sed -n 's/^handler: //p' $examples/runtimeclass.yaml)
	expect 11 "$no_function" pod_run runc
	expect 0 "$device" pod_run "$handler"
}

# Whoever may give a container some device under a path of his choice, gets no other one by that.
@test "containerd and docker: another device stands in for the mapped one" {
	expect 1 'but c 1:3 is not a device that VFIO' pod_run oci-vfio /dev/null
	expect 125 'but c 1:3 is not a device that VFIO' docker_run oci-vfio /dev/null
}

@test "docker" {
	expect 11 "$no_function" docker_run runc
	expect 0 "$device" docker_run oci-vfio
}

@test "CRI-O's drop-in names the wrapper (not run: Debian has no CRI-O)" {
	local path
	path=$(/usr/bin/python3 -c 'import sys, tomllib
print(tomllib.load(sys.stdin.buffer)["crio"]["runtime"]["runtimes"]["oci-vfio"]["runtime_path"])' < /etc/crio/crio.conf.d/oci-vfio.conf)
	[ -x "$path" ]
}

# ---- the device is still there after the engine or a person has changed other resources

# What an engine sends along with a new limit: its own copy of the spec's rules, which has the host's numbers.
host_resources() {
	jq -n --arg numbers $host_numbers '($numbers | split(":") | map(tonumber)) as [$major, $minor] | {
		cpu: {shares: 77}, devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", $major, $minor, access: "rwm"}]}' \
		> "$BATS_TEST_TMPDIR/resources.json"
}

# The process of $name, to begin with.
keep_running() {
	edit_spec '.process.args = ["/busybox", "sleep", "600"] | .process.capabilities.bounding += ["CAP_MKNOD"]
		| .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]'
}

# COMMAND...: prints what opening a node with the host's numbers gives in the container: the cgroup's word, or the
# driver's, of which there is none.
open_host_numbers() {
	"$@" /busybox sh -c "/busybox rm -f /dev/host; /busybox mknod /dev/host c ${host_numbers/:/ } && /busybox head -c 1 /dev/host" 2>&1 || true
}

# RUNTIME WRAPPER: the wrapper keeps the device through the runtime's own update, whose resources have device rules.
update() {
	local form
	new_foreign_spec "$1"
	keep_running
	host_resources
	"$2" run --detach --bundle "$bundle" "$name" > /dev/null 2>&1 < /dev/null 3>&-
	for form in --resources=FILE '--resources FILE' '-r FILE' '-r -' --resources=-; do
		# shellcheck disable=SC2086 # Words.
		"$2" update ${form/FILE/$BATS_TEST_TMPDIR/resources.json} "$name" < "$BATS_TEST_TMPDIR/resources.json"
		expect 0 "$device" "$2" exec "$name" /probe
		[[ $(open_host_numbers "$2" exec "$name") == *'Operation not permitted'* ]]
	done
	# The rest arrived.
	[ "$(cat "/sys/fs/cgroup$(sed 's/^0:://' "/proc/$("$1" state "$name" | jq .pid)/cgroup")/cpu.weight")" != 100 ]
}

@test "crun's own update: the device rules of its resources don't reach it" {
	update crun oci-vfio-crun
	# Without the wrapper the device is lost, and the host's numbers are allowed.
	crun update --resources "$BATS_TEST_TMPDIR/resources.json" "$name"
	expect 12 '/dev/vfio/vfio' crun exec "$name" /probe
	[[ $(open_host_numbers crun exec "$name") == *'No such device or address'* ]]
	crun delete --force "$name"
}

@test "runc's own update: it drops the device rules itself" {
	update runc oci-vfio-runtime
	runc update --resources "$BATS_TEST_TMPDIR/resources.json" "$name"
	expect 0 "$device" runc exec "$name" /probe
	runc delete --force "$name"
}

# containerd sends the device rules along.
@test "containerd: a pod whose resources are updated, runc and crun" {
	local runtime
	wait_for 60 ctr version
	[ -n "$(ctr --namespace k8s.io images ls --quiet)" ] || ctr --namespace k8s.io images import $state/image.tar > /dev/null
	mkdir -p /etc/oci-vfio-hook
	for runtime in runc crun; do
		echo "{\"runtime\": \"$runtime\", \"log\": \"$BATS_TEST_TMPDIR/log\", \"log-level\": \"debug\"}" > /etc/oci-vfio-hook/config.json
		expect 0 "$device" "$BATS_TEST_DIRNAME/cri" --update $CONTAINERD_ADDRESS oci-vfio $image $host_node "$name-$runtime" /probe
		grep -q 'update: removed "devices" from the resources' "$BATS_TEST_TMPDIR/log"
		rm "$BATS_TEST_TMPDIR/log"
	done
}

# Neither sends any: so the stages do, too.
podman_update() {
	podman "$@"
	podman update --memory 256m "$name"
	expect 0 "$device" podman exec --env "PCIDEVICE_INTEL_COM_SRIOV=$edu_port" "$name" /probe
	podman rm --force --time 0 "$name"
}

# RUNTIME
update_at_stages() {
	local arguments
	podman_arguments
	podman_update --runtime "$1" run --detach "${arguments[@]}" /busybox sleep 600
	podman_update --hooks-dir $examples/createRuntime --runtime "$1" run --detach --name "$name" \
		--device test.example/vfio=45-alone --env "PCIDEVICE_INTEL_COM_SRIOV=$edu_port" --rootfs "$bundle/rootfs" /busybox sleep 600
}

@test "podman update (4.3): precreate and createRuntime, crun" { update_at_stages crun; }
# bats test_tags=second
@test "podman update (4.3): precreate and createRuntime, runc" { update_at_stages runc; }

@test "podman update (4.3): the wrapper" {
	local arguments
	podman_arguments
	podman_update --hooks-dir $state/empty --runtime oci-vfio-crun run --detach "${arguments[@]}" /busybox sleep 600
}

@test "docker update" {
	wait_for 60 docker version
	[ -n "$(docker image ls --quiet $image)" ] || docker load --quiet --input $state/image.tar > /dev/null
	docker run --detach --name "$name" --runtime oci-vfio --network none --device $host_node:/dev/vfio/45 \
		--env PCIDEVICE_INTEL_COM_SRIOV=$host_address $image
	docker update --memory 256m --memory-swap 256m "$name"
	expect 0 "$device" docker exec "$name" /probe
	docker rm --force "$name"
}

# ---- a process that is added: its variables come from the engine's copy

@test "exec: with a broken map, and where the container's own bundle says what it got" {
	podman_start --hooks-dir $state/empty --runtime oci-vfio-crun
	bad_map
	expect 0 "$device" podman exec "$name" /probe
	podman rm --force --time 0 "$name"
}

# ---- where we can't do our work, nothing starts and the user is told

bad_map() {
	mkdir -p $run_maps
	echo '[{' > $run_maps/engines.json
}

# /run's map takes /dev/vfio/45 from fw_cfg's. That nothing comes is known soon enough.
map_of_missing_function() {
	mkdir -p $run_maps /etc/oci-vfio-hook
	echo '{"timeout": 1}' > /etc/oci-vfio-hook/config.json
	jq -n --arg option "$host_address=1e/00" \
		'[{type: "vfio-pci", container_path: "/dev/vfio/45", options: [$option]}]' > $run_maps/engines.json
}

# STATUS TEXT-FOR-A-BAD-MAP TEXT-FOR-A-MISSING-FUNCTION COMMAND...
expect_no_start() {
	local status_expected=$1 bad=$2 missing=$3
	shift 3
	bad_map
	expect "$status_expected" "$bad" "$@"
	[[ $output != *probe:* ]]
	map_of_missing_function
	expect "$status_expected" "$missing" "$@"
	[[ $output != *probe:* ]]
}

bad_text="$run_maps/engines.json: line"
missing_text='00:1e.0'

# podman throws a precreate hook's stderr away.
@test "errors: podman, precreate" {
	local hook='executing [oci-vfio-hook: why: journalctl -n1 -t oci-vfio-hook; --unmapped=own --by-address=remap precreate]'
	expect_no_start 126 "$hook: exit status 65" "$hook: exit status 75" podman_run crun
}

# bats test_tags=second
@test "errors: podman --runtime oci-vfio-crun" {
	expect_no_start 126 "$bad_text" "$missing_text" podman_run_without_precreate oci-vfio-crun
}

@test "errors: podman --runtime oci-vfio-runtime" {
	expect_no_start 126 "$bad_text" "$missing_text" podman_run_without_precreate oci-vfio-runtime
}

@test "errors: crun and runc through the wrapper" {
	new_foreign_spec crun
	expect_no_start 1 "$bad_text" "$missing_text" oci_run oci-vfio-crun
	new_foreign_spec runc
	expect_no_start 1 "$bad_text" "$missing_text" oci_run oci-vfio-runtime
}

@test "errors: containerd" {
	new_foreign_spec runc
	expect_no_start 1 "$bad_text" "$missing_text" ctr_run --runc-binary /usr/bin/oci-vfio-runtime
}

@test "errors: containerd, a pod" {
	expect_no_start 1 "$bad_text" "$missing_text" pod_run oci-vfio
}

@test "errors: docker" {
	expect_no_start 125 "$bad_text" "$missing_text" docker_run oci-vfio
}

# The hook of the example, with a variable that is right from the start.
podman_live() {
	local command=(podman --runtime "$1" run --rm --device test.example/vfio=45-alone
		--env "PCIDEVICE_INTEL_COM_SRIOV=$edu_port" --rootfs "$bundle/rootfs" /probe)
	expect 12 '/dev/vfio/vfio' podman --hooks-dir $state/empty "${command[@]:1}"
	expect 0 "$device" podman --hooks-dir $examples/createRuntime "${command[@]:1}"
}

# The hook comes with the device, and only with it.
podman_cdi_hook() {
	local command=(run --rm --env "PCIDEVICE_INTEL_COM_SRIOV=$edu_port" --rootfs "$bundle/rootfs" /probe)
	local podman=(podman --hooks-dir "$state/empty" --runtime "$1")
	expect 12 '/dev/vfio/vfio' "${podman[@]}" run --device test.example/vfio=45-alone "${command[@]:1}"
	expect 0 "$device" "${podman[@]}" run --device test.example/vfio=45-with-hook "${command[@]:1}"
}

# bats test_tags=second
@test "podman, a CDI device with our hook: crun" { podman_cdi_hook crun; }
@test "podman, a CDI device with our hook: runc" { podman_cdi_hook runc; }
@test "podman, createRuntime: crun" { podman_live crun; }
# bats test_tags=second
@test "podman, createRuntime: runc" { podman_live runc; }

@test "errors: podman with the createRuntime example" {
	local arguments
	podman --hooks-dir $examples/createRuntime --runtime runc run --rm --rootfs "$bundle/rootfs" /busybox true
	podman_arguments
	expect 126 'the environment has to change, which is too late at this stage' \
		podman --hooks-dir $examples/createRuntime --runtime runc run --rm "${arguments[@]}" /probe
	[[ $output != *probe:* ]]
}

@test "errors: an option before the subcommand that the wrapper doesn't know" {
	local text="\"--frobnicate\": an option before the subcommand that oci-vfio-runtime doesn't know"
	new_foreign_spec crun
	expect 1 "$text" oci_run oci-vfio-crun --frobnicate
	expect 1 "$text" oci_run oci-vfio-runtime --frobnicate
	expect 1 'No such file or directory' crun state "$name"
	expect 1 'does not exist' runc state "$name"
}

# No device in the spec: nothing can stop it.
@test "a container without devices, beside a broken map" {
	bad_map
	podman run --rm --rootfs "$bundle/rootfs" /busybox true
	podman --hooks-dir $state/empty --runtime oci-vfio-crun run --rm --rootfs "$bundle/rootfs" /busybox true
}

# ---- the installer of packaging/kubernetes, on a made-up host

# ARGUMENT...: what podman gets besides the security context of the DaemonSet's container and its volumes.
installer() {
	# shellcheck disable=SC2046 # words
	podman --hooks-dir $state/empty run --network none --read-only --cap-drop all --security-opt no-new-privileges --user 0 \
		--volume "$host/opt/oci-vfio-hook:/host/opt/oci-vfio-hook" --volume "$host/etc/containerd:/host/etc/containerd" \
		"${@:1:$#-1}" localhost/oci-vfio-hook $(daemonset_arguments "${@: -1}")
}

# SED-EXPRESSION: those of the manifest, changed by it.
daemonset_arguments() {
	sed -n '/^ *args:/,/^ *securityContext:/s/^ *- //p' "$BATS_TEST_DIRNAME/../../packaging/kubernetes/containerd/daemonset.yaml" | sed "$1"
}

@test "the installer's image: installs, stays, updates and removes" {
	local host=$BATS_TEST_TMPDIR/host tarball
	tarball=$(echo "$PACKAGES"/oci-vfio-hook-*-static-*.tar.gz)
	[ -e "$tarball" ]
	mkdir -p "$BATS_TEST_TMPDIR/context" "$host"/{opt/oci-vfio-hook,etc/containerd}
	cp "$tarball" "$BATS_TEST_DIRNAME/../../packaging/kubernetes/Containerfile" "$BATS_TEST_TMPDIR/context"
	podman build --network none --build-arg TARBALL="${tarball##*/}" --tag localhost/oci-vfio-hook "$BATS_TEST_TMPDIR/context"
	echo 'version = 2' > "$host/etc/containerd/config.toml"
	installer --detach --name "$name" ''
	wait_for 60 grep -q 'BinaryName = "/opt/oci-vfio-hook/bin/oci-vfio-runtime"' "$host/etc/containerd/config.toml"
	"$host/opt/oci-vfio-hook/bin/oci-vfio-hook" --version
	[ "$(podman inspect --format '{{.State.Status}}' "$name")" = running ]
	podman stop --time 30 "$name"
	[ "$(podman inspect --format '{{.State.ExitCode}}' "$name")" = 0 ]
	podman rm "$name"
	echo old > "$host/opt/oci-vfio-hook/bin/oci-vfio-runtime"
	expect 0 'bin/oci-vfio-runtime: changed' installer --rm /--stay/d
	expect 0 'bin: the programs are removed' installer --rm 's/^enable$/disable/; /--stay/d'
	[ "$(find "$host" -type f)" = "$host/etc/containerd/config.toml" ]
	[ "$(cat "$host/etc/containerd/config.toml")" = 'version = 2' ]
}

# Last, since it undoes what the others need.
@test "disable: every engine's files are as they were, and podman starts a container without us" {
	local engine
	for engine in podman containerd docker crio; do oci-vfio-hook disable $engine; done
	[ "$(find /etc -name '*oci-vfio*' | grep -v cdi)" = '' ]
	[ "$(cat /etc/docker/daemon.json)" = '{"storage-driver": "overlay2", "bridge": "none"}' ]
	[ "$(tail -n 1 /etc/containerd/config.toml)" = "sandbox_image = \"$image\"" ]
	expect 11 "$no_function" podman_run crun
}
