#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bundles that can't be read, parsed or written: each refusal names the place, config.json stays, nothing is left behind.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
}

# TEXT SUBSTRING...: a config.json of this text is refused.
assert_text_refused() {
	config "$1"
	apply
	assert_refused 65 config.json "${@:2}"
}

# A device that is ours, for texts.
DEVICE='{"path":"/dev/vfio/45","type":"c","major":243,"minor":5}'

@test "the bundle isn't there" {
	hook --root "$ROOT" apply "$BATS_TEST_TMPDIR/no"
	assert_status 66
	assert_error "$BATS_TEST_TMPDIR/no"
	hook --root "$ROOT" apply ''
	[ "$status" = 64 ] || [ "$status" = 66 ] || fail "$(show_output)"
	assert_error
}

@test "config.json isn't there" {
	hook --root "$ROOT" apply "$BUNDLE"
	assert_status 66
	assert_error config.json
	assert_no_leftover
}

@test "the bundle is a file" {
	write_config
	remember
	hook --root "$ROOT" apply "$CONFIG"
	assert_refused 65 "$CONFIG: is not a directory; name the bundle's directory, which has config.json in it"
	hook --root "$ROOT" apply "${CONFIG%/*}"
	assert_silent
}

@test "the bundle is a FIFO" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	hook --root "$ROOT" apply "$BATS_TEST_TMPDIR/fifo"
	assert_status 65
	assert_error "$BATS_TEST_TMPDIR/fifo"
}

@test "config.json is a directory, a FIFO, a socket, a device, a symbolic link" {
	needs_root
	local make
	host_device
	for make in mkdir mkfifo 'mknod -m 644' 'ln -s ../target.json'; do
		rm -rf "$CONFIG"
		rm -f "$BATS_TEST_TMPDIR/target.json"
		# The link leads to what would do.
		write_config
		mv "$CONFIG" "$BATS_TEST_TMPDIR/target.json"
		if [ "$make" = 'mknod -m 644' ]; then
			mknod "$CONFIG" c 1 3
		else
			$make "$CONFIG"
		fi
		remember
		cp -p "$BATS_TEST_TMPDIR/target.json" "$BATS_TEST_TMPDIR/target.before"
		hook --root "$ROOT" apply "$BUNDLE"
		assert_status 65
		if [[ $make == ln* ]]; then
			assert_error 'config.json: is a symbolic link'
		else
			assert_error 'config.json: is not a regular file'
		fi
		cmp "$BATS_TEST_TMPDIR/target.json" "$BATS_TEST_TMPDIR/target.before"
		[ -L "$CONFIG" ] || [ ! -f "$CONFIG" ] || fail 'replaced by a file'
		assert_no_leftover
	done
}

@test "a link to a bundle is followed" {
	host_device
	control_device
	write_config
	ln -s bundle "$BATS_TEST_TMPDIR/link"
	hook --root "$ROOT" apply "$BATS_TEST_TMPDIR/link"
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "config.json may not be read: 77" {
	needs_root
	host_device
	write_config
	chmod 600 "$CONFIG"
	open_to_nobody
	remember
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_refused 77 config.json
	chmod 644 "$CONFIG"
	chmod 700 "$BUNDLE"
	remember
	status=0
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_refused 77 "$BUNDLE"
}

@test "the bundle may not be written: 77" {
	needs_root
	host_device
	write_config
	open_to_nobody
	remember
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 77
	assert_unchanged
	grep -q "$BUNDLE" "$STDERR"
}

@test "a map that may not be read: 77" {
	needs_root
	host_device
	write_config
	chmod 600 "$MAPS/45.json"
	open_to_nobody
	chown -R 65534 "$BUNDLE"
	remember
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_refused 77 45.json
}

@test "a --device-map of the caller's own, who isn't root" {
	needs_root
	host_device
	control_device
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	chown 65534 "$BATS_TEST_TMPDIR/one.json"
	write_config
	open_to_nobody
	chown -R 65534:65534 "$BUNDLE"
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" --device-map "$BATS_TEST_TMPDIR/one.json" apply "$BUNDLE"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# MOUNT OPTIONS COMMAND...: runs the program on a bundle on a tmpfs of its own. The command prepares the file system.
on_tmpfs() {
	local options=$1 prepare=$2
	write_config
	remember
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	# shellcheck disable=SC2016 # The inner shell's own.
	unshare -m bash -euc '
		mount -t tmpfs -o "$1" tmpfs "$2"
		cp "$3" "$2/config.json"
		cd "$2"
		eval "$4"
		status=0
		"$5" --root "$6" apply "$2" || status=$?
		cmp "$3" "$2/config.json" >&2
		[ "$(ls -A "$2" | grep -v "^filler")" = config.json ] || { ls -lA "$2" >&2; exit 1; }
		exit "$status"
		' bash "$options" "$BUNDLE" "$BEFORE" "$prepare" "$OCI_VFIO_HOOK" "$ROOT" > "$STDOUT" 2> "$STDERR" || status=$?
}

@test "the file system is full: 74" {
	needs_root
	host_device
	# shellcheck disable=SC2016 # For the inner shell.
	on_tmpfs size=64k 'head -c 1M /dev/zero > filler 2> /dev/null || true'
	assert_status 74
	assert_error "$BUNDLE"
	# No inode is left.
	on_tmpfs nr_inodes=2 :
	assert_status 74
	assert_error "$BUNDLE"
}

@test "the file system fills up in the middle of the file: 74" {
	needs_root
	local i
	host_device
	for i in {1..400}; do
		add_env "FILLER_$i=0123456789012345678901234567890123456789"
	done
	on_tmpfs size=40k :
	assert_status 74
	assert_error "$BUNDLE" ': No space left on device: make room there; nothing was changed'
}

@test "the file system is read-only: 74" {
	needs_root
	host_device
	on_tmpfs size=1m 'mount -o remount,ro .'
	assert_status 74
	assert_error "$BUNDLE" ': Read-only file system: put it on a file system that is mounted read-write; nothing was changed'
}

@test "a read-only file system and nothing to change: done" {
	needs_root
	add_device /dev/fuse c 10 229
	on_tmpfs size=1m 'mount -o remount,ro .'
	assert_silent
}

@test "a left-over temporary file of a run that was killed" {
	local kind
	host_device
	control_device
	for kind in file link dangling fifo; do
		rm -f "$CONFIG" "$BATS_TEST_TMPDIR/victim"
		echo victim > "$BATS_TEST_TMPDIR/victim"
		case $kind in
		file) echo leftover > "$BUNDLE/.config.json.oci-vfio-hook" ;;
		link) ln -s ../victim "$BUNDLE/.config.json.oci-vfio-hook" ;;
		dangling) ln -s ../created "$BUNDLE/.config.json.oci-vfio-hook" ;;
		fifo) mkfifo "$BUNDLE/.config.json.oci-vfio-hook" ;;
		esac
		apply
		assert_silent
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		assert_no_leftover
		[ "$(< "$BATS_TEST_TMPDIR/victim")" = victim ]
		[ ! -e "$BATS_TEST_TMPDIR/created" ]
	done
}

@test "not JSON, truncated, with something after it" {
	local text
	for text in '' ' ' x '{' '{"linux"' '{"linux":' '{"linux":{' '{"linux":{"devices":[' "{\"linux\":{\"devices\":[$DEVICE" \
		"{\"linux\":{\"devices\":[$DEVICE]}" '{} x' '{}{}' '{},' '{"a":1,}' '{,}' "{'a':1}" '{a:1}' '{"a":01}' '{"a":.5}' \
		'{"a":+1}' '{"a":1.}' '{"a":0x1}' '{"a":NaN}' '{"a":tru}' '{"a":"\x"}' '{"a":"\u12"}' '{"a":"' $'{"a":"\n"}' \
		$'{"a":"\t"}' '{/**/}' $'{}//x' $'\xef\xbb\xbf{}' '{"a" 1}' '{"a":1 "b":2}' '{"a":[1,]}' '{1:2}'; do
		assert_text_refused "$text"
	done
}

@test "NUL bytes between and after" {
	printf '{}\0' > "$CONFIG"
	apply
	assert_refused 65 config.json
	printf '{\0}' > "$CONFIG"
	apply
	assert_refused 65 config.json
}

@test "JSON, but no object" {
	local text
	for text in null true 7 '"x"' '[]' "[$DEVICE]" '[{}]'; do
		assert_text_refused "$text"
	done
}

@test "too large: over 64 MiB" {
	host_device
	write_config
	truncate -s $((64 * 1024 * 1024 + 1)) "$CONFIG"
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 65
	assert_error 'config.json: is larger than the limit of 67108864 bytes'
	assert_no_leftover
	[ "$(stat -c %s "$CONFIG")" = $((64 * 1024 * 1024 + 1)) ]
}

@test "128 levels are read, 129 are too deep, and so are 100000" {
	local open close
	printf -v open '%0.s[' {1..127}
	printf -v close '%0.s]' {1..127}
	config "{\"x\":$open$close,\"linux\":{\"devices\":[$DEVICE]}}"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_text_refused "{\"x\":[$open$close],\"linux\":{\"devices\":[$DEVICE]}}"
	printf -v open '%0.s{"x":' {1..129}
	printf -v close '%0.s}' {1..129}
	assert_text_refused "${open}1$close"
	printf -v open '%0.s[' {1..100000}
	assert_text_refused "{\"x\":$open"
	assert_text_refused "{\"linux\":{\"devices\":$open"
}

@test "duplicate keys in objects that are read" {
	assert_text_refused "{\"linux\":{\"devices\":[$DEVICE]},\"linux\":{}}" linux
	assert_text_refused "{\"linux\":{\"devices\":[$DEVICE],\"devices\":[]}}" devices
	assert_text_refused "{\"linux\":{\"devices\":[$(with "\"path\":\"/dev/vfio/46\"" "$DEVICE")]}}" path
	assert_text_refused "{\"linux\":{\"devices\":[$(with "\"x\":1,\"x\":1" "$DEVICE")]}}" 'linux.devices[0]'
	assert_text_refused "{\"linux\":{\"devices\":[$DEVICE],\"resources\":{\"devices\":[],\"devices\":[]}}}" resources
	assert_text_refused "{\"linux\":{\"devices\":[$DEVICE],\"resources\":{},\"resources\":{}}}" resources
	assert_text_refused "{\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"allow\":true}]}}}" allow
	assert_text_refused '{"process":{"env":[],"env":[]}}' env
	assert_text_refused '{"mounts":[{"destination":"/a","destination":"/b"}]}' destination
	assert_text_refused '{"annotations":{"a":"1","a":"2"}}' annotations
	# Keys that we don't know, in objects that we read.
	assert_text_refused '{"hostname":"a","hostname":"b"}' hostname
	# Spelled with an escape.
	assert_text_refused "{\"linux\":{\"devices\":[$DEVICE]},\"l\\u0069nux\":{}}" linux
}

@test "duplicate keys elsewhere are none of our business" {
	config "{\"hooks\":{\"a\":1,\"a\":2},\"process\":{\"user\":{\"uid\":0,\"uid\":1},\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]},\"linux\":{\"namespaces\":[{\"x\":1,\"x\":1}],\"devices\":[$DEVICE]}}"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	grep -qF '{"hooks":{"a":1,"a":2},"process":{"user":{"uid":0,"uid":1},' "$CONFIG"
}

@test "known keys in another letter case, as Go folds it" {
	local key
	for key in Linux LINUX lInUX 'l\u0049nux' Process 'proce\u017fs' 'proce\u017f\u017f' proceſs Mounts Annotations 'mount\u017f'; do
		assert_text_refused "{\"$key\":null}"
	done
	assert_text_refused "{\"linux\":{\"Devices\":[$DEVICE]}}" linux
	assert_text_refused "{\"linux\":{\"device\\u017f\":[$DEVICE]}}" linux
	assert_text_refused '{"linux":{"Resources":{}}}' linux
	assert_text_refused '{"linux":{"resources":{"DEVICES":[]}}}' linux.resources
	assert_text_refused '{"process":{"ENV":[]}}' process
	for key in Path TYPE Major mInor; do
		assert_text_refused "{\"linux\":{\"devices\":[$(with "\"$key\":1" "$DEVICE")]}}" 'linux.devices[0]'
	done
	assert_text_refused "{\"linux\":{\"devices\":[$(with "\"filemode\":1" "$DEVICE")]}}" 'linux.devices[0]'
	for key in Allow Type 'acce\u017fs' MAJOR; do
		assert_text_refused "{\"linux\":{\"resources\":{\"devices\":[{\"$key\":null}]}}}" 'linux.resources.devices[0]'
	done
	for key in Destination 'de\u017ftination' Source Options Type; do
		assert_text_refused "{\"mounts\":[{\"$key\":null}]}" 'mounts[0]'
	done
}

@test "keys that only look like known ones" {
	config "{\"Hostname\":1,\"linux \":1,\"linuxx\":1,\"lınux\":1,\"processs\":1,\"\":1,\"annotations\":{\"A\":\"1\",\"a\":\"2\"},\"linux\":{\"devices\":[$DEVICE]}}"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "keys and values written with escapes are what they mean" {
	config '{"l\u0069nux":{"\u0064evices":[{"p\u0061th":"\/dev\/vf\u0069o\/4\u0035","type":"\u0063","major":243,"minor":5}]}}'
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	grep -qF '{"l\u0069nux":{"\u0064evices":[{"p\u0061th":"/dev/vfio/3",' "$CONFIG"
}

@test "values of the wrong type: the place is named" {
	local where text
	while read -r where text; do
		assert_text_refused "$text" "$where"
	done <<-'END'
		linux {"linux":[]}
		linux {"linux":"x"}
		linux {"linux":true}
		linux.devices {"linux":{"devices":{}}}
		linux.devices {"linux":{"devices":"x"}}
		linux.devices[0] {"linux":{"devices":["/dev/vfio/45"]}}
		linux.devices[0] {"linux":{"devices":[[]]}}
		linux.devices[0].path {"linux":{"devices":[{"path":7,"type":"c","major":243,"minor":5}]}}
		linux.devices[0].path {"linux":{"devices":[{"path":{},"type":"c","major":243,"minor":5}]}}
		linux.devices[0].type {"linux":{"devices":[{"path":"/dev/vfio/45","type":7,"major":243,"minor":5}]}}
		linux.devices[0].major {"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":"243","minor":5}]}}
		linux.devices[0].minor {"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":[5]}]}}
		linux.devices[0].fileMode {"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":5,"fileMode":"0666"}]}}
		linux.devices[0].uid {"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":5,"uid":"0"}]}}
		linux.devices[0].gid {"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":5,"gid":true}]}}
		linux.resources {"linux":{"resources":[]}}
		linux.resources.devices {"linux":{"resources":{"devices":{}}}}
		linux.resources.devices[1] {"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"},"x"]}}}
		linux.resources.devices[0].allow {"linux":{"resources":{"devices":[{"allow":"yes","access":"rwm"}]}}}
		linux.resources.devices[0].type {"linux":{"resources":{"devices":[{"allow":true,"type":1}]}}}
		linux.resources.devices[0].major {"linux":{"resources":{"devices":[{"allow":true,"major":"1"}]}}}
		linux.resources.devices[0].access {"linux":{"resources":{"devices":[{"allow":true,"access":7}]}}}
		mounts {"mounts":{}}
		mounts[0] {"mounts":["/dev/vfio/45"]}
		mounts[0].destination {"mounts":[{"destination":7,"type":"bind","source":"/dev/vfio/45"}]}
		mounts[0].source {"mounts":[{"destination":"/x","type":"bind","source":7}]}
		mounts[0].type {"mounts":[{"destination":"/dev/vfio/45","type":7,"source":"/dev/vfio/45"}]}
		mounts[0].options {"mounts":[{"destination":"/dev/vfio/45","type":"bind","source":"/dev/vfio/45","options":"ro"}]}
		mounts[0].options {"mounts":[{"destination":"/dev/vfio/45","type":"bind","source":"/dev/vfio/45","options":[7]}]}
		process {"process":[]}
		process.env {"process":{"env":{}}}
		process.env {"process":{"env":"PCIDEVICE_A=0000:3b:02.0"}}
		annotations {"annotations":[]}
		annotations {"annotations":"x"}
	END
}

@test "integers in other than plain digits, and out of range" {
	local number
	for number in 243.0 2.43e2 1e1 243E0 -0 4294967296 99999999999999999999 -1 -2; do
		assert_text_refused "{\"linux\":{\"devices\":[{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":$number,\"minor\":5}]}}" \
			'linux.devices[0].major'
		assert_text_refused "{\"linux\":{\"devices\":[{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":$number}]}}" \
			'linux.devices[0].minor'
	done
	for number in 5.0 1e1 -2 99999999999999999999; do
		assert_text_refused "{\"linux\":{\"devices\":[$DEVICE],\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":$number,\"minor\":5,\"access\":\"rwm\"}]}}}" \
			'linux.resources.devices[0].major'
	done
	for number in 438.0 1e1 -1; do
		assert_text_refused "{\"linux\":{\"devices\":[$(with "\"fileMode\":$number" "$DEVICE")]}}" 'linux.devices[0].fileMode'
		assert_text_refused "{\"linux\":{\"devices\":[$(with "\"uid\":$number" "$DEVICE")]}}" 'linux.devices[0].uid'
	done
}

@test "NUL, lone surrogates and broken UTF-8 in strings that are read" {
	local text
	for text in '\u0000' '\ud800' '\udc00' '\ud800\ud800' $'\xff' $'\xc0\xaf' $'\xed\xa0\x80' $'\xf4\x90\x80\x80'; do
		assert_text_refused "{\"linux\":{\"devices\":[{\"path\":\"/dev/vfio/45$text\",\"type\":\"c\",\"major\":243,\"minor\":5}]}}"
		assert_text_refused "{\"mounts\":[{\"destination\":\"/dev/vfio/45$text\",\"type\":\"bind\",\"source\":\"/x\"}]}"
		assert_text_refused "{\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/dev/vfio/45$text\"}]}"
	done
}

@test "NUL and lone surrogates elsewhere stay" {
	config "{\"hostname\":\"\\u0000\\ud800\",\"process\":{\"args\":[\"\\udfff\"],\"env\":[\"A=\\u0000\"]},\"annotations\":{\"a\":\"\\ud800\"},\"linux\":{\"devices\":[$DEVICE]}}"
	apply
	assert_silent
	# jq doesn't take a lone surrogate.
	grep -qF '{"hostname":"\u0000\ud800","process":{"args":["\udfff"],"env":["A=\u0000"]},"annotations":{"a":"\ud800",' "$CONFIG"
	grep -qF '"linux":{"devices":[{"path":"/dev/vfio/3","type":"c","major":242,"minor":0},' "$CONFIG"
}

@test "the place is named by line and column, or by its path" {
	config $'{\n"linux": {\n  "devices": [ x ]\n}}'
	apply
	assert_refused 65 config.json 3
}

@test "text of the spec is quoted in messages" {
	config "{\"linux\":{\"devices\":[{\"path\":\"/dev/vfio/45/\\u001b[31m/../\",\"type\":\"\\u0007\\n\",\"major\":\"x\\u0085\",\"minor\":5}]}}"
	apply
	assert_refused 65 'linux.devices[0]'
}
