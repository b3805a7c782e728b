"""Names known to run code, reach files or the network, or reach into other objects when loading calls them. Reviewed data.

Read by `shared.domain.reading.trust.names`. This list decides only how loudly a file is refused: a name that is neither here nor
allowed is refused too, as unknown.
"""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

DANGEROUS_MODULES = frozenset(
    """
    __main__ _aix_support _bootsubprocess _bz2 _ctypes _curses _dbm _frozen_importlib _frozen_importlib_external
    _gdbm _imp _interpreters _io _lsprof _lzma _multiprocessing _operator _osx_support _overlapped _pickle
    _posixshmem _posixsubprocess _pyrepl _pytest _socket _sqlite3 _ssl _testcapi _testinternalcapi _thread
    _tkinter _uuid _winapi _wmi _xxinterpchannels _xxsubinterpreters aifc aiohttp antigravity anydbm ast
    asynchat asyncio asyncore atexit bdb boto3 botocore bsddb bz2 celery cffi cgi cgitb cloudpickle cmd code codeop commands
    compileall concurrent configparser cProfile crypt ctypes curses Cython dbm dill dis distutils docker doctest
    ensurepip execnet fabric faulthandler fcntl fileinput fsspec ftplib gc getpass gevent glob grp gunicorn gzip
    hotshot http httpx huggingface_hub idlelib imaplib imp importlib inspect invoke io ipykernel IPython jinja2
    joblib jsonpickle keyring kubernetes langchain lib2to3 linecache llvmlite logging lzma mailbox mako marshal
    mimetypes mmap modulefinder msvcrt multiprocessing nbconvert netrc nntplib nose notebook nt ntpath numba
    operator optparse os paramiko pathlib pdb pexpect pickle pickletools pip pipes pkg_resources pkgutil
    platform plistlib popen2 poplib posix posixpath profile pstats psutil pty ptyprocess pwd py py_compile
    pyautogui pydoc pyperclip pytest pyximport readline redis requests requests_toolbelt resource rlcompleter
    runpy s3fs sched select selectors setuptools sh shelve shutil signal site smtplib socket socketserver spwd
    sqlalchemy sqlite3 ssl subprocess symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios
    test threading timeit tkinter tokenize torch tox trace traceback tracemalloc tty turtle unittest urllib
    urllib2 urllib3 uuid venv virtualenv watchdog weakref webbrowser wheel winreg wsgiref xml xmlrpc xmlrpclib
    yaml zipapp zipfile zipimport
    """.split()
)
"""By their first part: `os` stands for `os.path` and all else below it."""

DANGEROUS_NAMES = frozenset(
    [
        *(
            f"builtins.{name}"
            for name in (
                "__build_class__ __import__ breakpoint compile delattr dir eval exec exit filter getattr "
                "globals help hasattr input locals map memoryview next open print quit setattr "
                "vars zip iter sorted min max reversed any all sum enumerate super "
                "copyright credits license __loader__ __spec__"
            ).split()
        ),
        *(
            f"copyreg.{name}"
            for name in ("add_extension", "pickle", "constructor", "remove_extension")
        ),
        # A gadget to evaluate text, or to read and write files, inside of libraries that models do name.
        *(
            f"pandas.{name}"
            for name in (
                "eval read_clipboard read_csv read_excel read_feather read_fwf read_gbq read_hdf read_html read_json "
                "read_orc read_parquet read_pickle read_sas read_spss read_sql read_sql_query read_sql_table read_stata "
                "read_table read_xml to_pickle ExcelFile ExcelWriter HDFStore"
            ).split()
        ),
        "keras.config.enable_unsafe_deserialization",
        "keras.models.load_model",
        "keras.saving.load_model",
        "numpy.core.multiarray.fromfile",
        "numpy._core.multiarray.fromfile",
        "numpy.core.records.fromfile",
        "numpy._core.records.fromfile",
        "numpy.fromfunction",
        "numpy.fromregex",
        "numpy.piecewise",
        "numpy.rec.fromfile",
        "numpy.savez_compressed",
        "numpy.show_config",
        "scipy.LowLevelCallable",
        # What frees, or reads from, the address that its state names.
        "lightgbm.basic.Dataset",
        "lightgbm.basic._InnerPredictor",
        "xgboost.core.DMatrix",
        "xgboost.core.QuantileDMatrix",
        # What deletes files when it goes.
        "pycaret.internal.memory.FastMemory",
        "functools.reduce",
        "functools.partialmethod",
        "functools.singledispatch",
        "itertools.starmap",
        "numpy.fromfile",
        "numpy.load",
        "numpy.loadtxt",
        "numpy.genfromtxt",
        "numpy.save",
        "numpy.savetxt",
        "numpy.savez",
        "numpy.vectorize",
        "numpy.frompyfunc",
        "numpy.apply_along_axis",
        "numpy.DataSource",
        "numpy.core._ufunc_reconstruct",
        "numpy._core._ufunc_reconstruct",
        "types.FunctionType",
        "types.LambdaType",
        "types.MethodType",
        "types.ModuleType",
        "types.new_class",
    ]
)

DANGEROUS_PREFIXES = (
    "mlflow.projects.",
    "mlflow.utils.",
    "nltk.",
    "numpy.ctypeslib.",
    "numpy.distutils.",
    "numpy.f2py.",
    "numpy.lib.",
    "numpy.testing.",
    "numpy._core._internal.",
    "numpy.core._internal.",
    "pandas.core.computation.",
    "pandas.io.",
    "pandas.util.",
    "patsy.",
    "scipy._lib._ccallback",
    "scipy.io.",
    "scipy.stats._distn_infrastructure.",  # rebuilding a distribution runs `exec` on text from its state
    "sklearn.datasets.",
    "sklearn.externals.",
    "sklearn.utils._testing.",
    "statsmodels.datasets.",
    "statsmodels.iolib.",
    "tensorflow.python.framework.load_library.",
    "tensorflow.python.lib.io.",
    "tensorflow.python.saved_model.",
    "transformers.dynamic_module_utils.",
    "transformers.pipelines.",
)

CODE_PREFIXES = ("mlflow.pyfunc.",)

CODE_NAMES = frozenset(
    {
        "types.CodeType",
        "types.CellType",
        *(f"builtins.{name}" for name in ("classmethod", "property", "staticmethod", "type")),
        *(
            f"cloudpickle.{module}.{name}"
            for module in ("cloudpickle", "cloudpickle_fast")
            for name in (
                "_builtin_type _class_setstate _empty_cell_value _fill_function _function_setstate _gen_ellipsis "
                "_gen_not_implemented _make_cell _make_dict_items _make_dict_keys _make_dict_values _make_empty_cell "
                "_make_function _make_skel_func _make_skeleton_class _make_skeleton_enum _make_typevar "
                "_rehydrate_skeleton_class dynamic_subimport subimport"
            ).split()
        ),
    }
)
"""What cloudpickle rebuilds a function or class of the sender's own from; `code_rules` limits the calls of them."""
