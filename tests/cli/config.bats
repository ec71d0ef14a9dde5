#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The configuration file: /etc/oci-vfio-hook/config.json, or --config.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
	host_device
	control_device
	FILE=$BATS_TEST_TMPDIR/other.json
}

# TEXT: in the machine's file.
configuration() {
	printf '%s' "$1" > "$ETC/config.json"
}

assert_mapped() {
	apply "$@"
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
}

@test "every key with what it may be" {
	local text
	for text in '{}' '{"credential":true}' '{"credential":false}' '{"smbios":true}' '{"smbios":false,"credential":null}' '{"unmapped":"auto"}' '{"unmapped":"error","timeout":30,"log-level":"debug","fw_cfg":true}' \
		'{"unmapped":"own"}' '{"unmapped":"drop"}' '{"by-address":"refuse"}' '{"by-address":"remap"}' '{"leftover":"warn"}' \
		'{"leftover":"translate"}' '{"leftover":"error"}' '{"require_host_dev":false}' '{"env":"error"}' '{"env":"warn"}' \
		'{"log-format":"text"}' '{"log-format":"json"}' "{\"log\":\"$BATS_TEST_TMPDIR/log\"}" '{"runtime":"crun"}' '{"env_prefixes":[]}' '{"env_prefixes":["A_","B_"]}' \
		'{"unmapped":null,"timeout":null,"log-level":null,"runtime":null,"env_prefixes":null,"fw_cfg":null}' \
		'{"by-address":null,"leftover":null,"require_host_dev":null,"env":null,"log":null,"log-format":null}'; do
		configuration "$text"
		assert_mapped --log-level=error
	done
}

@test "bad values: refused, and the place is named" {
	local key text
	while read -r key text; do
		configuration "$text"
		apply
		assert_refused 65 config.json "$key"
		[[ $(< "$STDERR") == *etc/oci-vfio-hook/config.json* ]]
	done <<-'END'
		unmapped {"unmapped":"sometimes"}
		unmapped {"unmapped":true}
		unmapped {"unmapped":""}
		by-address {"by-address":"keep"}
		by-address {"by-address":true}
		by_address {"by_address":"remap"}
		leftover {"leftover":"refuse"}
		leftover {"leftover":null,"leftover":"warn"}
		require_host_dev {"require_host_dev":"yes"}
		env {"env":"ignore"}
		log {"log":""}
		log {"log":1}
		log-format {"log-format":"xml"}
		timeout {"timeout":0}
		timeout {"timeout":-1}
		timeout {"timeout":"3"}
		timeout {"timeout":1.0}
		timeout {"timeout":1e1}
		timeout {"timeout":99999999999999999999}
		fw_cfg {"fw_cfg":"no"}
		fw_cfg {"fw_cfg":0}
		smbios {"smbios":"no"}
		match {"match":"yes"}
		credential {"credential":0}
		Credential {"Credential":false}
		env_prefixes {"env_prefixes":"PCIDEVICE_"}
		env_prefixes {"env_prefixes":[7]}
		runtime {"runtime":7}
		log-level {"log-level":"loud"}
		log-level {"log-level":3}
		unmapped {"unmapped":"auto","unmapped":"keep"}
		unmaped {"unmaped":"keep"}
		Unmapped {"Unmapped":"keep"}
	END
}

@test "not a JSON object: refused" {
	local text
	for text in '' x '[]' null 7 '"x"' '{"unmapped":"keep"' '{} {}' '{"unmapped":"keep",}' '{/**/}'; do
		configuration "$text"
		apply
		assert_refused 65 etc/oci-vfio-hook/config.json
	done
}

@test "a file that others may write, that somebody else owns, or that is not a file: 77" {
	needs_root
	configuration '{}'
	chmod 664 "$ETC/config.json"
	apply
	assert_refused 77 etc/oci-vfio-hook/config.json 'must be writable by its owner alone, but has mode 0664'
	chmod 646 "$ETC/config.json"
	apply
	assert_refused 77 etc/oci-vfio-hook/config.json
	chmod 644 "$ETC/config.json"
	chown 65534 "$ETC/config.json"
	apply
	assert_refused 77 etc/oci-vfio-hook/config.json 'must be owned by root, but is owned by user 65534'
	rm "$ETC/config.json"
	mkfifo "$ETC/config.json"
	apply
	assert_refused 77 etc/oci-vfio-hook/config.json 'must be a regular file'
	rm "$ETC/config.json"
	mkdir "$ETC/config.json"
	apply
	assert_refused 77 etc/oci-vfio-hook/config.json
}

# NAME: a file that isn't trusted, and that is once what the message says was run, also where it is at --root.
assert_remedy() {
	local remedy
	apply
	assert_refused 77 "$1: must be" "; run: ch"
	remedy=$(sed -n 's/.*; run: //p' "$STDERR")
	[[ $remedy == *" $1" ]] || fail "not of $1" "$(show_output)"
	bash -ec "$remedy"
	assert_mapped
	write_config
	remember
}

@test "what a message says to run helps, and names the file at --root" {
	needs_root
	local file
	configuration '{}'
	add_run_map two
	for file in "$ETC/config.json" "$MAPS" "$MAPS/45.json" "$RUN_MAPS" "$RUN_MAPS/two.json"; do
		chmod 777 "$file"
		assert_remedy "$file"
		chown 65534 "$file"
		assert_remedy "$file"
		chown 65534 "$file"
		chmod 666 "$file"
		[ ! -d "$file" ] || chmod 777 "$file"
		assert_remedy "$file"
	done
}

@test "places of the machine's files are named at --root" {
	configuration '{"timeout":0}'
	apply
	assert_refused 65 "$ETC/config.json: timeout: "
	configuration '{}'
	add_map bad '{}'
	apply
	assert_refused 65 "$MAPS/bad.json: [0]"
}

@test "--config: another file instead, a path of its own" {
	configuration broken
	echo '{"unmapped":"keep"}' > "$FILE"
	add_device /dev/vfio/99 c 1 1
	apply --config "$FILE"
	assert_status 0
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/99 c 1:1'
}

@test "--config: it isn't there, or it is bad" {
	apply --config "$FILE"
	assert_refused 66 other.json
	echo '{"unmapped":7}' > "$FILE"
	apply --config "$FILE"
	assert_refused 65 other.json unmapped
	chmod 666 "$FILE"
	apply --config "$FILE"
	assert_refused 77 other.json
}

@test "no file, no directory: the defaults" {
	rm -r "$ETC"
	add_run_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	assert_mapped
}
