#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manifests are rendered by kubectl, without a cluster, and the objects pass the API's schemas. It downloads kubectl,
# of Debian 13, and the schemas, of npm, into CACHE once. That the DaemonSet's container does what it is there for is in
# tests/vm/engines.bats.

load ../cli/helpers
# shellcheck disable=SC1091 # beside the guests
. "$BATS_TEST_DIRNAME/../vm/suite.bash"

manifests=$BATS_TEST_DIRNAME/../../packaging/kubernetes

setup_file() {
	CACHE=${CACHE:-$PACKAGES/work/kubernetes}
	export CACHE
	mkdir -p "$CACHE"
	if [ ! -x "$CACHE/usr/bin/kubectl" ]; then
		use_suite trixie "$CACHE"
		(cd "$CACHE" && apt-get -q download kubectl && dpkg-deb -x kubectl_*.deb .)
	fi
	command -v npm > /dev/null || fail "npm isn't there: install it with nodejs 14 or later"
	[ -d "$CACHE/node_modules/kubernetes-models" ] ||
		(cd "$CACHE" && npm install --no-save --ignore-scripts kubernetes-models@4)
}

# DIRECTORY: prints the objects, each as JSON in a line.
render() {
	"$CACHE/usr/bin/kubectl" kustomize "$manifests/$1" | gojq --yaml-input --compact-output .
}

@test "all are rendered, and pass the schemas" {
	local directory
	for directory in containerd crio containerd-remove crio-remove; do render $directory; done > "$BATS_TEST_TMPDIR/objects"
	gojq --yaml-input --compact-output . "$manifests/example-pod.yaml" >> "$BATS_TEST_TMPDIR/objects"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/objects")" = 13 ]
	(cd "$CACHE" && node -e '
		const modules = { "apps/v1": require("kubernetes-models/apps/v1"), "v1": require("kubernetes-models/v1"),
			"node.k8s.io/v1": require("kubernetes-models/node.k8s.io/v1") };
		for (const line of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
			const object = JSON.parse(line);
			new modules[object.apiVersion][object.kind](object).validate();
		}
		const broken = new modules["apps/v1"].DaemonSet({ spec: { selector: {}, template: { spec: { containers: 1 } } } });
		let refused = false;
		try { broken.validate(); } catch { refused = true; }
		if (!refused) throw new Error("the schemas refuse nothing");
	' < "$BATS_TEST_TMPDIR/objects")
}

@test "what differs: the engine, its directory, and enable or disable" {
	local filter='select(.kind == "DaemonSet") | .spec.template.spec | [.containers[0].args[0, -1], .containers[0].volumeMounts[1].mountPath, .volumes[1].hostPath.path] | join(" ")'
	[ "$(render containerd | gojq -r "$filter")" = 'enable containerd /host/etc/containerd /etc/containerd' ]
	[ "$(render crio | gojq -r "$filter")" = 'enable crio /host/etc/crio /etc/crio' ]
	[ "$(render containerd-remove | gojq -r "$filter")" = 'disable containerd /host/etc/containerd /etc/containerd' ]
	[ "$(render crio-remove | gojq -r "$filter")" = 'disable crio /host/etc/crio /etc/crio' ]
}

@test "the container may do nothing but write its volumes" {
	render containerd | gojq -e 'select(.kind == "DaemonSet") | .spec.template.spec
		| (.hostPID or .hostNetwork or .hostIPC | not) and (.automountServiceAccountToken | not)
		and (.containers | length == 1) and (.containers[0].securityContext | .readOnlyRootFilesystem
			and .capabilities == {drop: ["ALL"]} and (.privileged | not) and .allowPrivilegeEscalation == false)
		and ([.volumes[].hostPath.path] == ["/opt/oci-vfio-hook", "/etc/containerd"])'
}
