#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program on hostile text, and looks at what it says of it.

usage: hostile.py DIRECTORY STATUS WORDS SIZE COMMAND [ARGUMENT...]

In the files below DIRECTORY and in the arguments, @TEXT@ becomes each hostile text, SIZE bytes of it (of those that
aren't plain at most 20,000). Then the command must end with STATUS (A|B: one of these), have a line with WORDS on stderr, and no line there or
in the log (once as text, once as JSON) may be long, or have a character that can't be seen; nor may those that it prints,
but those with values that `plan` shows, which may be long. stdin is DIRECTORY/stdin, if that is there.
"""
import json
import pathlib
import subprocess
import sys
import unicodedata

# What steers a terminal and ends a line, turns other text round, can't be seen, ends a quoted word. The last digit lets a
# path be that of a VFIO node.
TEXTS = ('7', '\x1b[31m\n', '\x7f\x9b', '\u202e\u2066', '\u200b\ufeff\u061c\u3164', '\u2028', '\U000e0041', '"\\')
# What a message has besides the text that it quotes: paths of this test, words.
ROOM = 900
# A message quotes so many bytes of a text, each as \xNN at most, and has a few quotes.
QUOTED, QUOTES = 256, 3
# A log's field names a container or a bundle, whose path may be as long as any.
NAME = 4096
# Letters by their category, but nobody sees them.
FILLERS = {0x115f, 0x1160, 0x3164, 0xffa0}


def is_hidden(character):
    return unicodedata.category(character) in ('Cc', 'Cf', 'Zl', 'Zp') or ord(character) in FILLERS


def check(name, data, limit):
    for line in data.decode('utf-8', 'strict').split('\n'):
        hidden = ()
        if not line.isascii() or not line.isprintable():
            hidden = sorted({f'U+{ord(character):04X}' for character in line if is_hidden(character)})
        if hidden:
            sys.exit(f'{name}: has {" ".join(hidden)}: {line[:400]!a}')
        if len(line) > limit and not line.startswith(('  - ', '  + ')):
            sys.exit(f'{name}: a line of {len(line)} characters: {line[:400]!a}')


def run(directory, status, words, text, command, form, limit):
    log = directory / 'hostile.log'
    log.unlink(missing_ok=True)
    try:
        stdin = open(directory / 'stdin', 'rb')
    except FileNotFoundError:
        stdin = subprocess.DEVNULL
    done = subprocess.run(
        [command[0], '--log', log, '--log-format', form, '--log-level', 'debug',
         *(word.replace('@TEXT@', text) for word in command[1:])], stdin=stdin, capture_output=True, timeout=60)
    check('stderr', done.stderr, limit)
    lines = log.read_bytes().splitlines() if log.exists() else []
    for line in lines:
        if form == 'text':
            check('log', line, limit)
            continue
        for key, value in json.loads(line).items():
            check(f'log, {key}', str(value).encode(), limit if key == 'msg' else NAME)
    check('stdout', done.stdout, limit)
    if str(done.returncode) not in status.split('|') or words not in done.stderr.decode():
        sys.exit(f'{text[:8]!a}: expected status {status} and "{words}", not {done.returncode} and {done.stderr[:2000]!a}')


def main():
    directory, status, words, size = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    files = [path for path in directory.rglob('*') if path.is_file() and not path.is_symlink()]
    texts = {path: path.read_text() for path in files if b'@TEXT@' in path.read_bytes()}
    for unit in TEXTS:
        plain = unit == '7'
        text = unit * ((size if plain else min(size, 20_000)) // len(unit.encode()))
        limit = ROOM + QUOTES * QUOTED * (1 if plain else 4)
        for path, before in texts.items():
            path.write_text(before.replace('@TEXT@', json.dumps(text, ensure_ascii=False)[1:-1]), newline='')
        # `plan` logs errors only, which `apply` has as well.
        for form in ('text',) if 'plan' in sys.argv else ('text', 'json'):
            run(directory, status, words, text, sys.argv[5:], form, limit)


main()
