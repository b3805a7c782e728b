"""The operators that onnxruntime has of its own, and that only compute: the allowlist for ONNX models. Reviewed data.

An operator of any other domain comes from a library that has to be loaded before the model. The contrib operators were
gathered from onnxruntime 1.20.1 and 1.31.1. Left out on purpose: `EPContext` and `Snpe` (they take compiled programs,
also from files beside the model), `PythonOp`, `PythonOpGrad` and `ATen` (they call code by its name).
"""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

_STANDARD = frozenset(("", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"))
_CONTRIB = ("com.microsoft", "com.microsoft.nchwc")
_CONTRIB_OPERATORS = frozenset(
    """
    Attention AttnLSTM AveragePool BatchNormalization BeamSearch BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu
    BifurcationDetector BitmaskBiasDropout BitmaskDropout BranchwiseRMSNorm CDist CausalConvWithState ComplexMul
    ComplexMulConj Conv ConvTransposeWithDynamicPads CropAndResize DecoderAttention DecoderMaskedMultiHeadAttention
    DecoderMaskedSelfAttention DequantizeBFP DequantizeLinear DequantizeWithOrder DynamicQuantizeLSTM
    DynamicQuantizeMatMul DynamicSparseAttention DynamicTimeWarping EmbedLayerNormalization EngramGate ExpandDims
    FastGelu FusedConv FusedGemm FusedMatMul FusedMatMulActivation GatedAdd GatedDeltaNet GatedRMSNorm
    GatedRelativePositionBias GatherBlockQuantized GatherND Gelu GemmFastGelu GemmFloat8 GemmaRotaryEmbedding
    GlobalAveragePool GlobalMaxPool GreedySearch GridSample GroupNorm GroupQueryAttention HyperConnectionPostMix
    HyperConnectionPreMix Inverse Irfft IsAllFinite LinearAttention LinearAttentionGate LongformerAttention
    MRotaryEmbedding MatMulBlockQuantizedFp4Weight MatMulBlockQuantizedFp8Weight MatMulBnb4 MatMulFpQ4 MatMulInteger16
    MatMulIntegerToFloat MatMulNBits MatMulNBitsMlp MatMulNBitsQkv MaxPool MaxpoolWithMask MoE MulInteger
    MultiHeadAttention MurmurHash3 NGramHashMapping NGramRepeatBlock NhwcConv NhwcFusedConv NhwcMaxPool
    PackedAttention PackedMultiHeadAttention PackedSparseAttentionIndexer Pad PagedAttention QAttention
    QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool
    QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QMoE QOrderedAttention
    QOrderedGelu QOrderedLayerNormalization QOrderedLongformerAttention QOrderedMatMul QuantizeBFP QuantizeLinear
    QuantizeWithOrder QuickGelu Range ReduceSumInteger RelativePositionBias RemovePadding ReorderInput ReorderOutput
    RestorePadding Rfft RotaryEmbedding SampleOp Sampling ScaledSiLU SkipGroupNorm SkipLayerNormalization
    SkipSimplifiedLayerNormalization SparseAttention SparseAttentionIndexer SparsePagedAttention SparseToDenseMatMul
    Tokenizer TorchEmbedding TransposeMatMul Trilu UnfoldTensor Unique Upsample VarlenCausalConvWithState
    VarlenNGramHashMapping WhisperBeamSearch WordConvEmbedding
    """.split()
)


def is_known_operator(domain: str, name: str) -> bool:
    """Whether onnxruntime has the operator built in, and it only computes."""
    return domain in _STANDARD or (domain in _CONTRIB and name in _CONTRIB_OPERATORS)
