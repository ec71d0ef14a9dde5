#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that a rewritten config.json is the old one with the planned edits and nothing else.

lossless.py BEFORE AFTER PLAN   PLAN is what `plan --json` printed for BEFORE
lossless.py --big               prints a config.json of about 3.7 MiB

Shares nothing with the program: a tokenizer of its own finds where each value of BEFORE stands; every byte outside the
places that the plan names must come again in AFTER, in order; what stands in these places must be what the plan says,
laid out as the contract says."""

import json
import re
import sys

TOKEN = re.compile(rb'[\[\]{},:]|"(?:[^"\\]|\\.)*"|[^\s\[\]{},:"]+')
APPLIED = 'annotations.io.github.oci-vfio-hook.applied'


def fail(message):
    sys.exit('lossless: ' + message)


class Node:
    """A value of the text: its bytes, and those of its parts."""

    def __init__(self, path, start, parent):
        self.path = path
        self.start = start
        self.end = None
        self.parent = parent
        self.children = []
        self.commas = []
        self.kind = 'scalar'


def index(text):
    """All values by their path, as in linux.devices[2].path."""
    nodes = {}
    stack = []
    key = None
    expect_key = False
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in b'}]':
            stack.pop().end = match.end()
            expect_key = False
        elif token == b',':
            stack[-1].commas.append(match.end())
            expect_key = stack[-1].kind == 'object'
        elif token == b':':
            expect_key = False
        elif expect_key:
            key = json.loads(token)
        else:
            parent = stack[-1] if stack else None
            if parent is None:
                path = ''
            elif parent.kind == 'array':
                path = '%s[%d]' % (parent.path, len(parent.children))
            else:
                path = parent.path + '.' + key if parent.path else key
            node = Node(path, match.start(), parent)
            nodes[path] = node
            if parent:
                parent.children.append(node)
            if token in b'{[':
                node.kind = 'object' if token == b'{' else 'array'
                stack.append(node)
                expect_key = token == b'{'
            else:
                node.end = match.end()
    return nodes


def white_space_before(text, position):
    start = position
    while text[start - 1:start].isspace():
        start -= 1
    return text[start:position]


def white_space_of_first(text, node):
    """White space between the bracket and the first child, whose key comes first in an object."""
    start = end = node.start + 1
    while text[end:end + 1].isspace():
        end += 1
    return text[start:end]


def steps(path):
    if path.startswith('annotations.'):
        return ['annotations', path[len('annotations.'):]]
    return [int(a) if a else b for a, b in re.findall(r'\[(\d+)\]|([^.\[\]]+)', path)]


class Edits:
    def __init__(self, text, nodes):
        self.text = text
        self.nodes = nodes
        self.replaced = {}
        self.removed = {}
        self.added = {}

    def add(self, path, old, new):
        """Finds what of the text a change of the plan may touch. The plan numbers what it adds as it will stand in
        the new list, where an element may have been removed before it."""
        node = self.nodes.get(path)
        if node and old is None and self.text[node.start:node.end] != b'null':
            self.added.setdefault(node.parent.path, set()).add(path)
            return
        if node and new is None:
            self.removed.setdefault(node.parent.path, set()).add(node)
            return
        if node:
            self.replaced[node.start] = node
            return
        # It isn't there: something is put into the nearest ancestor that is, or in the place of a null.
        parts = steps(path)
        for n in range(len(parts) - 1, -1, -1):
            ancestor = self.nodes.get(''.join(
                '[%d]' % p if isinstance(p, int) else ('.' if i else '') + p for i, p in enumerate(parts[:n])))
            if ancestor is None:
                continue
            if self.text[ancestor.start:ancestor.end] == b'null':
                self.replaced[ancestor.start] = ancestor
            else:
                self.added.setdefault(ancestor.path, set()).add(parts[n] if ancestor.kind == 'object' else path)
            return
        fail('the plan names a place that cannot be: ' + path)

    def places(self):
        """[start, end, kind, node], in the order of the text."""
        result = [[n.start, n.end, 'replaced', n] for n in self.replaced.values()]
        for path, removed in self.removed.items():
            array = self.nodes[path]
            kept = [n for n in array.children if n not in removed]
            if not kept:
                result.append([array.start + 1, array.children[-1].end, 'removed', array])
                continue
            first_kept = array.children.index(kept[0])
            for i, node in enumerate(array.children):
                if node in removed and i < first_kept:
                    result.append([array.commas[i - 1] if i else array.start + 1, array.commas[i], 'removed', array])
                elif node in removed:
                    result.append([array.children[i - 1].end, node.end, 'removed', array])
        for path in self.added:
            node = self.nodes[path]
            at = node.children[-1].end if node.children else node.start + 1
            result.append([at, at, 'added', node])
        return sorted(result, key=lambda place: (place[0], place[1], place[2] == 'added'))


class Reader:
    """What stands in the new text."""

    def __init__(self, text):
        self.text = text
        self.decoded = text.decode('utf-8', 'surrogateescape')
        # One byte is one character: values are cut out of this.
        self.latin = text.decode('latin-1')
        self.at = 0

    def fixed(self, expected, where):
        if not self.text.startswith(expected, self.at):
            found = self.text[self.at:self.at + len(expected)]
            n = next((i for i, (a, b) in enumerate(zip(expected, found)) if a != b), min(len(expected), len(found)))
            fail('bytes %s changed: expected %r, found %r' % (where, expected[max(n - 30, 0):n + 60],
                                                              self.text[self.at + max(n - 30, 0):self.at + n + 60]))
        self.at += len(expected)

    def literal(self, *choices):
        for choice in sorted(choices, key=len, reverse=True):
            if self.text.startswith(choice, self.at):
                self.at += len(choice)
                return
        fail('expected one of %r at byte %d, found %r' % (choices, self.at, self.text[self.at:self.at + 60]))

    def colon(self):
        self.at = re.compile(rb'\s*:\s*').match(self.text, self.at).end()

    def value(self):
        if self.latin[self.at] in ' \t\r\n':
            fail('white space before the new value at byte %d' % self.at)
        start = self.at
        try:
            _, self.at = json.JSONDecoder(strict=True).raw_decode(self.latin, self.at)
        except json.JSONDecodeError as error:
            fail('no JSON value at byte %d: %s: %r' % (start, error, self.text[start:start + 60]))
        if b'\n' in self.text[start:self.at]:
            fail('the new value at byte %d is on more than one line' % start)


def changed_document(document, changes):
    """The document with the changes made, the removed elements last."""
    removed = []
    for change in changes:
        parts = steps(change['where'])
        at = document
        for part, following in zip(parts, parts[1:]):
            if isinstance(part, int):
                at = at[part]
                continue
            if at.get(part) is None:
                at[part] = [] if isinstance(following, int) else {}
            at = at[part]
        last = parts[-1]
        if isinstance(last, int) and change['old'] is None and not (last < len(at) and at[last] is None):
            at.append(change['new'])
            continue
        old = at[last] if isinstance(last, str) and last in at or isinstance(last, int) and last < len(at) else None
        if change['rule'] != 8 and old != change['old']:
            fail('%s: the plan says that it was %r, it was %r' % (change['where'], change['old'], old))
        if change['new'] is None:
            removed.append((at, at[last]))
        else:
            at[last] = change['new']
    for array, element in removed:
        del array[next(i for i, e in enumerate(array) if e is element)]
    return document


def check(before, after, plan):
    nodes = index(before)
    edits = Edits(before, nodes)
    for change in plan['changes']:
        edits.add(change['where'], change['old'], change['new'])
    reader = Reader(after)
    at = 0
    for start, end, kind, node in edits.places():
        if start < at:
            fail('two edits of the plan overlap at byte %d: %s %s' % (start, kind, node.path))
        reader.fixed(before[at:start], '%d to %d' % (at, start))
        at = end
        if kind == 'replaced':
            reader.value()
        elif kind == 'added':
            count = len(edits.added[node.path])
            indentation = {white_space_of_first(before, node)}
            if node.children:
                indentation.add(white_space_before(before, node.children[-1].start))
            all_removed = len(edits.removed.get(node.path, ())) == len(node.children)
            for i in range(count):
                if not all_removed or i:
                    reader.literal(b',')
                reader.literal(*indentation)
                if node.kind == 'object':
                    reader.value()
                    reader.colon()
                reader.value()
    reader.fixed(before[at:], '%d to the end' % at)
    if reader.at != len(after):
        fail('something is added at the end')

    expected = changed_document(json.loads(before), plan['changes'])
    found = json.loads(after)
    key = APPLIED[len('annotations.'):]
    if any(change['rule'] == 8 for change in plan['changes']):
        # The plan doesn't show the secret in it.
        if not isinstance(expected['annotations'], dict):
            expected['annotations'] = {}
        expected['annotations'][key] = found['annotations'][key]
    if expected != found:
        fail('the result is not what the plan says')
    if not plan['changes'] and before != after:
        fail('changed without a plan')


def big():
    """A spec with much in it that nobody may touch."""
    odd = ['18446744073709551615', '1.0', '-0', '1e400', '1E+2', '0.10', '-0.0e-0', '123456789012345678901234567890']
    environment = ['"VARIABLE_%d=%s"' % (i, 'value \\u00e9\\/\\"\\\\ \\t%d ' % i * 4) for i in range(16000)]
    mounts = ['{"destination":"/data/%d","type":"bind","source":"/srv/\\u0064ata/%d/%s","options":["rbind","ro"]}'
              % (i, i, 'x' * (i % 70)) for i in range(6000)]
    annotations = ['"example.com/\\u00e4nnotation-%d":"%s"' % (i, '{\\"a\\":\\"\\ud83d\\ude00\\/%d\\",\\"b\\":1.0}\\n' % i * 4)
                   for i in range(5000)]
    environment[7001] = '"PCIDEVICE_A=0000:3b:02.0"'
    environment[12345] = '"PCIDEVICE_A_INFO={\\"0000:3b:02.0\\":{\\"vfio\\":{\\"dev-mount\\":\\"\\/dev\\/vfio\\/45\\"}}}"'
    mounts[3000] = '{"destination":"/run/card","type":"bind","source":"/dev/vfio/45"}'
    mounts[4000] = '{"destination":"/dev/vfio/47","type":"bind","source":"/dev/vfio/47"}'
    print('{"ociVersion":"1.0.2","x-numbers":[%s],' % ', '.join(odd))
    print(' "process" : {"env":[%s],' % ',\n  '.join(environment))
    print('  "user":{"uid":%s}},' % odd[0])
    print(' "mounts":[%s],' % ',\r\n\t'.join(mounts))
    print(' "annotations":{%s},' % ' ,'.join(annotations))
    print(' "linux":{"resources":{"memory":{"limit":1.0},"devices":[{"allow":false,"access":"rwm"},'
          '{"allow":true,"type":"c","major":243,"minor":5,"access":"rwm"}],"cpu":{"shares":1e3}},')
    print('  "devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":5,"x":-0}]}}')


if __name__ == '__main__':
    if sys.argv[1:] == ['--big']:
        big()
    else:
        sys.setrecursionlimit(10000)
        texts = [open(name, 'rb').read() for name in sys.argv[1:4]]
        check(texts[0], texts[1], json.loads(texts[2]))
