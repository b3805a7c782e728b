"""What saved statsmodels results hold: models, results, data, families, links (reviewed in 0.13 and 0.14). Reviewed data, part of the allowlist.

Restored without their constructors, nearly all just get their attributes back. What does more has a rule for its state:
`ModelData` evaluates a formula, `NegativeBinomial` calls a method. Distributions are left out: restoring one runs `exec` on text.
"""

from shared.domain.reading.trust.listing import full_names

STATSMODELS_RESTORED = full_names(
    {
        "statsmodels.base._constraints": "LinearConstraints TransformRestriction",
        "statsmodels.base._penalties": "ConstraintsPenalty CovariancePenalty L2 L2ConstraintsPenalty L2Univariate NonePenalty PSD Penalty PseudoHuber SCAD SCADSmoothed",
        "statsmodels.base.data": "ModelData PandasData PatsyData",
        "statsmodels.base.elastic_net": "RegularizedResults RegularizedResultsWrapper",
        "statsmodels.base.model": "GenericLikelihoodModel GenericLikelihoodModelResults LikelihoodModel LikelihoodModelResults LikelihoodResultsWrapper Model ResultMixin Results _LLRMixin",
        "statsmodels.base.wrapper": "ResultsWrapper",
        "statsmodels.discrete.conditional_models": "ConditionalLogit ConditionalMNLogit ConditionalPoisson ConditionalResults ConditionalResultsWrapper _ConditionalModel",
        "statsmodels.discrete.count_model": "GenericZeroInflated L1ZeroInflatedGeneralizedPoissonResults L1ZeroInflatedGeneralizedPoissonResultsWrapper L1ZeroInflatedNegativeBinomialResults L1ZeroInflatedNegativeBinomialResultsWrapper L1ZeroInflatedPoissonResults L1ZeroInflatedPoissonResultsWrapper ZeroInflatedGeneralizedPoisson ZeroInflatedGeneralizedPoissonResults ZeroInflatedGeneralizedPoissonResultsWrapper ZeroInflatedNegativeBinomialP ZeroInflatedNegativeBinomialResults ZeroInflatedNegativeBinomialResultsWrapper ZeroInflatedPoisson ZeroInflatedPoissonResults ZeroInflatedPoissonResultsWrapper ZeroInflatedResults",
        "statsmodels.discrete.discrete_model": "BinaryModel BinaryResults BinaryResultsWrapper CountModel CountResults CountResultsWrapper DiscreteModel DiscreteResults GeneralizedPoisson GeneralizedPoissonResults GeneralizedPoissonResultsWrapper L1BinaryResults L1BinaryResultsWrapper L1CountResults L1CountResultsWrapper L1GeneralizedPoissonResults L1GeneralizedPoissonResultsWrapper L1MultinomialResults L1MultinomialResultsWrapper L1NegativeBinomialResults L1NegativeBinomialResultsWrapper L1PoissonResults L1PoissonResultsWrapper Logit LogitResults MNLogit MultinomialModel MultinomialResults MultinomialResultsWrapper NegativeBinomial NegativeBinomialP NegativeBinomialPResults NegativeBinomialPResultsWrapper NegativeBinomialResults NegativeBinomialResultsWrapper OrderedResults OrderedResultsWrapper Poisson PoissonResults PoissonResultsWrapper Probit ProbitResults",
        "statsmodels.discrete.truncated_model": "HurdleCountModel HurdleCountResults HurdleCountResultsWrapper L1HurdleCountResults L1HurdleCountResultsWrapper L1TruncatedLFGenericResults L1TruncatedLFGenericResultsWrapper TruncatedLFGeneralizedPoisson TruncatedLFGeneric TruncatedLFGenericResults TruncatedLFGenericResultsWrapper TruncatedLFNegativeBinomialP TruncatedLFPoisson TruncatedLFPoissonResults TruncatedNegativeBinomialResults _RCensored _RCensoredGeneralizedPoisson _RCensoredGeneric _RCensoredNegativeBinomialP _RCensoredPoisson",
        "statsmodels.duration.hazard_regression": "PHReg PHRegResults PHSurvivalTime",
        "statsmodels.gam.gam_penalties": "MultivariateGamPenalty UnivariateGamPenalty",
        "statsmodels.gam.generalized_additive_model": "GLMGam GLMGamResults GLMGamResultsWrapper LogitGam",
        "statsmodels.gam.smooth_basis": "AdditiveGamSmoother BSplines CubicSplines CyclicCubicSplines GenericSmoothers PolynomialSmoother UnivariateBSplines UnivariateCubicCyclicSplines UnivariateCubicSplines UnivariateGamSmoother UnivariateGenericSmoother UnivariatePolynomialSmoother",
        "statsmodels.genmod._prediction": "PredictionResults",
        "statsmodels.genmod.bayes_mixed_glm": "BayesMixedGLMResults BinomialBayesMixedGLM PoissonBayesMixedGLM _BayesMixedGLM _VariationalBayesMixedGLM",
        "statsmodels.genmod.cov_struct": "Autoregressive CategoricalCovStruct CovStruct Equivalence Exchangeable GlobalOddsRatio Independence Nested NominalIndependence OrdinalIndependence Stationary Unstructured",
        "statsmodels.genmod.families.family": "Binomial Family Gamma Gaussian InverseGaussian NegativeBinomial Poisson Tweedie",
        "statsmodels.genmod.families.links": "CDFLink CLogLog Cauchy Identity InversePower InverseSquared Link Log LogC LogLog Logit NegativeBinomial Power Probit Sqrt cauchy cloglog identity inverse_power inverse_squared log logc logit loglog nbinom probit sqrt",
        "statsmodels.genmod.families.varfuncs": "Binomial NegativeBinomial Power VarianceFunction",
        "statsmodels.genmod.generalized_estimating_equations": "GEE GEEMargins GEEResults GEEResultsWrapper NominalGEE NominalGEEResults NominalGEEResultsWrapper OrdinalGEE OrdinalGEEResults OrdinalGEEResultsWrapper ParameterConstraint _Multinomial _MultinomialLogit",
        "statsmodels.genmod.generalized_linear_model": "GLM GLMResults GLMResultsWrapper",
        "statsmodels.genmod.qif": "QIF QIFAutoregressive QIFCovariance QIFExchangeable QIFIndependence QIFResults QIFResultsWrapper",
        "statsmodels.miscmodels.ordinal_model": "OrderedModel OrderedResults OrderedResultsWrapper",
        "statsmodels.multivariate.factor": "Factor FactorResults",
        "statsmodels.multivariate.multivariate_ols": "MultivariateTestResults _MultivariateOLS _MultivariateOLSResults",
        "statsmodels.multivariate.pca": "PCA",
        "statsmodels.nonparametric._kernel_base": "EstimatorSettings GenericKDE LeaveOneOut",
        "statsmodels.nonparametric.kernel_density": "KDEMultivariate KDEMultivariateConditional",
        "statsmodels.nonparametric.kernel_regression": "KernelCensoredReg KernelReg TestRegCoefC TestRegCoefD",
        "statsmodels.othermod.betareg": "BetaModel BetaResults BetaResultsWrapper",
        "statsmodels.regression._prediction": "PredictionResults",
        "statsmodels.regression._tools": "_MinimalWLS",
        "statsmodels.regression.dimred": "CovarianceReduction DimReductionResults DimReductionResultsWrapper PrincipalHessianDirections SlicedAverageVarianceEstimation SlicedInverseReg _DimReductionRegression",
        "statsmodels.regression.feasible_gls": "GLSHet GLSHet2",
        "statsmodels.regression.linear_model": "GLS GLSAR OLS OLSResults RegressionModel RegressionResults RegressionResultsWrapper WLS",
        "statsmodels.regression.mixed_linear_model": "MixedLM MixedLMParams MixedLMResults MixedLMResultsWrapper VCSpec",
        "statsmodels.regression.process_regression": "GaussianCovariance ProcessCovariance ProcessMLE ProcessMLEResults",
        "statsmodels.regression.quantile_regression": "QuantReg QuantRegResults",
        "statsmodels.regression.recursive_ls": "RecursiveLS RecursiveLSResults RecursiveLSResultsWrapper",
        "statsmodels.regression.rolling": "RollingOLS RollingRegressionResults RollingWLS",
        "statsmodels.robust.norms": "AndrewWave Hampel HuberT LeastSquares MQuantileNorm RamsayE RobustNorm TrimmedMean TukeyBiweight",
        "statsmodels.robust.robust_linear_model": "RLM RLMResults RLMResultsWrapper",
        "statsmodels.robust.scale": "Huber HuberScale",
        "statsmodels.stats.contrast": "Contrast ContrastResults MultiCompResult WaldTestResults",
        "statsmodels.tools.tools": "Bunch",
        "statsmodels.tsa.ar_model": "AR AROrderSelectionResults ARResults AutoReg AutoRegResults AutoRegResultsWrapper",
        "statsmodels.tsa.ardl.model": "ARDL ARDLOrderSelectionResults ARDLResults ARDLResultsWrapper BoundsTestResult UECM UECMResults UECMResultsWrapper",
        "statsmodels.tsa.arima.model": "ARIMA ARIMAResults ARIMAResultsWrapper",
        "statsmodels.tsa.arima.params": "SARIMAXParams",
        "statsmodels.tsa.arima.specification": "SARIMAXSpecification",
        "statsmodels.tsa.base.prediction": "PredictionResults",
        "statsmodels.tsa.base.tsa_model": "TimeSeriesModel TimeSeriesModelResults TimeSeriesResultsWrapper",
        "statsmodels.tsa.deterministic": "CalendarDeterministicTerm CalendarFourier CalendarSeasonality CalendarTimeTrend DeterministicProcess DeterministicTerm Fourier FourierDeterministicTerm Seasonality TimeTrend TimeTrendDeterministicTerm",
        "statsmodels.tsa.exponential_smoothing.base": "StateSpaceMLEModel StateSpaceMLEResults",
        "statsmodels.tsa.exponential_smoothing.ets": "ETSModel ETSResults ETSResultsWrapper PredictionResults PredictionResultsWrapper",
        "statsmodels.tsa.forecasting.stl": "STLForecast STLForecastResults",
        "statsmodels.tsa.forecasting.theta": "ThetaModel ThetaModelResults",
        "statsmodels.tsa.holtwinters._smoothers": "HoltWintersArgs",
        "statsmodels.tsa.holtwinters.model": "ExponentialSmoothing Holt SimpleExpSmoothing _OptConfig",
        "statsmodels.tsa.holtwinters.results": "HoltWintersResults HoltWintersResultsWrapper",
        "statsmodels.tsa.regime_switching.markov_autoregression": "MarkovAutoregression MarkovAutoregressionResults MarkovAutoregressionResultsWrapper",
        "statsmodels.tsa.regime_switching.markov_regression": "MarkovRegression MarkovRegressionResults MarkovRegressionResultsWrapper",
        "statsmodels.tsa.regime_switching.markov_switching": "HamiltonFilterResults KimSmootherResults MarkovSwitching MarkovSwitchingParams MarkovSwitchingResults MarkovSwitchingResultsWrapper",
        "statsmodels.tsa.seasonal": "DecomposeResult",
        "statsmodels.tsa.statespace._pykalman_smoother": "_KalmanSmoother",
        "statsmodels.tsa.statespace._quarterly_ar1": "QuarterlyAR1",
        "statsmodels.tsa.statespace.cfa_simulation_smoother": "CFASimulationSmoother",
        "statsmodels.tsa.statespace.dynamic_factor": "DynamicFactor DynamicFactorResults DynamicFactorResultsWrapper",
        "statsmodels.tsa.statespace.dynamic_factor_mq": "DynamicFactorMQ DynamicFactorMQResults DynamicFactorMQStates FactorBlock",
        "statsmodels.tsa.statespace.exponential_smoothing": "ExponentialSmoothing ExponentialSmoothingResults ExponentialSmoothingResultsWrapper",
        "statsmodels.tsa.statespace.initialization": "Initialization",
        "statsmodels.tsa.statespace.kalman_filter": "FilterResults KalmanFilter PredictionResults",
        "statsmodels.tsa.statespace.kalman_smoother": "KalmanSmoother SmootherResults",
        "statsmodels.tsa.statespace.mlemodel": "MLEModel MLEResults MLEResultsWrapper PredictionResults PredictionResultsWrapper",
        "statsmodels.tsa.statespace.news": "NewsResults",
        "statsmodels.tsa.statespace.representation": "FrozenRepresentation MatrixWrapper OptionWrapper Representation",
        "statsmodels.tsa.statespace.sarimax": "SARIMAX SARIMAXResults SARIMAXResultsWrapper",
        "statsmodels.tsa.statespace.simulation_smoother": "SimulationSmoothResults SimulationSmoother",
        "statsmodels.tsa.statespace.structural": "UnobservedComponents UnobservedComponentsResults UnobservedComponentsResultsWrapper",
        "statsmodels.tsa.statespace.varmax": "VARMAX VARMAXResults VARMAXResultsWrapper",
        "statsmodels.tsa.stl.mstl": "MSTL",
        "statsmodels.tsa.vector_ar.svar_model": "SVAR SVARProcess SVARResults",
        "statsmodels.tsa.vector_ar.var_model": "FEVD LagOrderResults VAR VARProcess VARResults VARResultsWrapper",
        "statsmodels.tsa.vector_ar.vecm": "CointRankResults JohansenTestResult VECM VECMResults",
    }
)

_KINDS = "csdz"
"""The compiled classes exist once for each type of number: single and double, real and complex."""

STATSMODELS_BUILDERS = full_names(
    {
        f"statsmodels.tsa.statespace.{module}": " ".join(f"{kind}{name}" for kind in _KINDS)
        for module, name in (
            ("_initialization", "Initialization"),
            ("_representation", "Statespace"),
            ("_kalman_filter", "KalmanFilter"),
            ("_kalman_smoother", "KalmanSmoother"),
            ("_simulation_smoother", "SimulationSmoother"),
        )
    }
)
"""Compiled classes that are rebuilt by calling them; a rule gives them numbers, arrays and each other only."""
