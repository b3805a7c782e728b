"""The allowlist of what a saved Keras model names in its configuration. Reviewed data.

Gathered from Keras 2.12, 2.15, 3.4, 3.7, 3.10 and 3.15. Read by `shared.domain.reading.formats.keras_config`. Left out on purpose: what
holds code (`Lambda`, the layers around JAX, Flax and torch modules, operations that take a function), what reads files
(`TFSMLayer`) or looks up attributes by name (`InstanceMethod` and its like), and abstract classes.
"""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

import re

from shared.domain.reading.trust.names import Trust

_MODELS = "Functional Model Sequential"
_LAYERS = """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention
    AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D
    BatchNormalization BatchNormalizationV2 Bidirectional CategoryEncoding CenterCrop Concatenate
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D
    Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D CutMix Dense
    DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten
    GRU GRUCell GRUCellV2 GRUV2 GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D
    GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization
    GroupQueryAttention HashedCrossing Hashing Identity InputLayer IntegerLookup LSTM LSTMCell LSTMCellV2 LSTMV2
    LayerNormalization LeakyReLU LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D
    MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp
    MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding
    STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN
    SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization
    StackedRNNCells StringLookup Subtract SyncBatchNormalization TextVectorization ThresholdedReLU
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D
    ZeroPadding3D
"""
_OPERATIONS = """
    Abs Absolute AdaptiveAveragePool AdaptiveMaxPool Add AffineTransform All AllClose Amax Amin Angle Any Append
    Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array
    ArraySplit Average AveragePool Bartlett BatchNorm BinaryCrossentropy Bincount BitwiseAnd BitwiseInvert
    BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor Blackman BroadcastTo CDist CTCDecode
    CTCLoss Cast CategoricalCrossentropy Cbrt Ceil Celu Cholesky CholeskyInverse Clip Concatenate Conj Conjugate
    Conv ConvTranspose ConvertToTensor Copy Corrcoef Correlate Cos Cosh CountNonzero CropImages Cross Cumprod
    Cumsum Deg2rad DepthToSpace DepthwiseConv Det Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot
    DotProductAttention Dsplit Dstack Eig Eigh Einsum ElasticTransform Elu Empty EmptyLike Equal Erf Erfc Erfinv
    Exp Exp2 ExpandDims Expm1 ExtractPatches ExtractSequences Eye FFT FFT2 Fabs Flip Fliplr Flipud Floor
    FloorDivide Fmax Fmin Fmod Fold Full FullLike GaussianBlur Gcd Gelu Geomspace GetItem Glu Greater
    GreaterEqual HSVToRGB Hamming HardShrink HardSigmoid HardSilu HardTanh Heaviside Histogram Hsplit Hstack
    Hypot I0 IFFT2 IRFFT ISTFT Identity Imag InTopK Inner Inv IsIn Isclose Isfinite Isinf Isnan Isneginf
    Isposinf Isreal JVP Kron LayerNorm Lcm Ldexp LeakyRelu LeftShift Less LessEqual Linspace Log Log10 Log1p
    Log2 LogSigmoid LogSoftmax Logaddexp Logaddexp2 Logdet LogicalAnd LogicalNot LogicalOr LogicalXor Logspace
    Logsumexp Lstsq LuFactor MapCoordinates Matmul MatrixRank Max MaxPool Maximum Mean Median Meshgrid Min
    Minimum Mod Moments Moveaxis MultiHot Multiply NanToNum Nanargmax Nanargmin Nancumprod Nancumsum Nanmax
    Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd Nansum Nanvar Ndim Negative Nextafter
    Nonzero Norm Normalize NotEqual OneHot Ones OnesLike Outer PSNR Pad PadImages Percentile
    PerspectiveTransform Pinv Polar Power Prod Ptp Qr Quantile RFFT RGBToGrayscale RGBToHSV RMSNorm Rad2deg
    Ravel Real Rearrange Reciprocal Relu Relu6 Repeat Reshape Resize RightShift Roll Rot90 Round Rsqrt SSIM STFT
    SVD SaturateCast ScaleAndTranslate Scatter ScatterUpdate SearchSorted SegmentMax SegmentMin SegmentProd
    SegmentReduction SegmentSum Select Selu SeparableConv Sigmoid Sign Signbit Silu Sin Sinc Sinh Size Slice
    SliceUpdate Slogdet SobelEdges SoftShrink Softmax Softplus Softsign Solve SolveTriangular Sort SpaceToDepth
    SparseCategoricalCrossentropy SparsePlus SparseSigmoid Sparsemax Split Sqrt Square Squareplus Squeeze Stack
    Std StopGradient Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh TanhShrink Tensordot Threshold Tile TopK
    Trace Transpose Trapezoid Tri Tril Triu TrueDivide Trunc Unfold Unique UnravelIndex Unstack Vander Var Vdot
    View ViewAsComplex ViewAsReal Vsplit Vstack Where Zeros ZerosLike
"""
_PARAMETERS = """
    AWQDTypePolicy Constant ConstantV2 DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy GlorotNormal
    GlorotNormalV2 GlorotUniform GlorotUniformV2 HeNormal HeNormalV2 HeUniform HeUniformV2 Identity
    IdentityInitializer IdentityV2 Int4DTypePolicy L1 L1L2 L2 LecunNormal LecunNormalV2 LecunUniform
    LecunUniformV2 MaxNorm MinMaxNorm NonNeg Ones OnesV2 Orthogonal OrthogonalInitializer OrthogonalRegularizer
    OrthogonalV2 QuantizedDTypePolicy QuantizedFloat8DTypePolicy RadialConstraint RandomNormal RandomNormalV2
    RandomUniform RandomUniformV2 STFT STFTInitializer TruncatedNormal TruncatedNormalV2 UnitNorm
    VarianceScaling VarianceScalingV2 Zeros ZerosV2 constant glorot_normal glorot_normalV2 glorot_uniform
    glorot_uniformV2 he_normal he_normalV2 he_uniform he_uniformV2 identity l1 l1_l2 l2 lecun_normal
    lecun_normalV2 lecun_uniform lecun_uniformV2 max_norm maxnorm min_max_norm non_neg nonneg normal one ones
    orthogonal orthogonal_regularizer radial_constraint random_normal random_uniform stft truncated_normal
    uniform unit_norm unitnorm variance_scaling zero zeros
    AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig Int8QuantizationConfig
    QuantizationConfig
"""
_TRAINING = """
    AUC Accuracy Adadelta Adafactor Adagrad Adam AdamW Adamax BinaryAccuracy BinaryCrossentropy
    BinaryFocalCrossentropy BinaryIoU CTC CategoricalAccuracy CategoricalCrossentropy
    CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge Circle
    ConcordanceCorrelation CosineDecay CosineDecayRestarts CosineSimilarity Dice ExponentialDecay F1Score
    FBetaScore FalseNegatives FalsePositives Ftrl Hinge Huber InverseTimeDecay IoU KLDivergence Lamb Lion
    LogCosh LogCoshError LossFunctionWrapper LossScaleOptimizer Mean MeanAbsoluteError
    MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanRelativeError MeanSquaredError
    MeanSquaredLogarithmicError MeanTensor Muon Nadam OneHotIoU OneHotMeanIoU PearsonCorrelation
    PiecewiseConstantDecay Poisson PolynomialDecay Precision PrecisionAtRecall R2Score RMSprop Recall
    RecallAtPrecision RootMeanSquaredError SGD ScheduleFreeAdamW SensitivityAtSpecificity
    SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy
    SpecificityAtSensitivity SquaredHinge Sum SumOverBatchSize SumOverBatchSizeMetricWrapper
    TopKCategoricalAccuracy TrueNegatives TruePositives Tversky
"""
_KERAS_2_OPTIMIZERS = "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion Nadam RMSprop SGD"
CLASSES = frozenset(
    [
        *" ".join((_MODELS, _LAYERS, _OPERATIONS, _PARAMETERS, _TRAINING)).split(),
        *(f"Custom>{name}" for name in _KERAS_2_OPTIMIZERS.split()),
    ]
)
"""Keras 2 registers its own optimizers as if they were somebody's custom ones."""
FUNCTIONS = frozenset(
    """
    ACC BCE KLD MAE MAPE MSE MSLE acc accuracy bce binary_accuracy binary_crossentropy binary_focal_crossentropy
    categorical_accuracy categorical_crossentropy categorical_focal_crossentropy
    categorical_generalized_cross_entropy categorical_hinge celu circle concordance_correlation constant
    cosine_proximity cosine_similarity ctc dice elu exponential gelu glorot_normal glorot_normalV2
    glorot_uniform glorot_uniformV2 glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh he_normal
    he_normalV2 he_uniform he_uniformV2 hinge huber huber_loss identity initializer kl_divergence kld
    kullback_leibler_divergence l1 l1_l2 l2 leaky_relu lecun_normal lecun_normalV2 lecun_uniform lecun_uniformV2
    linear log_cosh log_sigmoid log_softmax logcosh mae mape max_norm maxnorm mean_absolute_error
    mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error min_max_norm mish mse msle
    non_neg nonneg normal one ones orthogonal orthogonal_regularizer pearson_correlation poisson
    radial_constraint random_normal random_uniform relu relu6 selu sigmoid silu soft_shrink softmax softplus
    softsign sparse_categorical_accuracy sparse_categorical_crossentropy sparse_plus sparse_sigmoid
    sparse_top_k_categorical_accuracy sparsemax squared_hinge squareplus stft swish tanh tanh_shrink threshold
    top_k_categorical_accuracy truncated_normal tversky uniform unit_norm unitnorm variance_scaling zero zeros
    accuracy crossentropy ce adadelta adafactor adagrad adam adamax adamw ftrl lamb lion nadam rmsprop sgd
    """.split()
)
"""Activations, losses, metrics and the like that are named by a text alone."""

PLACES = re.compile(
    r"(tensorflow\.)?(python\.)?keras(\.src)?"
    r"(\.(activations|constraints|dtype_policies|engine|initializers|layers|losses|metrics|models|ops|optimizers"
    r"|quantizers|regularizers)(\.[a-z0-9_]+)*)?"
)
"""Where Keras's own classes are, as its releases write it."""

CODE_LAYERS = frozenset({"Lambda", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"})
"""Layers that hold code of the sender's: marshalled functions, or a pickle."""
FILE_LAYERS = frozenset({"TFSMLayer"})
"""Layers that read files by a path in the configuration."""

TF_FUNCTIONS = re.compile(
    r"(compat\.v1\.)?((math|nn|linalg|signal)\.[a-z0-9_]+|__operators__\.[a-z_]+"
    r"|image\.(resize|central_crop|grayscale_to_rgb|rgb_to_grayscale)"
    r"|(abs|add|argmax|argmin|boolean_mask|broadcast_to|cast|clip_by_value|concat|constant|convert_to_tensor|cos|cumsum"
    r"|divide|einsum|equal|exp|expand_dims|eye|fill|floor|gather|gather_nd|greater|greater_equal|identity|less|less_equal"
    r"|logical_and|logical_not|logical_or|matmul|maximum|minimum|multiply|negative|norm|not_equal|one_hot|ones|ones_like"
    r"|pad|pow|range|rank|reduce_(all|any|logsumexp|max|mean|min|prod|sum)|repeat|reshape|reverse|roll|round|shape|sigmoid"
    r"|sign|sin|size|slice|sort|split|sqrt|square|squeeze|stack|stop_gradient|strided_slice|subtract|tan|tanh|tensordot"
    r"|tile|transpose|truediv|unstack|where|zeros|zeros_like))"
)
"""Functions of TensorFlow that Keras 2 keeps by name in a layer of their own. None of them reads, writes or calls."""


def judge_keras_name(module: str, name: str) -> Trust | None:
    """The trust in a class that a configuration names; None where the general lists decide, as for `os.system`."""
    ours = PLACES.fullmatch(module) is not None
    if ours and name in CLASSES:
        return Trust.BUILDS
    if name in CODE_LAYERS:
        return Trust.CODE
    if name in FILE_LAYERS:
        return Trust.DANGEROUS
    return Trust.UNKNOWN if ours else None
