"""Instances of other libraries are clean with the state that models have, and with no other."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.domain.inspection import UnreadableCode, UnreadableModel, Verdict
from shared.domain.reading.pickles.formulas import find_formula_columns, is_plain_formula
from shared.domain.reading.reader import read_model
from shared.domain.reading.trust.allowed import BUILDERS, RESTORED
from tests.domain.reading import restoring
from tests.domain.reading.malicious import STOP, name, text

_LOAD = Path(__file__).parent / "loading.py"
_FLAG = "restore_model_spec"  # how statsmodels 0.15 spells it; before it was restore_design_info
_PLAIN = (
    "y ~ a",
    "y ~ a + C(b) - 1",
    "y~a:b",
    "~ a * b",
    "y ~ np.log(a) + I(b ** 2)",
    "I(y + 1) ~ a",
)
_OTHER = (
    "y ~ a.b", "y ~ f(a)", "y ~ np.load(a)", "y ~ a[0]", "y ~ 'a'", "y ~ (lambda: 1)()", "y ~ I(9 ** 9 ** 9)", "y ~ {a}",
    "y ~ C(a, b)", "y ~ np.log(np.exp(a))", "y ~ a\n; import os", "y", "y ~", "y ~ a ~ b", "y ~ a**999", "a" * 10_001 + "~a",
)  # fmt: skip


def verdict(data: bytes) -> Verdict | UnreadableCode:
    try:
        return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load).verdict
    except UnreadableModel as error:
        return error.code


def in_a_model(value: bytes) -> bytes:
    """The value as an attribute of an estimator that is otherwise clean."""
    inside = value.removeprefix(b"\x80\x02").removesuffix(STOP)
    state = text("x") + inside + text("_sklearn_version") + text("1.7.2")
    return b"\x80\x02" + name("sklearn.svm._classes", "SVC") + b")\x81}(" + state + b"ub" + STOP


@pytest.mark.parametrize("case", restoring.bent())
def test_a_state_that_no_model_has_is_not_clean(case: str) -> None:
    found = verdict(in_a_model(restoring.bent()[case]))
    assert found in (Verdict.UNKNOWN, Verdict.DANGEROUS)


@pytest.mark.parametrize(
    "flag", ["restore_design_info", "restore_model_spec", "restore_by_a_later_version"]
)
@pytest.mark.parametrize("case", restoring.live("/x", ""))
def test_text_that_would_be_run_is_never_clean(case: str, flag: str) -> None:
    assert verdict(in_a_model(restoring.live("/x", flag)[case])) is Verdict.UNKNOWN


def test_honest_instances_in_the_same_place_are_clean() -> None:
    table = restoring.frame("y", "a")
    for formula in ("y ~ a", "y ~ np.log(a) + C(a)"):
        data = restoring.formula(formula, _FLAG, table)
        assert verdict(in_a_model(data)) is Verdict.CLEAN
    assert (
        verdict(
            in_a_model(restoring.restored(restoring.BOOSTERS["lightgbm"], text("_handle"), b"N"))
        )
        is Verdict.CLEAN
    )


def test_the_samples_bite_when_python_itself_loads_them(tmp_path: Path) -> None:
    cases = [
        (case, restoring.live(str(tmp_path / str(at)), _FLAG)[case].hex(), str(tmp_path / str(at)))
        for at, case in enumerate(restoring.live("/x", _FLAG))
    ]
    run = subprocess.run(
        [sys.executable, "-I", _LOAD, "markers"],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == list(restoring.live("/x", _FLAG))


def test_no_class_calls_what_its_state_holds_but_those_that_have_a_rule() -> None:
    """Each class that is installed is restored with a function in place of each of its methods and attributes."""
    builders = {full for full in BUILDERS if not full.startswith("builtins.")}
    run = subprocess.run(
        [sys.executable, "-I", _LOAD, "calls"],
        input=json.dumps(sorted(RESTORED | builders)),
        capture_output=True,
        text=True,
        check=True,
    )
    restored, calling = json.loads(run.stdout)
    assert len(restored) > 400
    assert calling == [
        "lightgbm.basic.Booster",
        "scipy.stats._continuous_distns.cauchy_gen",
        "scipy.stats._continuous_distns.logistic_gen",
        "scipy.stats._continuous_distns.norm_gen",
        "statsmodels.discrete.discrete_model.NegativeBinomial",
    ]


def test_looking_again_and_again_at_what_is_long_is_ended() -> None:
    long = b"\x80\x02](" + b"K\x01" * 1_900 + b"eq\x010"
    table = name(*restoring.FRAME) + b")\x81h\x01b0"
    kept = b"\x80\x02}(" + b"".join(b"M" + at.to_bytes(2, "little") + b"N" for at in range(19_000))
    estimator = name("sklearn.svm._classes", "SVC") + b")\x81h\x01b0"
    for bomb in (long + table * 2_000, kept + b"uq\x010" + estimator * 100):
        assert verdict(bomb + b"N.") is UnreadableCode.OVER_LIMITS


@pytest.mark.parametrize("formula", _PLAIN)
def test_a_plain_formula_is_told_by_its_form(formula: str) -> None:
    assert is_plain_formula(formula, ["y", "a", "b"])
    assert is_plain_formula(formula, ["y", "np"]) is ("(" not in formula)
    assert is_plain_formula(formula, None) is ("(" not in formula)


@pytest.mark.parametrize("formula", _OTHER)
def test_any_other_formula_is_code(formula: str) -> None:
    assert not is_plain_formula(formula, ["y", "a", "b"])
    assert find_formula_columns(formula) == {}


def test_a_formula_names_its_columns() -> None:
    assert find_formula_columns("y ~ a + C( city ):b + np.log(c_1) + I(d ** 2) + 1") == {
        "a": False,
        "city": True,
        "b": False,
        "c_1": False,
        "d": False,
    }
