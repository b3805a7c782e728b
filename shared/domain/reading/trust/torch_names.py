"""The allowlist of what `torch.save` writes: PyTorch's own layers, and what rebuilds tensors. Reviewed data.

Gathered from torch 1.13, 2.5 and 2.15. Read by `shared.domain.reading.pickles.torch_dialect`, which has a rule for the arguments of each function.
Left out on purpose: lazy layers and whatever keeps hooks, for these hold functions; quantized layers, which rebuild packed
objects; `torch.storage._load_from_bytes`, which loads a pickle inside the pickle.
"""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

from shared.domain.reading.trust.names import Trust

COMPILED = "__torch__.torch.classes"
"""Where TorchScript finds classes of torch's own, compiled, which get what a file gives them."""
_LAYERS = {
    "activation": (
        "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish "
        "MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink "
        "Softsign Tanh Tanhshrink Threshold"
    ),
    "adaptive": "AdaptiveLogSoftmaxWithLoss",
    "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm",
    "channelshuffle": "ChannelShuffle",
    "container": "ModuleDict ModuleList ParameterDict ParameterList Sequential",
    "conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "distance": "CosineSimilarity PairwiseDistance",
    "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
    "flatten": "Flatten Unflatten",
    "fold": "Fold Unfold",
    "instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d",
    "linear": "Bilinear Identity Linear NonDynamicallyQuantizableLinear",
    "loss": (
        "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss "
        "HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss "
        "MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss"
    ),
    "normalization": "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm",
    "padding": (
        "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
        "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d"
    ),
    "pixelshuffle": "PixelShuffle PixelUnshuffle",
    "pooling": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d "
        "AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d MaxPool1d "
        "MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d"
    ),
    "rnn": "GRU GRUCell LSTM LSTMCell RNN RNNCell",
    "sparse": "Embedding EmbeddingBag",
    "transformer": (
        "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer"
    ),
    "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
}
LAYERS = frozenset(
    f"torch.nn.modules.{module}.{name}"
    for module, names in _LAYERS.items()
    for name in names.split()
)
"""Classes whose state is checked to hold numbers, tensors and other layers, and no function but an activation."""

REBUILDERS = frozenset(
    f"torch._utils.{name}"
    for name in (
        "_rebuild_tensor",
        "_rebuild_tensor_v2",
        "_rebuild_tensor_v3",
        "_rebuild_parameter",
    )
)
SMALL_PARTS = frozenset({"torch.Size", "torch.device", "torch.serialization._get_layout"})

STORAGES = {
    **{f"torch.{name}Storage": 8 for name in ("Double", "Long", "ComplexFloat")},
    **{f"torch.{name}Storage": 4 for name in ("Float", "Int", "QInt32")},
    **{f"torch.{name}Storage": 2 for name in ("Half", "BFloat16", "Short")},
    **{f"torch.{name}Storage": 1 for name in ("Char", "Byte", "Bool", "QInt8", "QUInt8")},
    "torch.ComplexDoubleStorage": 16,
    "torch.storage.UntypedStorage": 1,
}
"""The kinds of storage, and the bytes of one element."""

DTYPES = {
    "torch.FloatStorage": "float32",
    "torch.DoubleStorage": "float64",
    "torch.HalfStorage": "float16",
    "torch.LongStorage": "int64",
    "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8",
    "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
}
"""numpy's words for what a storage holds; numpy has none for the others."""

ACTIVATIONS = frozenset(
    {
        *(
            f"torch.nn.functional.{name}"
            for name in (
                "celu elu gelu glu hardsigmoid hardswish hardtanh leaky_relu log_softmax logsigmoid mish relu relu6 rrelu "
                "selu sigmoid silu softmax softmin softplus softsign tanh tanhshrink"
            ).split()
        ),
        "torch._C._nn.gelu",
    }
)
_TYPES = frozenset(
    f"torch.{name}"
    for name in (
        "bfloat16 bool complex128 complex64 float16 float32 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 "
        "float8_e5m2fnuz int16 int32 int64 int8 uint16 uint32 uint64 uint8"
    ).split()
)


def judge_torch_name(module: str, name: str) -> Trust | None:
    """The trust in a name of PyTorch's; None for those of other libraries, which the general lists judge."""
    full = f"{module}.{name}"
    if full in LAYERS or full in REBUILDERS or full in SMALL_PARTS:
        return Trust.BUILDS
    if full in STORAGES or full in ACTIVATIONS or full in _TYPES:
        return Trust.MENTIONED
    if module.startswith(("torch.nn.", "torch.ao.nn.", "torch._utils")) and "." not in name:
        return Trust.UNKNOWN  # a layer or tensor of a kind that is not listed
    return None
