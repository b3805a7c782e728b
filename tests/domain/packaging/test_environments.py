from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.packaging.environment import Environment, plan_environment
from shared.domain.packaging.releases import EASY, LINES, NEWEST_PYTHON, OLDEST_PYTHON
from tests.domain.packaging.inspections import inspection

ALWAYS = ["mlflow", "azureml-inference-server-http", "azureml-ai-monitoring"]
VERSIONS = st.from_regex(r"[0-3]\.[0-9]{1,2}\.[0-9](rc1|\+cpu)?", fullmatch=True)
ODD = st.sampled_from(
    ["", "latest", "1.7.2\n--index-url x", "1;x", "1.0.dev3", "../x", "1.2.3.4.5.6"]
)
LIBRARIES = st.sampled_from([*EASY, "mypkg", "--evil", "Torch"])
INSPECTIONS = st.builds(
    inspection,
    st.sampled_from(ModelFormat),
    st.sampled_from(
        [
            "sklearn",
            "xgboost",
            "lightgbm",
            "catboost",
            "onnx",
            "pytorch",
            "keras",
            "tensorflow",
            "x",
        ]
    ),
    libraries=st.lists(st.tuples(LIBRARIES, VERSIONS | ODD), max_size=5).map(tuple),
    needs=st.lists(
        LIBRARIES
        | st.sampled_from(["onnxruntime>=1.18", "torch>=9", "skops<0.9", "skops>=0.2,<0.9", "a b"]),
        max_size=4,
    ).map(tuple),
    names=st.lists(st.sampled_from(["numpy._core.multiarray.x", "numpy.core.x", "a.b"])).map(tuple),
    written_by=st.sampled_from([None, "cloudpickle"]),
    compression=st.sampled_from([None, "lz4"]),
    python_version=st.sampled_from([None, "3.6.1", "3.9", "3.10.4", "3.14.0"]),
)


def plan(**told: object) -> Environment:
    return plan_environment(inspection(**told), "3.10")  # type: ignore[arg-type]  # each test knows its own


def of(environment: Environment, library: str) -> str:
    return next(
        (line for line in environment.requirements if Requirement(line).name == library), ""
    )


@given(INSPECTIONS)
def test_every_plan_can_be_given_to_pip(found: Inspection) -> None:
    environment = plan_environment(found, "3.10")
    wanted = [Requirement(line) for line in environment.requirements]
    names = [each.name for each in wanted]
    assert names[:3] == ALWAYS
    assert len(set(names)) == len(names)
    assert set(names[3:]) <= set(EASY)
    assert not any(line.startswith("-") or "\n" in line for line in environment.requirements)
    assert OLDEST_PYTHON <= int(environment.python.split(".")[1]) <= NEWEST_PYTHON


@given(INSPECTIONS)
def test_no_planned_range_is_empty(found: Inspection) -> None:
    for line in plan_environment(found, "3.10").requirements:
        bounds = {each.operator: Version(each.version) for each in Requirement(line).specifier}
        if ">=" in bounds and "<" in bounds:
            assert bounds[">="] < bounds["<"], line


@given(INSPECTIONS)
def test_the_order_in_which_a_file_tells_its_libraries_does_not_matter(found: Inspection) -> None:
    told = dict(found.libraries)
    straight = inspection(
        found.format, found.flavor, libraries=tuple(told.items()), needs=found.needs
    )
    turned = inspection(
        found.format,
        found.flavor,
        libraries=tuple(reversed(told.items())),
        needs=tuple(reversed(found.needs)),
    )
    assert plan_environment(straight, "3.10") == plan_environment(turned, "3.10")


@pytest.mark.parametrize(
    ("library", "version", "python", "neighbours"),
    [
        ("scikit-learn", "0.24.2", "3.9", {"numpy": "<1.24", "scipy": "<1.9", "pandas": "<2"}),
        ("scikit-learn", "1.0.2", "3.10", {"numpy": "<1.24", "scipy": "<1.11", "pandas": "<2"}),
        ("scikit-learn", "1.2.2", "3.10", {"numpy": "<2", "scipy": "<1.12"}),
        ("scikit-learn", "1.7.2", "3.10", {"numpy": ">=2,<3", "scipy": ""}),
        ("scikit-learn", "1.8.0", "3.11", {"numpy": ">=2,<3"}),
        ("xgboost", "1.7.6", "3.10", {"numpy": "<2", "scikit-learn": "<1.6"}),
        ("xgboost", "3.2.0", "3.10", {"numpy": "", "scikit-learn": ""}),
        ("catboost", "1.2.2", "3.10", {"numpy": "<2"}),
        ("statsmodels", "0.13.5", "3.10", {"scipy": "<1.14"}),
        ("torch", "1.13.1", "3.10", {"numpy": "<2"}),
    ],
)
def test_old_releases_keep_their_neighbours_old(
    library: str, version: str, python: str, neighbours: dict[str, str]
) -> None:
    found = plan(flavor="", libraries=((library, version),))
    assert of(found, library) == f"{library}=={version}"
    assert found.python == python
    assert {name: of(found, name) for name in neighbours} == {
        name: f"{name}{told}" if told else "" for name, told in neighbours.items()
    }


def test_the_names_in_a_file_tell_numpy_s_side() -> None:
    for name, line in (
        ("numpy._core.multiarray.scalar", "numpy>=2,<3"),
        ("numpy.core.numeric", "numpy<2"),
    ):
        assert of(plan(names=(name,)), "numpy") == line


def test_an_index_that_pandas_2_dropped_keeps_pandas_1() -> None:
    assert of(plan(names=("pandas.core.indexes.numeric.Int64Index",)), "pandas") == "pandas>=1.5,<2"


def test_what_a_need_says_of_its_first_release_holds() -> None:
    found = plan(kind=ModelFormat.ONNX, flavor="onnx", needs=("onnx>=1.16", "onnxruntime>=1.24"))
    assert of(found, "onnxruntime") == "onnxruntime>=1.24,<2"
    assert found.python == "3.11"  # for which 1.24 is the first that is built


@pytest.mark.parametrize(
    ("need", "line"),
    [
        ("statsmodels<0.15", "statsmodels>=0.14.5,<0.15"),
        ("statsmodels>=0.15", "statsmodels>=0.15,<0.16"),
        ("statsmodels", "statsmodels>=0.14.5,<0.16"),
    ],
)
def test_a_formula_gets_the_releases_that_restore_it(need: str, line: str) -> None:
    assert of(plan(flavor="statsmodels", needs=(need,)), "statsmodels") == line


def test_lightgbm_s_old_pickles_get_its_old_releases_and_their_neighbours() -> None:
    found = plan(flavor="", needs=("lightgbm",), details=(("file version", "v3"),))
    assert of(found, "lightgbm") == "lightgbm>=3.3,<4"
    assert (of(found, "numpy"), of(found, "scikit-learn")) == ("numpy<2", "scikit-learn<1.6")
    text = plan(kind=ModelFormat.LIGHTGBM, flavor="lightgbm", details=(("file version", "v3"),))
    assert of(text, "lightgbm") == "lightgbm>=4.5,<5"


def test_keras_2_gets_the_tensorflow_of_its_number() -> None:
    found = plan(kind=ModelFormat.KERAS, flavor="tensorflow", libraries=(("keras", "2.15.0"),))
    assert of(found, "tensorflow") == "tensorflow>=2.15,<2.16"
    newer = plan_environment(
        inspection(ModelFormat.KERAS, "tensorflow", libraries=(("keras", "2.15.0"),)), "3.12"
    )
    assert newer.python == "3.11"


def test_an_early_keras_3_gets_a_tensorflow_that_asks_for_no_later_one() -> None:
    for keras, line in (("3.4.1", "tensorflow>=2.16,<2.18"), ("3.5.0", "tensorflow>=2.18,<3")):
        found = plan(
            kind=ModelFormat.KERAS,
            flavor="keras",
            needs=("tensorflow",),
            libraries=(("keras", keras),),
        )
        assert of(found, "tensorflow") == line


def test_a_build_s_name_is_left_out_of_a_version() -> None:
    assert of(plan(libraries=(("torch", "2.4.1+cu118"),)), "torch") == "torch==2.4.1"


def test_an_exception_s_requirements_replace_those_of_the_same_library() -> None:
    more = plan(libraries=(("scikit-learn", "1.7.2"),)).plus(("Scikit_Learn==1.7.1", "mypkg==1.2"))
    assert of(more, "scikit-learn") == ""
    assert more.requirements[-2:] == ("Scikit_Learn==1.7.1", "mypkg==1.2")


def test_the_tables_are_in_order_and_reach_no_python_that_does_not_exist() -> None:
    for library, lines in LINES.items():
        assert library in EASY
        assert all(one.since < other.since for one, other in pairwise(lines)), library
        assert all(OLDEST_PYTHON <= line.first_python <= line.last_python for line in lines), (
            library
        )
        assert {name for line in lines for name, _ in line.below} <= set(EASY)
