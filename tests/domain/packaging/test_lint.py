import pytest

from shared.domain.inspection import Column, Inspection, ModelFormat, Tensor
from shared.domain.packaging.environment import plan_environment
from shared.domain.packaging.lint import lint, lint_memory
from tests.domain.packaging.inspections import inspection

NAMED = (Column(name="age", type="double"),)


def codes(found: Inspection, instance_type: str = "") -> set[str]:
    findings = [
        *lint_memory(found, instance_type),
        *lint(found, plan_environment(found, "3.10")),
    ]
    assert all(finding.what.endswith(".") and finding.fix.endswith(".") for finding in findings)
    return {finding.code for finding in findings}


def test_a_plain_model_has_nothing_to_be_said_of_it() -> None:
    assert codes(inspection(features=NAMED, libraries=(("scikit-learn", "1.7.2"),))) == set()


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (inspection(), "no_signature"),
        (inspection(sample_input=["a text"]), "no_signature"),
        (inspection(features=NAMED, python_version="3.13.1"), "python_replaced"),
        (inspection(features=NAMED, libraries=(("mypkg", "1.0"),)), "library_not_installed"),
        (inspection(features=NAMED, needs=("lightgbm",)), "version_not_told"),
        (inspection(ModelFormat.TORCH, "pytorch", needs=("torch",)), "large_image"),
        (
            inspection(libraries=(("scikit-learn", "0.24.2"), ("xgboost", "3.2.0"))),
            "no_common_python",
        ),
        (inspection(details=(("mlflow of the folder", "3.1.0"),)), "mlflow_replaced"),
        (inspection(details=(("requirements left out", "mypkg"),)), "requirements_left_out"),
        (
            inspection(inputs=(Tensor(name=None, dtype="float32", shape=(-1, -1)),)),
            "signature_left_out",
        ),
        (
            inspection(features=(Column(name="start_time", type="double"),)),
            "columns_named_like_dates",
        ),
        (inspection(features=(Column(name="rank", type="long"),)), "no_missing_values"),
        (inspection(features=(Column(name="photo", type="binary"),)), "not_in_json"),
        (inspection(features=NAMED, classes=("no", "yes")), "labels_only"),
    ],
)
def test_what_surprises_on_azure_is_found(found: Inspection, code: str) -> None:
    assert code in codes(found)


def test_a_file_larger_than_the_instance_s_memory_is_found_where_its_size_is_known() -> None:
    large = inspection(features=NAMED, size=7 * 1024**3)
    assert "larger_than_memory" not in codes(large, "Standard_of_another_day")
    assert "larger_than_memory" in codes(large, "Standard_DS2_v2")
    assert "larger_than_memory" not in codes(large, "Standard_DS4_v2")


def test_a_folder_of_the_mlflow_that_serves_is_not_spoken_of() -> None:
    assert "mlflow_replaced" not in codes(inspection(details=(("mlflow of the folder", "2.16.2"),)))
