"""The environments in which the corpus is made: data. Each library comes in two or more versions.

Pins are exact where a version is the point, ranges where a library's age forbids newer ones. `keep` are patterns of the
files that go into `tests/corpus/kept`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One set of libraries on one Python, and the recipe that runs in it.

    `alone`: the requirements are installed without what they require, which for torch are gigabytes that no recipe needs.
    """

    name: str
    python: str
    recipe: str
    requirements: tuple[str, ...]
    keep: tuple[str, ...] = ()
    alone: bool = False


_SKLEARN = ("pandas", "cloudpickle", "lz4")
_FEW = (
    "people.pickle-4",
    "people.joblib",
    "RandomForestC*.pickle-[25]",
    "LogisticRegression.*",
    "Hist*",
)

ENVIRONMENTS: tuple[Environment, ...] = (
    Environment(
        name="sklearn-0.24.2",
        python="3.9",
        recipe="sklearn_models",
        requirements=("scikit-learn==0.24.2", "numpy<1.24", "scipy<1.8", "pandas<2", *_SKLEARN[1:]),
        keep=("*",),
    ),
    Environment(
        name="sklearn-1.0.2",
        python="3.9",
        recipe="sklearn_models",
        requirements=("scikit-learn==1.0.2", "numpy<1.24", "scipy<1.9", "pandas<2", *_SKLEARN[1:]),
        keep=_FEW,
    ),
    Environment(
        name="sklearn-1.2.2",
        python="3.11",
        recipe="sklearn_models",
        requirements=("scikit-learn==1.2.2", "numpy<2", "scipy<1.11", "pandas<2.1", *_SKLEARN[1:]),
        keep=("*",),
    ),
    Environment(
        name="sklearn-1.4.2",
        python="3.11",
        recipe="sklearn_models",
        requirements=("scikit-learn==1.4.2", "numpy<2", "pandas<2.2", *_SKLEARN[1:]),
        keep=("*",),
    ),
    Environment(
        name="sklearn-1.5.2",
        python="3.11",
        recipe="sklearn_models",
        requirements=("scikit-learn==1.5.2", "pandas<3", *_SKLEARN[1:]),
        keep=(*_FEW, "pipeline-*", "Gradient*"),
    ),
    Environment(
        name="sklearn-1.7.2",
        python="3.11",
        recipe="sklearn_models",
        requirements=("scikit-learn==1.7.2", "numpy==2.4.6", "pandas==2.3.3", *_SKLEARN[1:]),
        keep=("*",),
    ),
    Environment(
        name="sklearn-1.8.0",
        python="3.11",
        recipe="sklearn_models",
        requirements=("scikit-learn==1.8.0", *_SKLEARN),
        keep=("*",),
    ),
    Environment(
        name="xgboost-1.7.6",
        python="3.11",
        recipe="xgboost_models",
        requirements=("xgboost==1.7.6", "scikit-learn==1.3.2", "numpy<2", "pandas<2.2"),
        keep=("*",),
    ),
    Environment(
        name="xgboost-2.1.4",
        python="3.11",
        recipe="xgboost_models",
        requirements=("xgboost-cpu==2.1.4", "scikit-learn==1.5.2", "pandas<3"),
        keep=("*",),
    ),
    Environment(
        name="xgboost-3.2.0",
        python="3.11",
        recipe="xgboost_models",
        requirements=("xgboost-cpu==3.2.0", "scikit-learn==1.7.2", "pandas<3"),
        keep=("*",),
    ),
    Environment(
        name="lightgbm-3.3.5",
        python="3.11",
        recipe="lightgbm_models",
        requirements=("lightgbm==3.3.5", "scikit-learn==1.2.2", "numpy<2", "pandas<2"),
        keep=("*",),
    ),
    Environment(
        name="lightgbm-4.6.0",
        python="3.11",
        recipe="lightgbm_models",
        requirements=("lightgbm==4.6.0", "scikit-learn==1.7.2", "pandas<3"),
        keep=("*",),
    ),
    Environment(
        name="catboost-1.2.2",
        python="3.11",
        recipe="catboost_models",
        requirements=("catboost==1.2.2", "numpy<2", "pandas<2.2"),
        keep=("*",),
    ),
    Environment(
        name="catboost-1.2.10",
        python="3.11",
        recipe="catboost_models",
        requirements=("catboost==1.2.10", "pandas<3"),
        keep=("*",),
    ),
    Environment(
        name="statsmodels-0.13.5",
        python="3.11",
        recipe="statsmodels_models",
        requirements=(
            "statsmodels==0.13.5",
            "numpy==1.24.4",
            "scipy==1.10.1",
            "pandas==1.5.3",
        ),
        keep=("*",),
    ),
    Environment(
        name="statsmodels-0.14.6",
        python="3.11",
        recipe="statsmodels_models",
        requirements=("statsmodels==0.14.6", "pandas<3"),
        keep=("*-formula*", "OLS*"),
    ),
    Environment(
        name="statsmodels-0.15.0",
        python="3.11",
        recipe="statsmodels_models",
        requirements=("statsmodels==0.15.0", "pandas<3"),
        keep=("*",),
    ),
    Environment(
        name="skops-0.9.0",
        python="3.11",
        recipe="skops_models",
        requirements=(
            "skops==0.9.0",
            "scikit-learn==1.4.2",
            "numpy<2",
            "pandas<2.2",
            *_SKLEARN[1:],
        ),
        keep=("*",),
    ),
    Environment(
        name="skops-0.16.0",
        python="3.11",
        recipe="skops_models",
        requirements=("skops==0.16.0", "scikit-learn==1.7.2", *_SKLEARN),
        keep=("*",),
    ),
    Environment(
        name="onnx-1.14.1",
        python="3.11",
        recipe="onnx_models",
        requirements=(
            "onnx==1.14.1",
            "skl2onnx==1.15.0",
            "protobuf<4.26",
            "onnxruntime==1.16.3",
            "scikit-learn==1.3.2",
            "numpy<2",
            "pandas<2.2",
            *_SKLEARN[1:],
        ),
        keep=("*",),
    ),
    Environment(
        name="onnx-1.20.1",
        python="3.11",
        recipe="onnx_models",
        requirements=(
            "onnx==1.20.1",
            "skl2onnx==1.20.0",
            "onnxruntime==1.24.4",
            "scikit-learn==1.7.2",
            *_SKLEARN,
        ),
        keep=("*",),
    ),
    Environment(
        name="safetensors-0.4.5",
        python="3.11",
        recipe="safetensors_models",
        requirements=("safetensors==0.4.5", "numpy<2"),
        keep=("*",),
    ),
    Environment(
        name="safetensors-0.8.0",
        python="3.11",
        recipe="safetensors_models",
        requirements=("safetensors==0.8.0", "numpy"),
        keep=("*",),
    ),
    Environment(
        name="torch-1.12.1",
        python="3.10",
        recipe="torch_models",
        requirements=(
            "torch==1.12.1",
            "setuptools==69.5.1",
            "typing-extensions==4.12.2",
            "numpy==1.26.4",
            "safetensors==0.4.5",
        ),
        keep=("*",),
        alone=True,
    ),
    Environment(
        name="torch-2.13.0",
        python="3.11",
        recipe="torch_models",
        requirements=("torch==2.13.0", "numpy", "safetensors==0.8.0", "onnx==1.20.1"),
        keep=("*",),
    ),
    Environment(
        name="keras-2.15",
        python="3.11",
        recipe="keras_models",
        requirements=("tensorflow-cpu==2.15.1",),
        keep=("*",),
    ),
    Environment(
        name="keras-3.4.1",
        python="3.11",
        recipe="keras_models",
        requirements=("tensorflow-cpu==2.16.2", "keras==3.4.1"),
        keep=("*",),
    ),
    Environment(
        name="keras-3.12.1",
        python="3.11",
        recipe="keras_models",
        requirements=("tensorflow-cpu==2.21.0", "keras==3.12.1"),
        keep=("*",),
    ),
    Environment(
        name="pycaret-3.2.0",
        python="3.10",
        recipe="pycaret_models",
        requirements=("pycaret==3.2.0", "joblib<1.4", "six", "setuptools<70"),
        keep=("*",),
    ),
    Environment(
        name="pycaret-3.3.2",
        python="3.11",
        recipe="pycaret_models",
        requirements=("pycaret==3.3.2", "six", "setuptools<70"),
        keep=("*",),
    ),
    Environment(
        name="mlflow-2.16.2",
        python="3.11",
        recipe="mlflow_folders",
        requirements=(
            "mlflow==2.16.2",
            "scikit-learn==1.7.2",
            "xgboost-cpu==3.2.0",
            "lightgbm==4.6.0",
            "catboost==1.2.10",
            "statsmodels==0.15.0",
            "onnx==1.20.1",
            "onnxruntime==1.31.1",
            "numpy==2.4.6",
            "pandas==2.3.3",
            "setuptools<70",
            *_SKLEARN[1:],
        ),
        keep=("*",),
    ),
    Environment(
        name="mlflow-2.9.2",
        python="3.11",
        recipe="mlflow_folders",
        requirements=(
            "mlflow==2.9.2",
            "scikit-learn==1.3.2",
            "lightgbm==3.3.5",
            "catboost==1.2.2",
            "statsmodels==0.14.6",
            "numpy<2",
            "pandas<2.2",
            "setuptools<70",
            *_SKLEARN[1:],
        ),
        keep=("*",),
    ),
    Environment(
        name="mlflow-3.4.0",
        python="3.11",
        recipe="mlflow_folders",
        requirements=(
            "mlflow==3.4.0",
            "scikit-learn==1.7.2",
            "xgboost-cpu==3.0.5",
            "lightgbm==4.6.0",
            *_SKLEARN[1:],
        ),
        keep=("*",),
    ),
    Environment(
        name="mlflow-2.16.2-torch",
        python="3.11",
        recipe="mlflow_folders",
        requirements=("mlflow==2.16.2", "torch==2.13.0", "setuptools<81"),
        keep=("pytorch.zip",),
    ),
    Environment(
        name="mlflow-2.16.2-keras",
        python="3.11",
        recipe="mlflow_folders",
        requirements=("mlflow==2.16.2", "tensorflow-cpu==2.16.2", "keras==3.4.1", "setuptools<70"),
        keep=("keras.zip",),
    ),
)
