# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the two modules in forked processes, under the Python that runs this file (2.7 to 3.14).

Usage: forge.py REPOSITORY, with ansible on PYTHONPATH. Every line on standard input is a job, every line on
standard output its outcome:
    job      {"module": name, "arguments": {}, "as": uid, "hung_up": bool, "labels": "work" | "fail",
              "fault": {"at": n, "do": "kill" | "tear" | errno, "lasting": bool}}, all but the first two optional
    outcome  {"signal": number, "rc": number, "result": {} | null, "stderr": text, "calls": [[name, path]],
              "labels": [[file, label]]}
A fault strikes at the n-th call (from 0) that the modules make to the functions of `os` that change a disk:
"kill" before the call, "tear" in the middle of a write (elsewhere: after the call), a number as that OSError,
which "lasting": true repeats at every call after it.
hung_up closes the far end of standard output and error; labels plays SELinux. The modules know nothing of all that.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import json
import os
import signal
import sys
import tempfile
import types
import zlib

WATCHED = ('open', 'write', 'fsync', 'rename', 'unlink', 'link', 'mkdir', 'rmdir', 'chmod', 'fchmod', 'fchown')
PLACE = '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'
PROGRAMS = ('_hands', '_snapshot')
PACKAGE = 'ansible_collections.dockyard.openshift.plugins'
REPOSITORY = os.path.abspath(sys.argv[1])
PLUGINS = os.path.join(REPOSITORY, 'plugins')


def main():
    provide_collection()
    import binascii, contextlib, fcntl, fnmatch, pwd  # noqa: E401,F401  not readable any more as somebody else
    import ansible.module_utils.basic as basic
    from ansible_collections.dockyard.openshift.plugins.module_utils import _hands  # noqa: F401
    print('ready')
    sys.stdout.flush()
    for line in iter(sys.stdin.readline, ''):
        print(json.dumps(run(json.loads(line), basic)))
        sys.stdout.flush()


def provide_collection():
    """Make plugins/module_utils importable under the name of the collection."""
    name = 'ansible_collections'
    for part in (None, 'dockyard', 'openshift', 'plugins', 'module_utils'):
        name = name + '.' + part if part else name
        sys.modules[name] = types.ModuleType(str(name))
        sys.modules[name].__path__ = []
    sys.modules[name].__path__ = [os.path.join(PLUGINS, 'module_utils')]


def run(job, basic):
    out, err, calls, labels = [tempfile.TemporaryFile() for dummy in range(4)]
    child = os.fork()
    if not child:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        if job.get('hung_up'):
            hang_up()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if job.get('labels'):
            play_selinux(basic.AnsibleModule, job['labels'], labels)
        os._exit(run_module(job, basic, calls))
    dummy, status = os.waitpid(child, 0)
    stdout, stderr, called, labelled = [read(stream) for stream in (out, err, calls, labels)]
    return {
        'signal': os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, 'rc': os.WEXITSTATUS(status),
        'result': json.loads(stdout) if stdout.strip() else None, 'stderr': stderr,
        'calls': [line.split(' ', 1) for line in called.splitlines()],
        'labels': [json.loads(line) for line in labelled.splitlines()],
    }


def read(stream):
    stream.seek(0)
    return stream.read().decode('utf-8', 'replace')


def hang_up():
    near, far = os.pipe()
    os.close(near)
    os.dup2(far, 1)
    os.dup2(far, 2)


def play_selinux(module, outcome, log):
    """Every existing file has the label 'of NAME', the policy wants 'default'; setting one is logged, or fails."""
    def set_label(self, path, label, changed, diff=None):
        if outcome == 'fail':
            self.fail_json(path=path, msg='set selinux context failed')
        shown = '.new' if path.endswith('.new') else os.path.basename(path)
        log.write((json.dumps([shown, label]) + '\n').encode())
        log.flush()
        return True

    module.selinux_context = lambda self, path: 'of ' + os.path.basename(path)
    module.selinux_default_context = lambda self, path, mode=0: 'default'
    module.set_context_if_different = set_label


def run_module(job, basic, calls):
    basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': job['arguments']}).encode('utf-8')
    basic._ANSIBLE_PROFILE = 'legacy'
    # Read as oneself: another user may not enter the place of the checkout.
    module = prepared(os.path.join(PLUGINS, 'modules', job['module'] + '.py'), job)
    watch(job.get('fault') or {'at': -1}, calls.fileno())
    if job.get('as'):
        os.setgid(job['as'])
        os.setuid(job['as'])
    try:
        exec(module, {'__name__': '__main__'})
        sys.stdout.flush()
        return 0
    except SystemExit as end:
        sys.stdout.flush()
        return end.code or 0
    except BaseException:
        import traceback
        traceback.print_exc()
        sys.stderr.flush()
    return 99


def prepared(path, job):
    """Compile a module as Ansible sends it: one without its own module code finds the arguments in its text."""
    with open(path) as stream:
        source = stream.read()
    if PLACE in source:
        programs = []
        for name in PROGRAMS:
            file = os.path.join(PLUGINS, 'module_utils', name + '.py')
            with open(file) as stream:
                programs.append((PACKAGE + '.module_utils.' + name, file, stream.read()))
        packed = base64.b64encode(zlib.compress(json.dumps(programs).encode('utf-8')))
        wanted = base64.b64encode(json.dumps(job['arguments']).encode('utf-8'))
        arguments = {'programs': packed.decode('utf-8'), 'wanted': wanted.decode('utf-8')}
        source = source.replace(PLACE, json.dumps(arguments))
    return compile(source, path, 'exec', dont_inherit=True)


def watch(fault, log):
    """Put a counting function before each watched one; only calls from the plugins count."""
    count = [0]
    write = os.write

    def wrap(name):
        real = getattr(os, name)

        def call(*args, **more):
            if not sys._getframe(1).f_code.co_filename.startswith(PLUGINS):
                return real(*args, **more)
            path = os.readlink('/proc/self/fd/%d' % args[0]) if isinstance(args[0], int) else args[0]
            write(log, native_bytes('%s %s\n' % (name, path)))
            count[0] += 1
            if count[0] - 1 == fault['at'] or (fault.get('lasting') and count[0] > fault['at']):
                strike(fault['do'], name, real, args)
            return real(*args, **more)
        return call

    for name in WATCHED:
        setattr(os, name, wrap(name))


def native_bytes(text):
    return text if isinstance(text, bytes) else text.encode('utf-8', 'replace')


def strike(do, name, real, args):
    if do == 'tear':
        real(*((args[0], args[1][:len(args[1]) // 2]) if name == 'write' else args))
    if do in ('kill', 'tear'):
        os.kill(os.getpid(), signal.SIGKILL)
    raise OSError(do, os.strerror(do))


if __name__ == '__main__':
    main()
