"""The options of sessions and runs; threads and spinning are kept for reading and not obeyed."""

import enum
import os
from ctypes import c_void_p

from . import _library as lib
from ._errors import NOT_OFFERED


class GraphOptimizationLevel(enum.IntEnum):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(enum.IntEnum):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(enum.IntEnum):
    DEFAULT = 0
    PRIORITY_BASED = 1
    MEMORY_EFFICIENT = 2


class _Options:
    """Attributes with defaults; any other name is a mistake, or something that is not here."""

    _defaults = {}

    def __init__(self):
        for name, value in self._defaults.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        if name not in self._defaults and not name.startswith("_"):
            raise AttributeError(NOT_OFFERED % ("%s.%s" % (type(self).__name__, name)))
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        raise AttributeError(NOT_OFFERED % ("%s.%s" % (type(self).__name__, name)))


class SessionOptions(_Options):
    """How a session is made."""

    _defaults = {
        "enable_cpu_mem_arena": True,
        "enable_mem_pattern": True,
        "enable_mem_reuse": True,
        "enable_profiling": False,
        "execution_mode": ExecutionMode.ORT_SEQUENTIAL,
        "execution_order": ExecutionOrder.DEFAULT,
        "graph_optimization_level": GraphOptimizationLevel.ORT_ENABLE_ALL,
        "inter_op_num_threads": 0,
        "intra_op_num_threads": 0,
        "log_severity_level": -1,
        "log_verbosity_level": 0,
        "logid": "",
        "optimized_model_filepath": "",
        "profile_file_prefix": "onnxruntime_profile_",
        "use_deterministic_compute": False,
        "use_per_session_threads": True,
    }

    def __init__(self):
        super().__init__()
        self._entries = {}
        self._overrides = []
        self._libraries = []

    def add_session_config_entry(self, key, value):
        self._entries[str(key)] = str(value)

    def get_session_config_entry(self, key):
        if key not in self._entries:
            raise RuntimeError("SessionOptions does not have configuration with key: %s" % key)
        return self._entries[key]

    def has_session_config_entry(self, key):
        return key in self._entries

    def add_free_dimension_override_by_name(self, name, size):
        self._overrides.append((lib.override_by_name, name, size))

    def add_free_dimension_override_by_denotation(self, denotation, size):
        self._overrides.append((lib.override_by_denotation, denotation, size))

    def register_custom_ops_library(self, path):
        self._libraries.append(os.fspath(path))

    def to_native(self, external_folder):
        """The library's own object; the caller releases it."""
        native = lib.pointer(lib.create_session_options)
        check = lib.check
        check(lib.set_optimization_level(native, int(self.graph_optimization_level)))
        check(lib.set_execution_mode(native, int(self.execution_mode)))
        check(lib.set_intra_threads(native, int(os.environ.get("EDGEWRIGHT_THREADS") or 1)))
        check(lib.set_inter_threads(native, 1))
        severity = self.log_severity_level
        check(lib.set_session_log_severity(native, 3 if severity < 0 else severity))
        check(lib.set_session_log_verbosity(native, self.log_verbosity_level))
        if self.logid:
            check(lib.set_session_log_id(native, self.logid.encode()))
        if not self.enable_mem_pattern:
            check(lib.disable_memory_pattern(native))
        if not self.enable_cpu_mem_arena:
            check(lib.disable_cpu_arena(native))
        if self.optimized_model_filepath:
            path = os.fspath(self.optimized_model_filepath).encode()
            check(lib.set_optimized_model_path(native, path))
        if self.enable_profiling:
            check(lib.enable_profiling(native, self.profile_file_prefix.encode()))
        for override, name, size in self._overrides:
            check(override(native, name.encode(), size))
        for path in self._libraries:
            check(lib.register_custom_ops(native, path.encode(), c_void_p()))
        for key, value in self._all_entries(external_folder).items():
            check(lib.add_config_entry(native, key.encode(), value.encode()))
        return native

    def _all_entries(self, external_folder):
        folder = "session.model_external_initializers_file_folder_path"
        return {
            **({} if external_folder is None else {folder: external_folder}),
            **self._entries,
            # An idle thread that spins takes the CPU from everybody else.
            "session.intra_op.allow_spinning": "0",
            "session.inter_op.allow_spinning": "0",
        }


class RunOptions(_Options):
    """How one run is made."""

    _defaults = {
        "log_severity_level": -1,
        "log_verbosity_level": 0,
        "logid": "",
        "only_execute_path_to_fetches": False,
        "terminate": False,
        "training_mode": False,
    }

    def __init__(self):
        super().__init__()
        self._entries = {}

    def add_run_config_entry(self, key, value):
        self._entries[str(key)] = str(value)

    def get_run_config_entry(self, key):
        return self._entries[key]

    def to_native(self):
        native = lib.pointer(lib.create_run_options)
        if self.log_severity_level >= 0:
            lib.check(lib.run_set_severity(native, self.log_severity_level))
        if self.logid:
            lib.check(lib.run_set_tag(native, self.logid.encode()))
        if self.terminate:
            lib.check(lib.run_set_terminate(native))
        return native
