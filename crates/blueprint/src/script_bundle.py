# Made from SCRIPT and the modules beside it, which follow as texts: change those files instead.
import importlib.util
import linecache
import sys

SOURCES = {}


def run_source(name, namespace):
    """Runs a source of this file in a namespace. Its lines are registered, so that tracebacks show them."""
    file, source = f"{name}.py", SOURCES[name]
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(compile(source, file, "exec", dont_inherit=True), namespace)


class Modules:
    """Finds the modules of this file before others of their names."""

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name in SOURCES else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        run_source(module.__name__, module.__dict__)


def run_script(name, namespace):
    # A session that lives on may hold modules of another version.
    for module in SOURCES:
        sys.modules.pop(module, None)
    sys.meta_path.insert(0, Modules())
    run_source(name, namespace)
