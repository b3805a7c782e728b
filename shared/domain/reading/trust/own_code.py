"""Words that show what the sender's own code reaches: in the names of a script, and in what its functions ask for. Reviewed data.

Own code is never clean: it would run in the container, and nobody here reads it. These words decide only how loudly it is refused.
"""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

from shared.domain.reading.trust.dangerous import DANGEROUS_MODULES

SCRIPT = "__main__"
_USUAL = frozenset("__main__ code io logging operator resource select test trace".split())
"""Modules whose names are also attributes of harmless objects, or that reach nothing by themselves."""
_BUILTINS = frozenset(
    """
    __build_class__ __builtins__ __import__ __loader__ __spec__ breakpoint delattr eval exec exit getattr globals input locals
    open quit setattr vars
    """.split()
)
_WAYS_OUT = frozenset(
    """
    CodeType FunctionType InteractiveConsole InteractiveInterpreter LowLevelCallable Popen __base__ __bases__ __closure__ __code__ __globals__ __mro__ __reduce__
    __reduce_ex__ __subclasses__ attrgetter check_call check_output ctypeslib execl execv execve f_back f_builtins f_globals getoutput methodcaller
    gi_frame mro popen read_pickle spawn spawnl spawnv system tb_frame tofile urlopen
    """.split()
)
"""What leads from any object to commands, files or all that is loaded, wherever it was found."""
_WORDS = (DANGEROUS_MODULES - _USUAL) | _BUILTINS | _WAYS_OUT


def reaches_out(word: str) -> bool:
    """Whether a name alone, or one with dots, leads to commands, files, or code that is hidden."""
    return any(part in _WORDS for part in word.split("."))


def is_own_name(module: str, name: str) -> bool:
    """Whether it is a plain name of the sender's own script or notebook, which nothing else can import."""
    plain = name.isidentifier() and not name.startswith("__")
    return module == SCRIPT and plain and not reaches_out(name)
