# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Packages of another Debian than this machine's, without this machine's apt knowing of it. For the scripts here that
# unpack packages.

# SUITE DIRECTORY: has apt know that suite alone, from now on in this shell, with lists and downloads below DIRECTORY.
# What it downloads it verifies as ever, with Debian's keys.
use_suite() {
	local directory=$2/apt
	mkdir -p "$directory"/{lists,archives}/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $1 main" \
		> "$directory/sources"
	cat > "$directory/conf" <<-CONF
	Dir::State::lists "$directory/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$directory";
	Dir::Etc::sourcelist "$directory/sources";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	APT::Sandbox::User "root";
	CONF
	export APT_CONFIG=$directory/conf
	apt-get -q -o APT::Update::Error-Mode=any update >&2
}
