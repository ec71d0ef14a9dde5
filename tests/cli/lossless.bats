#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Losslessness: every byte of config.json outside the planned edits stays, and new text is laid out like the old.
# lossless.py compares; the file's owner, mode and extended attributes stay as well.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
	add_pci_function 0000:00:05.0 driver=ixgbevf
	add_map 47 "$(gk_entry /dev/vfio/47 0000:3b:02.2=05)"
	# So that the annotation is known.
	mkdir -p "$ROOT/run/oci-vfio-hook"
	echo 00112233445566778899aabbccddeeff > "$ROOT/run/oci-vfio-hook/token"
	chmod 600 "$ROOT/run/oci-vfio-hook/token"
	SPECS=$BATS_TEST_DIRNAME/../cases/specs
}

# MINIMUM: plans, applies, and proves that nothing but what was planned has changed: at least so many changes.
assert_lossless() {
	plan --json
	assert_status 0
	cp "$STDOUT" "$BATS_TEST_TMPDIR/plan.json"
	assert_output ".changes | length >= $1"
	apply
	assert_status 0
	# shellcheck disable=SC2153 # helpers.bash sets it.
	python3 "$BATS_TEST_DIRNAME/lossless.py" "$BEFORE" "$CONFIG" "$BATS_TEST_TMPDIR/plan.json" || fail "$(diff "$BEFORE" "$CONFIG")"
	assert_no_leftover
	assert_idempotent
}

# BEFORE AFTER: this text becomes that one; APPLIED stands for our annotation's text.
assert_text() {
	local found expected=$2
	printf '%s' "$1" > "$CONFIG"
	apply
	assert_silent
	found=$(sed -E 's/("io\.github\.oci-vfio-hook\.applied": ?)"([^"\\]|\\.)*"/\1APPLIED/' "$CONFIG" && echo .)
	[ "$found" = "$expected." ] || fail expected: "$expected" found: "${found%.}"
	assert_idempotent
}

# A spec that every kind of edit happens in: values replaced, elements removed at the front, in the middle and at the
# end, elements added, a member added.
everything() {
	add_device /dev/vfio/47 c 243 7 '"x":1.0'
	add_device /dev/fuse c 10 229
	host_device
	add_device /dev/net/tun c 10 200 '"fileMode":438'
	second_host_device
	add_rule + c 243:7 rwm
	add_mount /dev/vfio/47 /dev/vfio/47
	add_mount /run/card /dev/vfio/45 bind ro
	add_mount /dev/vfio/47 /dev/vfio/47 none bind
	add_env PCIDEVICE_A=0000:3b:02.0,0000:3b:02.2 A=b 'PCIDEVICE_A_INFO={"0000:3b:02.0":{"dev-mount":"/dev/vfio/45"}}'
	add_annotation a b
	write_config
}

@test "a spec with an element on each line" {
	everything
	assert_lossless 12
}

@test "a compact spec, with and without a newline at its end" {
	everything
	edit_config . -c
	assert_lossless 12
	printf '%s' "$(jq -c . "$BATS_TEST_TMPDIR/edited.json")" > "$CONFIG"
	[ "$(tail -c 1 "$CONFIG")" = '}' ]
	assert_lossless 12
	[ "$(tail -c 1 "$CONFIG")" = '}' ]
}

@test "a spec indented by tabs, by two spaces, by seven" {
	local style
	everything
	cp "$CONFIG" "$BATS_TEST_TMPDIR/everything.json"
	for style in --tab '--indent 2' '--indent 7'; do
		# shellcheck disable=SC2086 # Words.
		jq $style . "$BATS_TEST_TMPDIR/everything.json" > "$CONFIG"
		assert_lossless 12
	done
}

@test "a spec with CRLF" {
	everything
	jq . "$CONFIG" | sed 's/$/\r/' > "$BATS_TEST_TMPDIR/crlf.json"
	cp "$BATS_TEST_TMPDIR/crlf.json" "$CONFIG"
	assert_lossless 12
	# The lines that were there still end so.
	[ "$(grep -c $'[^\r]$' "$CONFIG")" = 0 ] || fail "$(grep -n $'[^\r]$' "$CONFIG")"
}

@test "a spec with odd spacing" {
	everything
	jq -c . "$CONFIG" | sed 's/,"/ ,   "/g; s/":/"  : /g; s/{/{ /g; s/}/  }/g; s/\],/] ,/g; s/},/}\n ,/g; s/\[/[ /g; s/^/ \n/; s/$/ \n\n/' \
		> "$BATS_TEST_TMPDIR/odd.json"
	cp "$BATS_TEST_TMPDIR/odd.json" "$CONFIG"
	assert_lossless 12
}

@test "runc's own spec" {
	sed 's|^\t"linux": {$|&\n\t\t"devices": [\n\t\t\t{\n\t\t\t\t"path": "/dev/vfio/45",\n\t\t\t\t"type": "c",\n\t\t\t\t"major": 243,\n\t\t\t\t"minor": 5\n\t\t\t}\n\t\t],|
		s|^\t\t\t"TERM=xterm"$|&,\n\t\t\t"PCIDEVICE_A=0000:3b:02.0"|' "$SPECS/runc.json" > "$CONFIG"
	assert_lossless 8
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_env PCIDEVICE_A=0000:01:00.0
}

@test "crun's own spec" {
	sed 's|^\t"linux": {$|&\n\t\t"devices": [\n\t\t\t{\n\t\t\t\t"path": "/dev/vfio/45",\n\t\t\t\t"type": "c",\n\t\t\t\t"major": 243,\n\t\t\t\t"minor": 5\n\t\t\t}\n\t\t],|
		s|^\t\t\t"TERM=xterm"$|&,\n\t\t\t"PCIDEVICE_A=0000:3b:02.0"|' "$SPECS/crun.json" > "$CONFIG"
	assert_lossless 8
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_env PCIDEVICE_A=0000:01:00.0
}

@test "podman's spec" {
	sed 's|"linux":{|&"devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":5,"fileMode":8630,"uid":0,"gid":0},{"path":"/dev/fuse","type":"c","major":10,"minor":229,"fileMode":8630,"uid":0,"gid":0}],|
		s|"devices":\[{"allow":false,"access":"rwm"}|&,{"allow":true,"type":"c","major":243,"minor":5,"access":"rwm"}|
		s|"PATH=|"PCIDEVICE_A=0000:3b:02.0",&|' "$SPECS/podman.json" > "$CONFIG"
	assert_lossless 8
	assert_spec '.linux.devices[0].path == "/dev/vfio/3"' '[.process.env[] | select(startswith("PCIDEVICE"))] == ["PCIDEVICE_A=0000:01:00.0"]'
}

@test "the runtimes' own specs, without a device to map: untouched" {
	local name
	for name in runc crun podman; do
		cp "$SPECS/$name.json" "$CONFIG"
		apply
		assert_silent
		assert_unchanged
		cmp "$SPECS/$name.json" "$CONFIG"
	done
}

@test "a spec of 3.7 MiB full of escapes and odd numbers" {
	python3 "$BATS_TEST_DIRNAME/lossless.py" --big > "$CONFIG"
	[ "$(stat -c %s "$CONFIG")" -gt 3600000 ]
	assert_lossless 10
	grep -q '^{"ociVersion":"1.0.2","x-numbers":\[18446744073709551615, 1.0, -0, 1e400, 1E+2, 0.10, -0.0e-0, 123456789012345678901234567890\],$' "$CONFIG"
}

@test "escapes, number spellings and unknown keys in the objects that are edited stay" {
	assert_text '{"linux":{"devices":[{"x-big":18446744073709551615,"path":"\/dev\/vfio\/45","x-one":1.0,"type":"\u0063","major":243,"x-\u0065":"\/","minor":5,"fileMode":438,"x":{"a" : [ 1e5 ] }},{"path":"\/dev\/vfio\/vfio","type":"c","major":10,"minor":196}],"resources":{"devices":[{"minor":5,"major":243,"x":-0,"type":"\u0063","allow":true,"access":"\u0072wm"},{"allow":true,"access":"rwm"}]}},"annotations":{}}' \
		'{"linux":{"devices":[{"x-big":18446744073709551615,"path":"/dev/vfio/3","x-one":1.0,"type":"\u0063","major":242,"x-\u0065":"\/","minor":0,"fileMode":438,"x":{"a" : [ 1e5 ] }},{"path":"\/dev\/vfio\/vfio","type":"c","major":10,"minor":196}],"resources":{"devices":[{"minor":0,"major":242,"x":-0,"type":"\u0063","allow":true,"access":"\u0072wm"},{"allow":true,"access":"rwm"}]}},"annotations":{"io.github.oci-vfio-hook.applied":APPLIED}}'
}

DEVICE='{"path":"/dev/vfio/45","type":"c","major":243,"minor":5}'
NODE='{"path":"/dev/vfio/3","type":"c","major":242,"minor":0}'
CONTROL='{"path":"/dev/vfio/vfio","type":"c","major":10,"minor":196,"fileMode":438,"uid":0,"gid":0}'
ALLOW='{"allow":true,"type":"c","major":242,"minor":0,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":196,"access":"rwm"}'

@test "what is missing becomes the last key of its parent" {
	assert_text "{\"linux\":{\"devices\":[$DEVICE],\"x\":1}}" \
		"{\"linux\":{\"devices\":[$NODE,$CONTROL],\"x\":1,\"resources\":{\"devices\":[$ALLOW]}},\"annotations\":{\"io.github.oci-vfio-hook.applied\":APPLIED}}"
	assert_text "{\"linux\":{\"resources\":{\"x\":1},\"devices\":[$DEVICE]},\"annotations\":{\"a\":\"b\"},\"z\":1}" \
		"{\"linux\":{\"resources\":{\"x\":1,\"devices\":[$ALLOW]},\"devices\":[$NODE,$CONTROL]},\"annotations\":{\"a\":\"b\",\"io.github.oci-vfio-hook.applied\":APPLIED},\"z\":1}"
}

@test "null is replaced in place" {
	assert_text "{\"annotations\":null,\"linux\":{\"resources\": null ,\"devices\":[$DEVICE]}}" \
		"{\"annotations\":{\"io.github.oci-vfio-hook.applied\":APPLIED},\"linux\":{\"resources\": {\"devices\":[$ALLOW]} ,\"devices\":[$NODE,$CONTROL]}}"
	assert_text "{\"annotations\":{},\"linux\":{\"resources\":{\"devices\":null,\"x\":1},\"devices\":[$DEVICE]}}" \
		"{\"annotations\":{\"io.github.oci-vfio-hook.applied\":APPLIED},\"linux\":{\"resources\":{\"devices\":[$ALLOW],\"x\":1},\"devices\":[$NODE,$CONTROL]}}"
}

@test "an element that is added takes its siblings' indentation, itself on one line" {
	local before after
	before=$(jq --tab -n "{\"linux\":{\"devices\":[$DEVICE],\"resources\":{\"devices\":[{\"allow\":false}]}},\"annotations\":{\"a\":\"b\"}}")
	after=${before//'/dev/vfio/45'/'/dev/vfio/3'}
	after=${after//243/242}
	after=${after//'"minor": 5'/'"minor": 0'}
	after=${after/$'\n\t\t\t}\n\t\t],'/$'\n\t\t\t},\n\t\t\t'"$CONTROL"$'\n\t\t],'}
	after=${after/$'"allow": false\n\t\t\t\t}'/$'"allow": false\n\t\t\t\t},\n\t\t\t\t'"${ALLOW/'},{'/$'},\n\t\t\t\t{'}"}
	after=${after/'"a": "b"'/$'"a": "b",\n\t\t"io.github.oci-vfio-hook.applied": APPLIED'}
	assert_text "$before" "$after"
}

# LIST LIST: this list of devices becomes that one. GONE is device 47, which the guest's kernel drives, CONTROL the
# control node; FUSE and TUN are two others.
assert_list() {
	local texts=("$@")
	texts=("${texts[@]//GONE/'{"path":"/dev/vfio/47","type":"c","major":243,"minor":7}'}")
	texts=("${texts[@]//CONTROL/'{"path":"/dev/vfio/vfio","type":"c","major":10,"minor":196}'}")
	texts=("${texts[@]//FUSE/'{"path":"/dev/fuse","type":"c","major":10,"minor":229}'}")
	texts=("${texts[@]//TUN/'{"path":"/dev/net/tun","type":"c","major":10,"minor":200}'}")
	assert_text "{\"linux\":{\"devices\":[${texts[0]}]},\"annotations\":{}}" \
		"{\"linux\":{\"devices\":[${texts[1]}]},\"annotations\":{\"io.github.oci-vfio-hook.applied\":APPLIED}}"
}

@test "an element that is removed goes with one comma and the white space before it" {
	assert_list 'GONE' ''
	assert_list 'GONE,FUSE' 'FUSE'
	assert_list 'FUSE,GONE' 'FUSE'
	assert_list 'FUSE,GONE,TUN' 'FUSE,TUN'
	assert_list 'FUSE, GONE, TUN' 'FUSE, TUN'
	assert_list 'GONE, CONTROL, FUSE, TUN' ' FUSE, TUN'
	assert_list 'GONE, FUSE, CONTROL, TUN' ' FUSE, TUN'
	assert_list $'\n\tFUSE,\n\tGONE,\n\tTUN\n' $'\n\tFUSE,\n\tTUN\n'
	assert_list $'\n\tFUSE,\n\tGONE,\n\tCONTROL\n' $'\n\tFUSE\n'
	assert_list $'\n\tGONE,\n\tFUSE\n' $'\n\tFUSE\n'
	assert_list $'\n\tFUSE,\n\tGONE\n' $'\n\tFUSE\n'
	assert_list $'\n\tGONE\n' $'\n'
	assert_list $'\n  GONE,\n  CONTROL\n  ' $'\n  '
	assert_list $'\n  GONE,\n  CONTROL,\n  FUSE' $'\n  FUSE'
}

@test "owner, mode and extended attributes stay" {
	needs_root
	local mode
	everything
	cp "$CONFIG" "$BATS_TEST_TMPDIR/everything.json"
	for mode in 600 640 444 4751; do
		cp "$BATS_TEST_TMPDIR/everything.json" "$CONFIG"
		chown 1234:5678 "$CONFIG"
		chmod "$mode" "$CONFIG"
		python3 -c 'import os, sys
for name in "user.one", "trusted.two", "security.three":
    os.setxattr(sys.argv[1], name, b"\0value of " + name.encode())' "$CONFIG"
		apply
		assert_silent
		[ "$(stat -c '%u %g %a' "$CONFIG")" = "1234 5678 $mode" ] || fail "$(stat "$CONFIG")"
		python3 -c 'import os, sys
for name in "user.one", "trusted.two", "security.three":
    assert os.getxattr(sys.argv[1], name) == b"\0value of " + name.encode(), name
assert sorted(os.listxattr(sys.argv[1])) == ["security.three", "trusted.two", "user.one"]' "$CONFIG"
		rm "$CONFIG"
	done
}

@test "hashes and signatures of the old contents don't come along" {
	needs_root
	everything
	# Of the type "digital signature", which kernels that check them take from anybody.
	python3 -c 'import os, sys
for name in "security.evm", "security.ima":
    os.setxattr(sys.argv[1], name, b"\3\2\4" + bytes(20))
os.setxattr(sys.argv[1], "user.one", b"1")' "$CONFIG"
	apply
	assert_silent
	python3 -c 'import os, sys
assert os.listxattr(sys.argv[1]) == ["user.one"], os.listxattr(sys.argv[1])' "$CONFIG"
}

@test "access lists: the old file's stays, the directory's default for new files isn't taken" {
	needs_root
	local list
	everything
	cp "$CONFIG" "$BATS_TEST_TMPDIR/everything.json"
	# Version 2; then tag, permissions and id of each: the owner, user 65534, group, mask, others.
	list='import os, struct, sys
def acl(user):
    entries = (1, 6, -1), (2, user, 65534), (4, 4, -1), (16, 6, -1), (32, 0, -1)
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
path, directory = sys.argv[1:3]'
	chmod 640 "$CONFIG"
	python3 -c "$list
os.setxattr(directory, 'system.posix_acl_default', acl(6))" "$CONFIG" "$BUNDLE"
	apply
	assert_silent
	python3 -c "$list
assert os.listxattr(path) == [], os.listxattr(path)" "$CONFIG" "$BUNDLE"
	[ "$(stat -c %a "$CONFIG")" = 640 ]
	rm "$CONFIG"
	python3 -c "$list
os.removexattr(directory, 'system.posix_acl_default')" "$CONFIG" "$BUNDLE"
	cp "$BATS_TEST_TMPDIR/everything.json" "$CONFIG"
	python3 -c "$list
os.setxattr(path, 'system.posix_acl_access', acl(4))
os.setxattr(directory, 'system.posix_acl_default', acl(6))" "$CONFIG" "$BUNDLE"
	apply
	assert_silent
	python3 -c "$list
assert os.getxattr(path, 'system.posix_acl_access') == acl(4), os.getxattr(path, 'system.posix_acl_access')" "$CONFIG" "$BUNDLE"
	[ "$(stat -c %a "$CONFIG")" = 660 ]
}

@test "another link to config.json keeps the old text" {
	everything
	ln "$CONFIG" "$BATS_TEST_TMPDIR/other-link.json"
	apply
	assert_silent
	cmp "$BEFORE" "$BATS_TEST_TMPDIR/other-link.json"
	! cmp -s "$BEFORE" "$CONFIG" || fail 'not rewritten'
}

@test "--output: config.json stays, the new text is there, in one step" {
	everything
	apply
	cp "$CONFIG" "$BATS_TEST_TMPDIR/expected.json"
	cp "$BEFORE" "$CONFIG"
	chmod 640 "$CONFIG"
	echo old > "$BATS_TEST_TMPDIR/output.json"
	ln "$BATS_TEST_TMPDIR/output.json" "$BATS_TEST_TMPDIR/old.json"
	apply --output "$BATS_TEST_TMPDIR/output.json"
	assert_silent
	assert_unchanged
	cmp "$BATS_TEST_TMPDIR/output.json" "$BATS_TEST_TMPDIR/expected.json"
	[ "$(< "$BATS_TEST_TMPDIR/old.json")" = old ]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/output.json")" = 640 ]
	[ "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.*' -type f)" = '' ]
}

@test "--output: written where nothing changes, too" {
	local name
	add_device /dev/fuse c 10 229
	for name in output.json bundle/../second.json; do
		apply --output "$BATS_TEST_TMPDIR/$name"
		assert_silent
		assert_unchanged
		cmp "$CONFIG" "$BATS_TEST_TMPDIR/$name"
	done
	cd "$BATS_TEST_TMPDIR"
	apply --output=third.json
	assert_silent
	cmp "$CONFIG" third.json
}

@test "--output: on a refusal nothing is written" {
	add_device /dev/vfio/99 c 1 1
	apply --output "$BATS_TEST_TMPDIR/output.json"
	assert_refused 69 /dev/vfio/99
	[ ! -e "$BATS_TEST_TMPDIR/output.json" ]
}

@test "--output: a place that can't be written, or something that is not a file" {
	needs_root
	everything
	apply --output "$BATS_TEST_TMPDIR/no/output.json"
	[ "$status" = 66 ] || [ "$status" = 74 ] || fail "$(show_output)"
	assert_error "no/output.json: its directory can't be opened"
	assert_unchanged
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	apply --output "$BATS_TEST_TMPDIR/fifo"
	assert_refused 65 "$BATS_TEST_TMPDIR/fifo: is not a regular file: name a new or a regular file"
	[ -p "$BATS_TEST_TMPDIR/fifo" ]
	apply --output "$ROOT"
	assert_refused 65 "$ROOT"
	mknod "$BATS_TEST_TMPDIR/null" c 1 3
	apply --output "$BATS_TEST_TMPDIR/null"
	assert_refused 65 "$BATS_TEST_TMPDIR/null"
	[ -c "$BATS_TEST_TMPDIR/null" ]
	apply --output "$ROOT/"
	assert_refused 65 "$ROOT/: is a directory; name a file"
	apply --output ''
	assert_refused 65 ': is empty; name a file'
	apply --output "$CONFIG"
	assert_refused 64 "is the bundle's own file, which must stay as it is: name another one"
}
