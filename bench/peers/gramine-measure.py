# SPDX-License-Identifier: Apache-2.0
"""MRENCLAVE of a file's bytes by Gramine's signer, from a checkout of its sources.

Usage: gramine-measure.py CHECKOUT FILE SIZE

Runs generate_measurement() of python/graminelibos/sgx_sign.py as `gramine-sgx-sign` does for its PAL, for one loaded
segment that is FILE, read, written and executed, at address 0 of an enclave of SIZE bytes. What the module imports for
its manifest, its keys and its command line is not installed for that: empty modules stand in.
"""
import importlib.util
import os
import sys
import types


class Anything(types.ModuleType):
    """A module with every attribute; each does nothing."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: (lambda function: function)


def stand_in(name, **attributes):
    module = Anything(name)
    module.__path__ = []
    for attribute, value in attributes.items():
        setattr(module, attribute, value)
    sys.modules[name] = module


def signer(checkout):
    for name in (
        'click',
        'cryptography',
        'cryptography.hazmat',
        'cryptography.hazmat.primitives',
        'cryptography.hazmat.primitives.asymmetric',
        'elftools',
        'elftools.elf',
        'elftools.elf.elffile',
        'graminelibos.manifest',
        'graminelibos.sigstruct',
    ):
        stand_in(name)
    stand_in('graminelibos', _CONFIG_PKGLIBDIR='')
    stand_in('_graminelibos_offsets', PAGESIZE=4096, SSA_FRAME_SIZE=4096)
    path = os.path.join(checkout, 'python/graminelibos/sgx_sign.py')
    spec = importlib.util.spec_from_file_location('graminelibos.sgx_sign', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(checkout, file, size):
    module = signer(checkout)
    length = os.path.getsize(file)
    module.get_loadcmds = lambda name: [(0, 0, length, length, 7)]
    area = module.MemoryArea('pal', elf_filename=file, flags=module.PAGEINFO_REG)
    area.addr = 0
    print(module.generate_measurement(0, {'enclave_size': int(size, 0)}, [area]).hex())


main(*sys.argv[1:])
