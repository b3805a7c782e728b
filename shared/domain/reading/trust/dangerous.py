"""Names known to run code, reach files or the network, or reach into other objects when loading calls them. Reviewed data.

Read by `shared.domain.reading.trust.names`. This list decides only how loudly a file is refused: a name that is neither here nor
allowed is refused too, as unknown.
"""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

DANGEROUS_MODULES = frozenset(
    """
    __main__ _aix_support _bootsubprocess _frozen_importlib _frozen_importlib_external _imp _io _operator _osx_support
    _pickle _posixshmem _posixsubprocess _pyrepl _socket _sqlite3 _thread _winapi aiohttp antigravity asyncio atexit bdb
    bz2 cProfile cgi cgitb code codeop commands compileall concurrent ctypes dbm dill distutils dis doctest ensurepip
    faulthandler fileinput ftplib gc getpass glob gzip http httpx idlelib imaplib imp importlib inspect io joblib lib2to3
    linecache logging lzma mailbox marshal mmap modulefinder msvcrt multiprocessing nntplib nt ntpath operator optparse os
    pathlib pdb pickle pickletools pip pipes pkg_resources pkgutil platform poplib posix posixpath profile pstats pty
    py_compile pydoc readline requests resource rlcompleter runpy sched select selectors setuptools shelve shutil
    signal site smtplib socket socketserver sqlite3 ssl subprocess sys sysconfig tarfile telnetlib tempfile test threading
    timeit torch trace traceback tracemalloc tty turtle unittest urllib urllib2 urllib3 uuid venv weakref webbrowser
    winreg wsgiref xml xmlrpc zipapp zipfile zipimport
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
                "vars zip iter sorted min max reversed any all sum enumerate"
            ).split()
        ),
        *(
            f"copyreg.{name}"
            for name in ("add_extension", "pickle", "constructor", "remove_extension")
        ),
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
    ]
)

DANGEROUS_PREFIXES = (
    "numpy.ctypeslib.",
    "numpy.distutils.",
    "numpy.f2py.",
    "numpy.lib.",
    "numpy.testing.",
    "pandas.core.computation.",
    "pandas.io.",
    "scipy.stats._distn_infrastructure.",  # rebuilding a distribution runs `exec` on text from its state
    "sklearn.datasets.",
    "sklearn.externals.",
    "sklearn.utils._testing.",
)

CODE_PREFIXES = ("cloudpickle.", "mlflow.pyfunc.")
"""What cloudpickle rebuilds a function or class of the sender's own from."""

CODE_NAMES = frozenset({"types.CodeType", "types.CellType"})
